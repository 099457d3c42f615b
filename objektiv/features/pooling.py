"""Pool a map of a network into features: three statistics of each channel.

In: a tensor (images, channels, height, width). Out: a tensor (images, 3 * channels).
Try: `add_pooled(graph, "stage")`.
"""

from __future__ import annotations

from objektiv.features.graph import GraphBuilder

STATISTICS = 3  # mean, maximum, standard deviation


def add_pooled(graph: GraphBuilder, x: str) -> str:
    """Mean, maximum and standard deviation of each channel, side by side.

    The deviation takes two passes, because mean(x^2) - mean(x)^2 cancels in 32 bits.
    """
    axes = graph.ints(2, 3)
    mean = graph.add("ReduceMean", [x, axes], keepdims=1)
    maximum = graph.add("ReduceMax", [x, axes], keepdims=1)
    centred = graph.add("Sub", [x, mean])
    square = graph.add("Mul", [centred, centred])
    variance = graph.add("ReduceMean", [square, axes], keepdims=1)
    deviation = graph.add("Sqrt", [variance])
    joined = graph.add("Concat", [mean, maximum, deviation], axis=1)
    return graph.add("Flatten", [joined], axis=1)


def add_mean(graph: GraphBuilder, x: str) -> str:
    """The mean of each channel, (images, channels)."""
    return graph.add("ReduceMean", [x, graph.ints(2, 3)], keepdims=0)
