"""The end of a graph is read right, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest

from objektiv.base.seeds import generator
from objektiv.explaining.answer import LITES
from objektiv.explaining.pieces import Piece
from objektiv.explaining.tail import BEFORE, read_tail
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.pooling import add_mean
from objektiv.judging.calibrators import Isotonic, Temperature, Vector
from objektiv.shipping.bundle import Bundle
from objektiv.shipping.recalibrated import add_calibrator

Bundles = Callable[[str], Bundle]
KNOTS = (np.array([0.0, 0.5, 1.0]),) * 3


def _graph(end: Callable[[GraphBuilder, str], str]) -> onnx.ModelProto:
    """A convolution, and what `end` makes of its map for three classes."""
    graph, random = GraphBuilder(), generator(0, "graph")
    x = graph.add("Transpose", [graph.input("pixels", FLOAT, [1, 8, 8, 3])], perm=[0, 3, 1, 2])
    weights = graph.constant(random.normal(size=(4, 3, 3, 3)).astype(np.float32))
    logits = end(graph, graph.add("Conv", [x, weights], kernel_shape=[3, 3]))
    graph.rename(logits, "logits")
    graph.output("logits", FLOAT, [1, 3])
    return graph.model("tail")


def _dense(graph: GraphBuilder, x: str, columns: int = 4, units: int = 3) -> str:
    weights = generator(1, "dense").normal(size=(columns, units)).astype(np.float32)
    return graph.add("MatMul", [x, graph.constant(weights)])


def test_the_blocks_of_a_probe_are_its_pieces(bundles: Bundles) -> None:
    """Names, columns and kinds of a probe on Lite0, in the order of its weights."""
    names = ["stem", *(f"stage{n}" for n in range(1, 8)), "final"]
    tail = read_tail(bundles("lite0").network.graph, names=LITES["lite0"])

    assert tail is not None
    assert [p.name for p in tail.pieces] == [*names, "colours"]
    assert [p.stop - p.start for p in tail.pieces[:3]] == [96, 48, 72]
    assert (tail.pieces[8].statistics, tail.pieces[9].kind) == (("mean",), "plain")
    assert [p.normalised for p in tail.pieces] == [True] * 9 + [False]
    assert tail.usual[: tail.pieces[7].stop].any()
    assert not tail.usual[tail.pieces[8].start :].any()


def test_a_pooled_map_with_a_dense_layer_is_linear() -> None:
    """Global average pooling and one layer, as most networks end."""
    tail = read_tail(_graph(lambda g, x: _dense(g, add_mean(g, x))))

    assert tail is not None
    assert [(p.kind, p.statistics) for p in tail.pieces] == [("pooled", ("mean",))]


def test_an_activation_between_layers_is_refused() -> None:
    """Two layers with something bent between them are no sum over places."""

    def end(graph: GraphBuilder, x: str) -> str:
        hidden = graph.add("Relu", [_dense(graph, add_mean(graph, x), units=5)])
        return _dense(graph, hidden, columns=5)

    assert read_tail(_graph(end)) is None


def test_weights_in_16_bits_are_read() -> None:
    """A constant behind a Cast counts as the constant."""

    def end(graph: GraphBuilder, x: str) -> str:
        half = graph.constant(np.full((4, 3), 0.5, np.float16))
        return graph.add("MatMul", [add_mean(graph, x), graph.add("Cast", [half], to=FLOAT)])

    tail = read_tail(_graph(end))

    assert tail is not None
    np.testing.assert_array_equal(tail.weights, np.full((4, 3), 0.5))


@pytest.mark.parametrize(
    ("calibrator", "output"),
    [
        (Temperature(2.0), "logits"),
        (Vector(np.array([1.0, 2.0, 0.5]), np.array([0.0, 0.1, -0.1])), "logits"),
        (Isotonic(1.0, KNOTS, KNOTS), BEFORE),
    ],
)
def test_calibration_is_looked_through(calibrator: object, output: str) -> None:
    """Straight calibrations are part of the sum; before bent ones stands what is explained."""

    def end(graph: GraphBuilder, x: str) -> str:
        before = graph.rename(_dense(graph, add_mean(graph, x)), BEFORE)
        add_calibrator(graph, before, calibrator)  # type: ignore[arg-type]
        return "logits"

    tail = read_tail(_graph(end))

    assert tail is not None
    assert tail.output == output


def test_a_piece_says_what_must_be_known(bundles: Bundles) -> None:
    """The tensors of a tail are named once each."""
    tail = read_tail(bundles("frozen").network.graph)

    assert tail is not None
    (piece,) = tail.pieces
    assert isinstance(piece, Piece)
    assert (piece.kind, piece.channels_last) == ("map", True)
    assert tail.tensors == ("last_map",)
