"""What a mistake costs: squared error for quantities, cross-entropy for classes.

In: outputs and targets of one shape. Out: one number, and its slope by each output.
The loss is of one item, the cost is the mean loss of all of them.
Try: `SQUARED_ERROR.value(np.array([[0.5]]), np.array([[0.75]]))` gives 0.0625.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from objektiv.scratch.shapes import Array, same_shape

LEAST = 1e-7  # smaller probabilities count as this: the logarithm of 0 is infinite


def inside(probabilities: Array) -> Array:
    """Probabilities kept away from 0 and 1."""
    return np.clip(probabilities, LEAST, 1 - LEAST)


def squared_error(outputs: Array, targets: Array) -> float:
    """Mean of (output - target) squared."""
    same_shape(outputs, targets, what="outputs and targets")
    return float(np.mean((outputs - targets) ** 2))


def squared_error_slope(outputs: Array, targets: Array) -> Array:
    """2 (output - target) / n: the further off, the steeper."""
    same_shape(outputs, targets, what="outputs and targets")
    return 2 * (outputs - targets) / outputs.size


def binary_cross_entropy(outputs: Array, targets: Array) -> float:
    """Mean of -log(probability given to what was right), for targets 0 and 1."""
    same_shape(outputs, targets, what="outputs and targets")
    p = inside(outputs)
    return float(-np.mean(targets * np.log(p) + (1 - targets) * np.log(1 - p)))


def binary_cross_entropy_slope(outputs: Array, targets: Array) -> Array:
    """(p - target) / (p (1 - p)) / n: behind a sigmoid, whose slope is p (1 - p), just p - target.

    With the squared error that p (1 - p) stays, and a neuron that is surely wrong hardly learns.
    """
    same_shape(outputs, targets, what="outputs and targets")
    p = inside(outputs)
    slope: Array = (p - targets) / (p * (1 - p)) / outputs.size
    return slope


def cross_entropy(outputs: Array, targets: Array) -> float:
    """Mean over items of -log(share of the right class); outputs and targets (n, classes).

    A class's share is its output / sum of the item's outputs. Softmax's outputs are shares
    already; the thesis has five sigmoids here, whose outputs add up to anything.
    """
    same_shape(outputs, targets, what="outputs and targets")
    shares = outputs / outputs.sum(axis=1, keepdims=True)
    return float(-np.sum(targets * np.log(inside(shares))) / len(outputs))


def cross_entropy_slope(outputs: Array, targets: Array) -> Array:
    """(1 / sum of outputs - target / output) / n, for one-hot targets (n, classes).

    From log(share) = log(output) - log(sum of outputs).
    """
    same_shape(outputs, targets, what="outputs and targets")
    total = outputs.sum(axis=1, keepdims=True)
    slope: Array = (1 / total - targets / np.maximum(outputs, LEAST)) / len(outputs)
    return slope


@dataclass(frozen=True)
class Cost:
    """One number for all outputs (n, nodes), and its slope by each of them."""

    value: Callable[[Array, Array], float]
    slope: Callable[[Array, Array], Array]


SQUARED_ERROR = Cost(squared_error, squared_error_slope)
BINARY_CROSS_ENTROPY = Cost(binary_cross_entropy, binary_cross_entropy_slope)
CROSS_ENTROPY = Cost(cross_entropy, cross_entropy_slope)
