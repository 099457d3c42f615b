"""8-bit numbers in any network: whole weights, measured ranges, the same in both engines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from objektiv.features.quantise import PAIR
from objektiv.shipping import eight, golden, ort
from objektiv.shipping.bundle import squares_of
from objektiv.shipping.facts import MODEL
from objektiv.shipping.members import read_members
from objektiv.shipping.session import run_scalars, run_whole_graph
from objektiv.shipping.walk import cut, read_graph
from tests.flow import drawn
from tests.shipping import graphs

PICTURES = [drawn.picture(kind, n) for kind in ("disc", "stripe") for n in range(20)]
SQUARES = squares_of(PICTURES, size=graphs.SIZE, fit="letterbox")


def _ends(model: onnx.ModelProto, squares: NDArray[np.float32]) -> NDArray[np.float32]:
    network = onnx.ModelProto()
    network.CopyFrom(model)
    cut(network, size=graphs.SIZE)
    return run_scalars(eight.with_ends(network, eight.places(model)).SerializeToString(), squares)


def _short(model: onnx.ModelProto) -> onnx.ModelProto:
    ranges = eight.ranges_of(eight.places(model), _ends(model, SQUARES))
    return eight.shorten(model, ranges)


def test_measured_ends_are_those_of_the_values() -> None:
    """The first place is the picture itself, scaled: its ends are known."""
    ends = _ends(graphs.staged(), SQUARES)

    scaled = SQUARES.reshape(len(SQUARES), -1) / 127.5 - 1
    np.testing.assert_allclose(ends[:, 0], scaled.min(axis=1), atol=1e-5)
    np.testing.assert_allclose(ends[:, 1], scaled.max(axis=1), atol=1e-5)


def test_ranges_hold_zero_and_nearly_all_pictures() -> None:
    """One picture of a hundred may be cut at each end, and nothing is padded."""
    low, high = -np.arange(101.0), np.arange(101.0) + 5
    ends = np.stack([low, high, high, high], axis=1).astype(np.float32)

    assert eight.ranges_of(["a", "b"], ends) == {"a": (-99.0, 104.0), "b": (0.0, 104.0)}


@pytest.mark.parametrize("build", [graphs.staged, graphs.dense])
def test_short_networks_answer_as_whole_ones(build: object) -> None:
    """Each layer has whole weights, answers are near, and both engines give them."""
    model = build()  # type: ignore[operator]
    short = _short(model)
    data = short.SerializeToString()
    whole = run_whole_graph(model.SerializeToString(), PICTURES).probabilities
    found = run_whole_graph(data, PICTURES).probabilities

    layers = 2 if build is graphs.staged else 3
    kinds = [t for t in short.graph.initializer if t.data_type == TensorProto.INT8 if t.dims[1:]]
    assert len(kinds) == layers
    assert 0 < np.abs(found - whole).max() < 0.03
    assert np.ptp(whole, axis=0).max() > 0.1
    pytest.importorskip("onnxruntime")
    assert np.abs(ort.run_whole_graph(data, PICTURES).probabilities - found).max() < 0.02


def test_no_two_neighbours_wrap_round() -> None:
    """The rule for processors without VNNI holds along the inputs of every kind of layer."""
    short = _short(graphs.dense()).graph
    arrays = [
        numpy_helper.to_array(t).astype(int)
        for t in short.initializer
        if t.data_type == TensorProto.INT8 and len(t.dims) > 1
    ]
    rows = [np.moveaxis(a, 1, -1) if a.shape[0] != 16 or a.shape[1] != 12 else a.T for a in arrays]
    for values in rows:
        left, right = values[..., 0:-1:2], values[..., 1::2]
        same = left * right > 0
        assert (np.abs(left + right)[same] <= PAIR).all()


def test_lite0_takes_its_own_form_and_keeps_the_head(trained: Path) -> None:
    """A probe's network becomes the measured 8-bit one; the head's arrays are the same bytes."""
    facts, members = read_members(trained / "model")
    graph = read_graph(members[MODEL], facts)
    own = eight.own_form(graph, facts)

    assert own is not None
    data = own.SerializeToString()
    read_graph(data, facts)
    assert len(data) < 5_000_000
    whole = {t.raw_data for t in graph.graph.initializer if len(t.raw_data) > 10_000}
    kept = {t.raw_data for t in own.graph.initializer if t.name.startswith("head ")}
    assert len([raw for raw in kept if len(raw) > 10_000 and raw in whole]) >= 2
    pictures = list(golden.draw().values())
    left, right = (run_whole_graph(d, pictures) for d in (members[MODEL], data))
    assert np.abs(left.probabilities - right.probabilities).max() < 0.1


def test_a_network_with_other_weights_has_no_form_of_its_own(trained: Path) -> None:
    """A fine-tuned network is called as the one it began with, but the ranges are not its own."""
    facts, members = read_members(trained / "model")
    graph = read_graph(members[MODEL], facts)
    tensor = max(graph.graph.initializer, key=lambda t: len(t.raw_data))
    array = numpy_helper.to_array(tensor).copy()
    array.flat[0] += 1
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))

    assert eight.own_form(graph, facts) is None
    other = facts.model_copy(
        update={"backbone": facts.backbone.model_copy(update={"name": "other"})}
    )
    assert eight.own_form(read_graph(members[MODEL], facts), other) is None
