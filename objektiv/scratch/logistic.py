"""Logistic regression: a line through a sigmoid, for a question of yes or no.

In: inputs and answers 0 or 1. Out: weights and bias; probabilities of 1.
`c` is that of scikit-learn: how much the answers count against small weights. Without that,
weights would grow for ever where a line parts the answers without a mistake.
The course: 50, 60, 70 hours of study passed, 20, 10, 30 failed, c = 100,000. It prints 0.9987 as
the probability that 35 hours fail; there the search had stopped early, the optimum has 0.9992.
Try: `fit(hours, passed, c=100_000)`.
"""

from __future__ import annotations

import numpy as np

from objektiv.scratch.activations import sigmoid
from objektiv.scratch.linear import with_ones
from objektiv.scratch.neuron import neuron
from objektiv.scratch.shapes import Array, has_axes, same_rows

CLOSE = 1e-8  # a step this small, beside the weights, is the last


def probability(inputs: Array, weights: Array, *, bias: float) -> Array:
    """Probability of 1, (n,), for inputs (n, features) and weights (features,)."""
    return sigmoid(neuron(inputs, weights, bias=bias))


def penalised_cost(weights: Array, inputs: Array, *, targets: Array, c: float) -> float:
    """Cross-entropy, summed, plus the squares of the weights (all but the last, the bias) / 2c."""
    z = inputs @ weights
    # -log(p) and -log(1 - p) by z itself, which no rounding of p to 1 can make infinite
    losses = np.logaddexp(0, z) - targets * z
    return float(losses.sum() + (weights[:-1] ** 2).sum() / (2 * c))


def newton_step(weights: Array, inputs: Array, *, targets: Array, c: float) -> Array:
    """The step to the lowest place of the parabola that fits the cost here.

    Gradient descent knows the slope alone; this knows also how the slope changes, and needs
    about ten steps. It costs a table of weights x weights, too large for networks.
    """
    p = sigmoid(inputs @ weights)
    shrink = np.append(np.full(len(weights) - 1, 1 / c), 0.0)  # the bias is free
    slope = inputs.T @ (p - targets) + shrink * weights
    bend = (inputs.T * (p * (1 - p))) @ inputs + np.diag(shrink)
    # least squares: a weight that nothing depends on stays where it is
    found: Array = np.linalg.lstsq(bend, -slope, rcond=None)[0]
    return found


def fit(inputs: Array, targets: Array, *, c: float = 1.0, steps: int = 100) -> tuple[Array, float]:
    """Weights (features,) and bias, for inputs (n, features) and targets (n,) of 0 and 1.

    A step that would climb is halved until it does not.

    Raises:
        ValueError: a target is neither 0 nor 1, or all are the same.
    """
    inputs, targets = np.asarray(inputs, float), np.asarray(targets, float)
    has_axes(inputs, "items features", what="inputs")
    has_axes(targets, "items", what="targets")
    same_rows(inputs, targets)
    if set(np.unique(targets)) != {0.0, 1.0}:
        raise ValueError(f"targets are 0 and 1, both of them, not {np.unique(targets)[:5]}")
    ones = with_ones(inputs)
    weights = np.zeros(ones.shape[1])
    cost = penalised_cost(weights, ones, targets=targets, c=c)
    for _ in range(steps):
        step = newton_step(weights, ones, targets=targets, c=c)
        while (lower := penalised_cost(weights + step, ones, targets=targets, c=c)) > cost:
            step = step / 2  # at last it changes nothing, and the cost is the same
        weights, cost = weights + step, lower
        if np.abs(step).max() <= CLOSE * np.abs(weights).max(initial=1.0):
            break
    return weights[:-1], float(weights[-1])
