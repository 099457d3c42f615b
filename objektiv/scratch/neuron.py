"""One neuron: numbers in, each times its weight, added up, plus a bias.

In: inputs, weights and a bias. Out: the weighted sum; and the weights that the neuron comes to
when it is corrected a little after each mistake.
Try: `neuron(np.array([5.0]), np.array([2.0]))` gives 10.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from objektiv.scratch.shapes import Array, joins, same_rows


def neuron(inputs: Array, weights: Array, *, bias: float = 0.0) -> Any:
    """Weighted sum z = x1 w1 + x2 w2 + ... + b: inputs (..., features), weights (features,)."""
    inputs, weights = np.asarray(inputs, float), np.asarray(weights, float)
    joins(inputs, weights, axis=-1)
    return inputs @ weights + bias


def collapse(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    """The one neuron (weight, bias) that does what two linear ones in a row do.

    w2 (w1 x + b1) + b2 = (w2 w1) x + (w2 b1 + b2): without something bent in between (see
    activations), more layers are no more than one. The course's example: 5 x 2 x 2 = 20.
    """
    (weight1, bias1), (weight2, bias2) = first, second
    return weight2 * weight1, weight2 * bias1 + bias2


def correct(weights: Array, inputs: Array, *, target: float, rate: float) -> Array:
    """Weights (features,) after one look at one item (features,): w + rate (target - output) x.

    Too small an output makes the weights of positive inputs larger, and the reverse. Source:
    B. Widrow and M. E. Hoff, IRE WESCON (1960).
    """
    output = neuron(inputs, weights)
    moved: Array = weights + rate * (target - output) * inputs
    return moved


def practise(weights: Array, inputs: Array, *, targets: Array, rate: float, rounds: int) -> Array:
    """Weights after every correction, (1 + rounds x items, features), the first ones included."""
    same_rows(inputs, targets)
    path = [np.asarray(weights, float)]
    for _ in range(rounds):
        for item, target in zip(inputs, targets, strict=True):
            path.append(correct(path[-1], item, target=float(target), rate=rate))
    return np.array(path)
