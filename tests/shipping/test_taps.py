"""Any tensor of a bundle's graph can be asked for, and the answers stay as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from objektiv.base.errors import ModelError
from objektiv.base.seeds import generator
from objektiv.shipping.bundle import load
from objektiv.shipping.taps import Taps, shapes, tapped
from objektiv.shipping.walk import with_batch

SQUARES = generator(0, "squares").uniform(0, 255, (3, 32, 32, 3)).astype(np.float32)
MAP = "clip_"  # the beginning of the names of the small network's maps


def _maps(graph: onnx.GraphProto) -> list[str]:
    return [name for node in graph.node for name in node.output if name.startswith(MAP)]


def test_what_is_tapped_is_what_onnx_runtime_computes(folder: Path) -> None:
    """Features and maps inside the graph are those of another engine."""
    network = load(folder).network
    names = ["features", *_maps(network.graph.graph)]
    session = onnxruntime.InferenceSession(
        with_batch(tapped(network.graph, names), 3), providers=["CPUExecutionProvider"]
    )
    expected = dict(zip(names, session.run(names, {"pixels": SQUARES}), strict=True))

    for batch in (1, 4):
        found = Taps(network, names, batch=batch)(SQUARES)
        for name in names:
            assert found[name].shape == expected[name].shape
            np.testing.assert_allclose(found[name], expected[name], atol=1e-4)


def test_taps_do_not_change_the_answers(folder: Path) -> None:
    """The bundle predicts the same before and after, and the tapped graph says it too."""
    bundle = load(folder)
    pictures = [square.astype(np.uint8) for square in SQUARES]
    before = bundle.predict(pictures)
    outputs = [value.name for value in bundle.network.graph.graph.output]

    found = Taps(bundle.network, ["features"])(np.rint(SQUARES - 0.5).astype(np.float32))

    assert [value.name for value in bundle.network.graph.graph.output] == outputs
    np.testing.assert_array_equal(bundle.predict(pictures).logits, before.logits)
    assert tuple(found) == (*outputs, "features")
    assert np.abs(found["logits"] - before.logits).max() < 0.05


def test_an_output_is_not_given_twice(folder: Path) -> None:
    """Asking for the logits, or twice for the same, adds nothing."""
    network = load(folder).network

    names = [v.name for v in tapped(network.graph, ["features", "logits", "features"]).graph.output]

    assert names == ["logits", "probabilities", "features"]


def test_an_unknown_tensor_is_refused_with_the_nearest(folder: Path) -> None:
    """A misspelt name is an error that knows what was meant."""
    with pytest.raises(ModelError, match="no such tensor") as caught:
        tapped(load(folder).network.graph, ["feature"])

    assert "'features'" in str(caught.value)


def test_shapes_are_those_of_one_picture(folder: Path) -> None:
    """Shapes follow from the size, whatever batch was run before."""
    bundle = load(folder)
    bundle.predict([np.zeros((8, 8, 3), np.uint8)] * 6)

    found = shapes(bundle.network.graph)

    assert found["pixels"] == (1, 32, 32, 3)
    assert found["features"] == (1, 16)
    assert found[_maps(bundle.network.graph.graph)[0]] == (1, 8, 16, 16)
