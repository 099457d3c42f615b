"""What bends a neuron's sum: sigmoid, tanh, ReLU; and softmax over several neurons.

In: weighted sums of any shape. Out: activations of the same shape, and their slopes.
Each slope is written with the activation's own value a, which is at hand when it is wanted:
for the sigmoid a (1 - a), as a student may check by hand.
Try: `SIGMOID.value(np.array([0.0]))` gives 0.5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from objektiv.scratch.shapes import Array


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), between 0 and 1; written by tanh, as exp overflows for z below -709."""
    half: Array = np.tanh(z / 2)
    return 0.5 + half / 2


def tanh(z: Array) -> Array:
    """(exp(z) - exp(-z)) / (exp(z) + exp(-z)), between -1 and 1."""
    return np.tanh(z)


def relu(z: Array) -> Array:
    """z where it is positive, else 0."""
    return np.maximum(z, 0)


def softmax(z: Array) -> Array:
    """exp(z) / sum of exp(z) along the last axis: positive, adding up to 1.

    The largest z is taken off first: the quotient stays the same and exp cannot overflow.
    """
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def sigmoid_slope(a: Array) -> Array:
    """Slope of the sigmoid where its value is a; 0.25 at most, in the middle."""
    return a * (1 - a)


def tanh_slope(a: Array) -> Array:
    """Slope of tanh where its value is a; 1 at most, in the middle."""
    return 1 - a * a


def relu_slope(a: Array) -> Array:
    """1 where something came through, else 0 (also at 0 itself, where there is no slope)."""
    return (a > 0).astype(a.dtype)


def softmax_back(a: Array, slope: Array) -> Array:
    """The cost's slope by z, from its slope by the shares a = softmax(z); shapes (n, classes).

    A larger z_j raises a_j and lowers all others: da_i / dz_j = a_i ((i = j) - a_j). Summed over
    i, that leaves a_j (slope_j - sum_i slope_i a_i).
    """
    back: Array = a * (slope - (slope * a).sum(axis=-1, keepdims=True))
    return back


@dataclass(frozen=True)
class Activation:
    """A function of each number for itself; `slope` takes the value that `value` gave."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


SIGMOID = Activation(sigmoid, sigmoid_slope)
TANH = Activation(tanh, tanh_slope)
RELU = Activation(relu, relu_slope)
