"""Weights to begin with; and why not zeros, and not all the same.

In: a shape, and what draws random numbers. Out: weights of that shape.
Nodes of one layer that begin the same get the same corrections and stay the same: fifty of them
do what one does. From zeros nothing flows back to the layer before, so it does not learn at all
until the one behind it has moved. `kinds_of_nodes` counts what is left.
Try: `glorot((784, 50), random=np.random.default_rng(0))`.
"""

from __future__ import annotations

import math

import numpy as np

from objektiv.scratch.shapes import Array


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many numbers flow into a node, and to how many nodes each of them flows.

    A layer of nodes has weights (inputs, nodes), a convolution (filters, channels, places ...):
    a filter's node sees each channel at each of the filter's places.
    """
    if len(shape) == 2:
        return shape
    filters, channels, *places = shape
    return channels * math.prod(places), filters * math.prod(places)


def zeros(shape: tuple[int, ...]) -> Array:
    """All 0; right for a bias."""
    return np.zeros(shape)


def equal(shape: tuple[int, ...], *, value: float = 0.1) -> Array:
    """All the same, to see what that does."""
    return np.full(shape, value)


def normal(shape: tuple[int, ...], *, random: np.random.Generator, spread: float = 0.05) -> Array:
    """Around 0 with a given standard deviation, whatever the size of the layer."""
    return random.normal(0.0, spread, shape)


def glorot(shape: tuple[int, ...], *, random: np.random.Generator) -> Array:
    """Evenly within +-sqrt(6 / (in + out)), for sigmoid, tanh and softmax; Keras' default.

    Sums then spread about as much as the inputs, and slopes as much on their way back. Source:
    X. Glorot and Y. Bengio, AISTATS (2010).
    """
    limit = math.sqrt(6 / sum(fans(shape)))
    return random.uniform(-limit, limit, shape)


def he(shape: tuple[int, ...], *, random: np.random.Generator) -> Array:
    """Around 0 with variance 2 / in, for ReLU, which lets half of its inputs through.

    Source: K. He et al., ICCV (2015).
    """
    return random.normal(0.0, math.sqrt(2 / fans(shape)[0]), shape)


def kinds_of_nodes(weights: Array) -> int:
    """How many columns of weights (inputs, nodes) differ: 1 where all nodes do the same."""
    return len(np.unique(np.round(weights, 10), axis=1).T)
