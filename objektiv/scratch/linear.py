"""Linear regression, solved directly: the weights with the smallest squared error.

In: inputs and targets. Out: weights, with a bias or without.
Millimetres to inches need no bias (0 mm are 0 inches), Celsius to Fahrenheit does (0 are 32).
The thesis prints 1.8 as the coefficient from mm to inch; that is the one from Celsius to
Fahrenheit, and 0.03937 is right.
Try: `line(np.array([-10.0, 0.0, 20.0]), np.array([14.0, 32.0, 68.0]))` gives (1.8, 32).
"""

from __future__ import annotations

import numpy as np

from objektiv.scratch.shapes import Array, has_axes, same_rows, same_shape


def proportional(inputs: Array, targets: Array) -> float:
    """The w of y = w x: sum(x y) / sum(x x), for inputs and targets (n,).

    Where the squared error is smallest it no longer changes with w: 2 sum((w x - y) x) = 0.
    """
    inputs, targets = np.asarray(inputs, float), np.asarray(targets, float)
    same_shape(inputs, targets, what="inputs and targets")
    return float((inputs * targets).sum() / (inputs * inputs).sum())


def line(inputs: Array, targets: Array) -> tuple[float, float]:
    """The w and b of y = w x + b, for inputs and targets (n,).

    Measured from their means, the points need no bias; the line goes through the means.
    """
    inputs, targets = np.asarray(inputs, float), np.asarray(targets, float)
    same_shape(inputs, targets, what="inputs and targets")
    weight = proportional(inputs - inputs.mean(), targets - targets.mean())
    return weight, float(targets.mean() - weight * inputs.mean())


def with_ones(inputs: Array) -> Array:
    """A column of ones put behind inputs (n, features): its weight is the bias."""
    return np.column_stack([inputs, np.ones(len(inputs))])


def plane(inputs: Array, targets: Array) -> tuple[Array, float]:
    """Weights (features,) and bias for inputs (n, features) and targets (n,).

    The same condition as for one weight, X.T X w = X.T y; solved by NumPy without forming X.T X,
    which would square the rounding errors.
    """
    has_axes(inputs, "items features", what="inputs")
    has_axes(targets, "items", what="targets")
    same_rows(inputs, targets)
    found = np.linalg.lstsq(with_ones(inputs), targets, rcond=None)[0]
    return found[:-1], float(found[-1])
