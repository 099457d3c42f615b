"""Stages are found on networks of every common form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest

from objektiv.base.errors import ModelError
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.stages import Stages, find_stages, shapes
from tests.features import networks
from tests.features.test_strict import SOURCE


def _find(data: bytes, size: int = networks.SIZE) -> Stages:
    return find_stages(onnx.load_from_string(data), size=size, source=SOURCE)


def _told(data: bytes, size: int = networks.SIZE) -> list[tuple[int, int]]:
    """Channels and height of each stage."""
    found = _find(data, size)
    known = shapes(onnx.load_from_string(data), size=size)
    assert known is not None
    return [(place.channels, known[place.tensor][2]) for place in found.stages]


def test_lite0_has_a_stage_a_resolution() -> None:
    """The ends of its blocks at 56, 28 and 14 pixels, the wide map at 112, the last map at 7."""
    data = networks.lite0_plain()

    found = _find(data, 224)

    assert _told(data, 224) == [(96, 112), (24, 56), (40, 28), (112, 14), (1280, 7)]
    assert (found.last_map.channels, found.last_map.map) == (1280, True)
    assert (found.final.channels, found.final.map) == (1280, False)
    assert (found.smallest, found.any_size) == (32, True)
    assert [place.name for place in found.stages] == [f"stage{n}" for n in range(1, 6)]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (networks.small, [(8, 32), (12, 16), (24, 8)]),
        (networks.vgg_like, [(4, 64), (8, 32), (16, 16), (16, 8)]),
        (networks.dense_like, [(10, 32), (10, 16), (10, 8), (10, 4)]),
        (networks.inverted, [(40, 32), (6, 16), (32, 8)]),
    ],
)
def test_the_last_map_of_each_resolution_is_a_stage(
    make: Callable[[], bytes], expected: list[tuple[int, int]]
) -> None:
    """The end of a resolution that all ways pass; of a wide map and a joint, the narrower."""
    assert _told(make()) == expected


def test_the_final_features_are_what_the_last_layer_reads() -> None:
    """The global mean of the last map, before the matrix."""
    found = _find(networks.small())

    assert (found.final.channels, found.final.map) == (24, False)
    assert found.last_map.tensor == found.stages[-1].tensor


def test_dense_layers_that_read_the_whole_map_do_not_bind_the_size() -> None:
    """VGG's features are its last map's means, so that other sizes than its own work."""
    found = _find(networks.vgg_like())

    assert (found.final.tensor, found.final.channels) == (found.last_map.tensor, 16)
    assert (found.final.map, found.any_size, found.smallest) == (True, True, 32)


def test_a_last_layer_that_is_a_convolution_reads_the_last_map() -> None:
    """SqueezeNet makes maps of its classes; the map before them is its last."""
    net = networks.Drawn()
    x = net.convolution(net.convolution(net.x, 8, stride=2), 16, stride=2)
    logits = net.convolution(x, 4, kernel=1)
    net.graph.add("ReduceMean", [logits, net.graph.ints(2, 3)], output="logits", keepdims=0)
    net.graph.output("logits", FLOAT, ["n", 4])

    found = _find(net.graph.to_bytes("squeeze"))

    assert (found.last_map.tensor, found.final.tensor) == (x, x)
    assert (found.final.channels, found.final.map) == (16, True)


def test_cells_that_see_two_cells_before_them_end_at_their_joint() -> None:
    """In NASNet no map of a resolution is passed by all ways; its last joint counts."""
    net = networks.Drawn()
    a = net.convolution(net.x, 8)
    b = net.convolution(a, 8)
    c = net.joined(net.convolution(a, 5), net.convolution(b, 5))
    halved = [net.convolution(m, 6, stride=2) for m in (b, c)]
    d = net.joined(*halved)
    e = net.joined(net.convolution(halved[0], 4), net.convolution(d, 4))
    data = net.data(net.mean(e))

    found = _find(data)

    assert [place.tensor for place in found.stages] == [c, e]


def test_padding_makes_no_stage() -> None:
    """A map that was only padded is no resolution of its own, nor the end of one."""
    net = networks.Drawn()
    x = net.convolution(net.x, 8, stride=2)
    padded = net.graph.add("Pad", [x, net.graph.ints(0, 0, 0, 0, 0, 0, 1, 1)])
    y = net.convolution(net.made(padded, 8), 12, stride=2)

    found = _find(net.data(net.mean(y)))

    assert [place.tensor for place in found.stages] == [x, y]


def test_convolutions_without_padding_tell_the_smallest_size() -> None:
    """Five halvings without padding need 95 pixels, or nothing is left."""
    graph = GraphBuilder()
    x = graph.input("input", FLOAT, ["n", 3, 200, 200])
    for _ in range(5):
        weight = graph.constant(np.ones((3, 3, 3, 3), np.float32))
        x = graph.add("Conv", [x, weight], strides=[2, 2], kernel_shape=[3, 3])
    x = graph.add("Flatten", [graph.add("GlobalAveragePool", [x])], axis=1)
    weight = graph.constant(np.ones((3, 4), np.float32))
    graph.add("MatMul", [x, weight], output="logits")
    graph.output("logits", FLOAT, ["n", 4])

    found = _find(graph.to_bytes("valid"), 200)

    assert (found.smallest, found.any_size) == (63, True)


def test_a_network_that_knows_its_places_takes_its_own_size_alone() -> None:
    """Weights for each place of a map bind the network to one size."""
    net = networks.Drawn()
    x = net.convolution(net.x, 8, stride=2)
    places = net.graph.constant(np.ones((1, 8, 32, 32), np.float32))
    x = net.made(net.graph.add("Add", [x, places]), 8)

    found = _find(net.data(net.mean(x)))

    assert (found.smallest, found.any_size) == (networks.SIZE, False)


def test_a_network_without_maps_is_refused() -> None:
    """Dense layers on pixels give nothing to pool."""
    net = networks.Drawn(32)
    data = net.data(net.flat(net.x, 32))

    with pytest.raises(ModelError, match=r"no network that features can be taken from.*convolutio"):
        _find(data, 32)


def test_a_value_that_would_fill_the_memory_is_refused() -> None:
    """A few bytes of graph may ask for a map of any size."""
    net = networks.Drawn(512)
    x = net.convolution(net.x, 4)
    pads = net.graph.ints(0, 0, 0, 0, 0, 0, 200_000, 200_000)
    x = net.made(net.graph.add("Pad", [x, pads]), 4)

    with pytest.raises(ModelError, match=r"does not work at its own size: 512 x 512"):
        _find(net.data(net.mean(x)), 512)
