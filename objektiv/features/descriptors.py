"""The plain descriptors: what colours a picture and its foreground have, in 61 numbers.

In: a GraphBuilder and the tensor `pixels` (images, size, size, 3), float32, 0..255. Out: the
tensor COLOURS (images, 61). They are the plain baseline beside every model, and a block the
model may use; written as graph operations so that bank and bundle compute the same thing.

The foreground is what differs from the mean colour of the border by more than a threshold midway
between the two sides' means (Ridler and Calvard, 1978, three rounds), one level at least. Skewness
and kurtosis of its channels find a few dark dots in a large cell that mean and deviation do not
(docs/lab_log.md has what was tried).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from objektiv.features.graph import FLOAT, GraphBuilder

COLOURS = "colours"
GRID = 64  # pixels a side that the statistics are taken on; 128 gained nothing on malaria
ROUNDS = 3
LEAST = 1.0  # grey level; below it a flat picture's foreground would be the rounding of its mean

# Red, green, blue, red - green, blue - green: differences tell stains apart whatever the light.
CHANNELS = {
    "red": (1, 0, 0),
    "green": (0, 1, 0),
    "blue": (0, 0, 1),
    "red-green": (1, -1, 0),
    "blue-green": (0, -1, 1),
}
STATISTICS = ("mean", "deviation", "minimum", "maximum", "skewness", "kurtosis")
COLUMNS = (
    "foreground share",
    *(f"{area} {s} {c}" for area in ("whole", "foreground") for s in STATISTICS for c in CHANNELS),
)


def add_colours(graph: GraphBuilder, pixels: str, *, size: int) -> str:
    """Append the descriptors of `pixels`, a square of `size`; returns COLOURS.

    Minimum and maximum are relative to the mean; kurtosis is log(1 + m4).
    """
    step = min(
        (d for d in range(1, size + 1) if size % d == 0), key=lambda d: abs(size // d - GRID)
    )
    side = size // step
    # Mean over `step` rows, then over `step` columns while channels are mixed: one small product
    # instead of a pooling layer, which would cost three changes of layout (four times as long).
    strips = graph.add("Reshape", [pixels, graph.ints(0, side, step, size * 3)])
    rows = graph.add("ReduceMean", [strips, graph.ints(2)], keepdims=0)
    cells = graph.add("Reshape", [rows, graph.ints(0, side * side, step * 3)])
    mix = np.tile(np.array(list(CHANNELS.values()), np.float32).T / step, (step, 1))
    mixed = graph.add("MatMul", [cells, graph.constant(mix)])
    channels = graph.add("Transpose", [mixed], perm=[0, 2, 1])
    starts = [graph.ints(i) for i in (0, 3, 1)]
    rgb = graph.add("Slice", [channels, *starts])
    foreground = _foreground(graph, rgb, side)
    share = graph.add("ReduceMean", [foreground, graph.ints(2)], keepdims=0)
    everything = graph.constant(np.ones((1, 1, side * side), np.float32))
    statistics = [_statistics(graph, channels, mask) for mask in (everything, foreground)]
    return graph.add("Concat", [share, *statistics], output=COLOURS, axis=1)


def _border(side: int) -> NDArray[np.float32]:
    """Weights (side * side, 1) whose product with a picture is the mean of its border."""
    mask = np.ones((side, side), np.float32)
    mask[1:-1, 1:-1] = 0
    weights: NDArray[np.float32] = (mask / mask.sum()).reshape(-1, 1)
    return weights


def _foreground(graph: GraphBuilder, rgb: str, side: int) -> str:
    """A mask (images, 1, side * side) of zeros and ones."""
    border = graph.add("MatMul", [rgb, graph.constant(_border(side))])
    difference = graph.add("Abs", [graph.add("Sub", [rgb, border])])
    distance = graph.add("ReduceMax", [difference, graph.ints(1)], keepdims=1)
    total = _sum(graph, distance)
    count = graph.floats(float(side * side))
    threshold = graph.add("Div", [total, count])
    for _ in range(ROUNDS):
        above = _above(graph, distance, threshold)
        number = _sum(graph, above)
        high = _sum(graph, graph.add("Mul", [distance, above]))
        low = graph.add("Sub", [total, high])
        rest = graph.add("Sub", [count, number])
        means = [_ratio(graph, high, number), _ratio(graph, low, rest)]
        threshold = graph.add("Mul", [graph.add("Add", means), graph.floats(0.5)])
    return _above(graph, distance, graph.add("Max", [threshold, graph.floats(LEAST)]))


def _statistics(graph: GraphBuilder, channels: str, mask: str) -> str:
    """The STATISTICS of each channel under the mask, (images, 30)."""
    count = _sum(graph, mask)
    mean = _ratio(graph, _sum(graph, graph.add("Mul", [channels, mask])), count)
    off = graph.add("Mul", [graph.add("Sub", [channels, mean]), mask])
    square = graph.add("Mul", [off, off])
    spread = graph.add("Sqrt", [_ratio(graph, _sum(graph, square), count)])
    deviation = graph.add("Add", [spread, graph.floats(1.0)])  # one level, so flat areas divide
    third = _ratio(graph, _sum(graph, graph.add("Mul", [square, off])), count)
    fourth = _ratio(graph, _sum(graph, graph.add("Mul", [square, square])), count)
    squared = graph.add("Mul", [deviation, deviation])
    skewness = graph.add("Div", [third, graph.add("Mul", [squared, deviation])])
    kurtosis = graph.add("Div", [fourth, graph.add("Mul", [squared, squared])])
    heavy = graph.add("Log", [graph.add("Add", [kurtosis, graph.floats(1.0)])])
    axis = graph.ints(2)
    least = graph.add("ReduceMin", [off, axis], keepdims=1)
    most = graph.add("ReduceMax", [off, axis], keepdims=1)
    columns = [mean, deviation, least, most, skewness, heavy]
    return graph.add("Flatten", [graph.add("Concat", columns, axis=1)], axis=1)


def _sum(graph: GraphBuilder, x: str) -> str:
    return graph.add("ReduceSum", [x, graph.ints(2)], keepdims=1)


def _ratio(graph: GraphBuilder, x: str, count: str) -> str:
    """x / count, where a count of zero gives 0 because x is 0 too."""
    return graph.add("Div", [x, graph.add("Max", [count, graph.floats(1.0)])])


def _above(graph: GraphBuilder, x: str, threshold: str) -> str:
    return graph.add("Cast", [graph.add("Greater", [x, threshold])], to=FLOAT)
