"""A bundle's graph in other numbers, or without what no output needs: every way is chosen here.

In: the bytes of a graph and its facts. Out: bytes again.
Try: `remake(data, facts, "fp16")`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from objektiv.base.errors import UsageError
from objektiv.shipping import eight
from objektiv.shipping.facts import Facts, Weights
from objektiv.shipping.halves import halve
from objektiv.shipping.prune import prune
from objektiv.shipping.session import run_scalars
from objektiv.shipping.walk import cut, read_graph

Squares = Callable[[], Iterable[NDArray[np.float32]]]


class Remade(NamedTuple):
    """A graph, and whether ranges were measured on the squares for it."""

    model: bytes
    calibrated: bool


def remake(
    data: bytes, facts: Facts, weights: Weights, *, squares: Squares, pruned: bool = False
) -> Remade:
    """The graph `data`, which holds `facts.weights`, in `weights`.

    `squares`: training pictures as float32 (size, size, 3), asked for where ranges are unknown.

    Raises:
        BundleError: it is no graph of ours.
        UsageError: 8 bits are asked for, and no layer has weights.
    """
    graph, calibrated = read_graph(data, facts), False
    if weights == "fp16" != facts.weights:
        graph = halve(graph)
    if weights == "int8" != facts.weights:
        own = eight.own_form(graph, facts)
        calibrated = own is None
        graph = own or _calibrated(graph, facts, squares)
    if pruned:
        graph = prune(graph, size=facts.size)
    return Remade(graph.SerializeToString(), calibrated)


def _calibrated(graph: onnx.ModelProto, facts: Facts, squares: Squares) -> onnx.ModelProto:
    network = onnx.ModelProto()
    network.CopyFrom(graph)
    cut(network, size=facts.size)
    places = eight.places(network)
    if not places:
        raise UsageError(
            "this bundle has no layers that 8 bits would make smaller",
            value="--precision int8",
            allowed="Networks with convolutions or dense layers before the last one",
            next="leave `--precision` away",
        )
    ends = run_scalars(eight.with_ends(network, places).SerializeToString(), squares())
    return eight.shorten(graph, eight.ranges_of(places, ends))
