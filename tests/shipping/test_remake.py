"""Every way to other numbers is taken where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from objektiv.base.errors import UsageError
from objektiv.features.graph import FLOAT, UINT8, GraphBuilder
from objektiv.features.preprocess import add_preprocessing
from objektiv.shipping.facts import Facts, Weights
from objektiv.shipping.members import read_members
from objektiv.shipping.remake import remake
from objektiv.shipping.write import BundleContents, write_bundle
from tests.shipping import graphs

MakeContents = Callable[..., BundleContents]


@pytest.fixture
def facts(make_contents: MakeContents, tmp_path: Path) -> Facts:
    """Of a bundle of the dense network."""
    write_bundle(tmp_path / "b", make_contents(model=graphs.dense().SerializeToString()))
    return read_members(tmp_path / "b")[0]


def _squares() -> Iterator[Any]:
    yield from np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("weights", "share", "calibrated"), [("fp32", 1.0, False), ("fp16", 0.6, False),
                                         ("int8", 0.5, True)]
)  # fmt: skip
def test_each_kind_of_numbers_has_its_size(
    facts: Facts, weights: Weights, share: float, calibrated: bool
) -> None:
    """Squares are asked for only where ranges are unknown."""
    data = graphs.dense().SerializeToString()

    def squares() -> Iterator[Any]:
        assert weights == "int8"
        return _squares()

    made = remake(data, facts, weights, squares=squares)

    assert made.calibrated == calibrated
    assert len(made.model) <= share * len(data)


def test_numbers_that_are_there_stay(facts: Facts) -> None:
    """A graph of int8 asked for in int8 is the same graph."""
    short = remake(graphs.dense().SerializeToString(), facts, "int8", squares=_squares).model
    own = facts.model_copy(update={"weights": "int8"})

    again = remake(short, own, "int8", squares=_squares)
    assert onnx.ModelProto.FromString(again.model) == onnx.ModelProto.FromString(short)
    assert not again.calibrated


def test_a_graph_without_layers_is_told(make_contents: MakeContents, tmp_path: Path) -> None:
    """A model of means and one matrix has nothing that 8 bits would make smaller."""
    graph = GraphBuilder()
    image = graph.input("image", UINT8, ["height", "width", 3])
    pixels = add_preprocessing(graph, image, size=32, fit="letterbox")
    mean = graph.add("ReduceMean", [pixels, graph.ints(1, 2)], keepdims=0)
    weights = graph.constant(np.full((3, 3), 0.01, np.float32))
    graph.add("MatMul", [mean, weights], output="logits")
    graph.add("Softmax", ["logits"], output="probabilities", axis=1)
    for name in ("logits", "probabilities"):
        graph.output(name, FLOAT, [1, 3])
    data = graph.to_bytes("plain")
    contents = replace(make_contents(), model=data)
    write_bundle(tmp_path / "b", contents)
    facts = read_members(tmp_path / "b")[0]

    with pytest.raises(UsageError, match="no layers that 8 bits would make smaller"):
        remake(data, facts, "int8", squares=_squares)
