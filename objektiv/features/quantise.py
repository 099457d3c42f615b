"""Numbers of 8 bits inside a network's graph: weights, and the values between its layers.

In: weights as 32-bit floats, and the range that the values at a place take. Out: nodes in a
GraphBuilder, the pairs QuantizeLinear and DequantizeLinear that OpenVINO and ONNX Runtime turn
into whole-number arithmetic. `Plain` has the same methods and leaves everything in 32 bits.
Try: `add_lite0(graph, "pixels", state, Short(lite0.ranges()))`.

Scheme (docs/decisions/int8.md): weights int8, symmetric, a scale for each output channel; values
uint8 with fixed ranges. A processor without VNNI multiplies two neighbouring input channels at
once and adds both products in 16 bits, where 255 * 127 twice wraps round. So neighbouring weights
of one sign add up to at most `PAIR`: then every processor computes the same whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from objektiv.features.graph import GraphBuilder

LARGEST = 127  # of a weight
PAIR = 128  # 255 * 128 is below 2**15
LEVELS = 255  # of a value: uint8 without zero
SCALE = 1 / 127.5  # of a grey level, so that 0..255 becomes -1..1
HALF = 0.5 * SCALE  # a grey level's zero point is 128 in 8 bits, and 127.5 by right
RELU6 = (0.0, 6.0)

Floats = NDArray[np.float32]
Range = tuple[float, float]


class Numbers(Protocol):
    """How a network's numbers are written into a graph; each method returns a tensor's name."""

    offset: float
    """What has to be added to the scaled pixels to be right, a task of the first bias."""

    def pixels(self, graph: GraphBuilder, levels: str) -> str:
        """Grey levels 0..255 as -1..1, less `offset`."""

    def weight(self, graph: GraphBuilder, weight: Floats) -> str:
        """The weights (out, in, height, width) of a convolution."""

    def value(self, graph: GraphBuilder, x: str, *, place: str = "") -> str:
        """What flows from layer to layer: the outputs of ReLU6 where `place` is not given."""


class Plain:
    """32-bit floats throughout."""

    offset = 0.0

    def pixels(self, graph: GraphBuilder, levels: str) -> str:
        """See Numbers."""
        scaled = graph.add("Mul", [levels, graph.floats(SCALE)])
        return graph.add("Sub", [scaled, graph.floats(1.0)])

    def weight(self, graph: GraphBuilder, weight: Floats) -> str:
        """See Numbers."""
        return graph.constant(weight)

    def value(self, graph: GraphBuilder, x: str, *, place: str = "") -> str:
        """See Numbers."""
        return x


class Short:
    """8 bits: weights of one step a channel, values in the range of their place."""

    offset = HALF

    def __init__(self, ranges: Mapping[str, Range]) -> None:
        self._ranges = ranges

    def pixels(self, graph: GraphBuilder, levels: str) -> str:
        """See Numbers; levels are rounded to whole ones, as Pillow does."""
        scaled = graph.add("Mul", [levels, graph.floats(SCALE)])
        x = graph.add("Sub", [scaled, graph.floats(1.0 + HALF)])  # so that level 0 is -128 steps
        return _rounded(graph, x, step=SCALE, zero=128)

    def weight(self, graph: GraphBuilder, weight: Floats) -> str:
        """See Numbers."""
        whole, step = quantise(weight)
        zeros = graph.constant(np.zeros(len(step), np.int8))
        inputs = [graph.constant(whole), graph.constant(step), zeros]
        return graph.add("DequantizeLinear", inputs, axis=0)

    def value(self, graph: GraphBuilder, x: str, *, place: str = "") -> str:
        """See Numbers; values outside the range become its ends."""
        low, high = self._ranges[place] if place else RELU6
        step = (high - low) / LEVELS
        return _rounded(graph, x, step=step, zero=round(-low / step))


def _rounded(graph: GraphBuilder, x: str, *, step: float, zero: int) -> str:
    """`x` in whole steps; both nodes have the same numbers, else OpenVINO computes in floats."""
    numbers = [graph.floats(step), graph.constant(np.array(zero, np.uint8))]
    whole = graph.add("QuantizeLinear", [x, *numbers])
    return graph.add("DequantizeLinear", [whole, *numbers])


def quantise(weight: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Weights (out, in, ...) as whole numbers of the same shape, and a step (out,) for each row.

    Each weight is off by less than one step, and each row's sum by at most half of one: values
    behind ReLU6 are positive, so that errors of one sign would shift the whole channel. The cosine
    of the last block with its 32-bit form rises from 0.994 to 0.996 by that.
    """
    step = np.maximum(_step(weight), np.finfo(np.float32).tiny).astype(np.float32)
    exact = weight.reshape(len(weight), -1) / step.astype(np.float64)[:, None]
    whole = np.rint(exact)
    for row, error in zip(whole, whole - exact, strict=True):
        excess = round(error.sum())
        most = np.argsort(-error * np.sign(excess))[: abs(excess)]  # rounded too far that way
        row[most] -= np.sign(excess)
    return np.clip(whole, -LARGEST, LARGEST).astype(np.int8).reshape(weight.shape), step


def _step(weight: Floats) -> NDArray[np.float64]:
    """The smallest step of each row that keeps LARGEST, and PAIR after rounding, which adds 1."""
    rows = np.moveaxis(weight.astype(np.float64), 1, -1)  # neighbours are input channels
    if rows.shape[-1] % 2:
        rows = np.concatenate([rows, np.zeros((*rows.shape[:-1], 1))], axis=-1)
    left, right = rows[..., 0::2], rows[..., 1::2]
    pairs = np.where(left * right > 0, np.abs(left + right), 0)
    inner = tuple(range(1, rows.ndim))
    largest = np.abs(rows).max(axis=inner) / LARGEST
    return np.asarray(np.maximum(largest, pairs.max(axis=inner) / (PAIR - 2)), np.float64)
