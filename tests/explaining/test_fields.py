"""Where the places of a map look, against what moves them when a pixel changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest

from objektiv.explaining.fields import fields, options
from objektiv.explaining.tail import read_tail
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.shipping.bundle import Bundle
from objektiv.shipping.session import Network
from objektiv.shipping.taps import Taps, shapes

SIZE = 40
KINDS: dict[str, dict[str, object]] = {
    "tensorflow": {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    "torch": {"pads": [1, 1, 1, 1], "strides": [2, 2]},
    "valid": {"auto_pad": "VALID", "strides": [2, 2]},
    "dilated": {"pads": [2, 2, 2, 2], "dilations": [2, 2]},
}


def _model(options: dict[str, object]) -> onnx.ModelProto:
    """Two such convolutions of ones and a pooling behind pixels."""
    graph = GraphBuilder()
    pixels = graph.input("pixels", FLOAT, [1, SIZE, SIZE, 3])
    x = graph.add("Transpose", [pixels], perm=[0, 3, 1, 2])
    for before in (3, 2):
        ones = graph.constant(np.ones((2, before, 3, 3), np.float32))
        x = graph.add("Conv", [x, ones], kernel_shape=[3, 3], **options)
    graph.add("MaxPool", [x], output="map", kernel_shape=[2, 2], strides=[2, 2])
    graph.output("map", FLOAT, [1, "c", "h", "w"])
    return graph.model("fields")


@pytest.mark.parametrize("kind", KINDS)
def test_the_middle_of_what_a_place_sees_is_found_by_trying(kind: str) -> None:
    """Of all pixels that change a place the middle is where its field says."""
    model = _model(KINDS[kind])
    found = fields(model, shapes(model))["map"]
    taps = Taps(Network(model), ())
    rows = []
    for row in range(SIZE):
        picture = np.zeros((1, SIZE, SIZE, 3), np.float32)
        picture[0, row] = 1
        rows.append(taps(picture)["map"][0, 0].max(axis=1))
    changed = np.array(rows) > 0  # (pixel rows, place rows)

    sights = [np.flatnonzero(column) for column in changed.T]
    whole = {n: s for n, s in enumerate(sights) if 0 < s[0] and s[-1] < SIZE - 1}
    assert len(whole) > 1  # places whose sight no edge cuts
    for place, seen in whole.items():
        middle = (seen[0] + seen[-1] + 1) / 2
        assert found.start[0] + place * found.step[0] == pytest.approx(middle)
    assert found.start[0] == found.start[1]
    assert found.step[0] == found.step[1]


def test_padding_moves_the_places() -> None:
    """A padded map begins before the picture."""
    graph = GraphBuilder()
    x = graph.add("Transpose", [graph.input("pixels", FLOAT, [1, 8, 8, 3])], perm=[0, 3, 1, 2])
    graph.add("Pad", [x, graph.ints(0, 0, 2, 1, 0, 0, 0, 0)], output="padded")
    graph.output("padded", FLOAT, [1, 3, "h", "w"])
    model = graph.model("pad")

    assert fields(model, shapes(model))["padded"].start == (-1.5, -0.5)


def test_lite0_looks_half_a_step_beside_even_shares(bundles: Callable[[str], Bundle]) -> None:
    """TensorFlow's padding moves the last map by nearly half a step of 32 pixels."""
    tail = read_tail(bundles("lite0").network.graph)
    assert tail is not None
    last = tail.pieces[-2].field
    assert last is not None
    assert (last.start, last.step) == ((31.5, 31.5), (32.0, 32.0))


def test_options_are_read_by_name() -> None:
    """The settings of an operation come as Python values."""
    node = onnx.helper.make_node("Conv", ["x"], ["y"], strides=[2, 2], auto_pad="VALID")

    assert options(node) == {"strides": [2, 2], "auto_pad": b"VALID"}
