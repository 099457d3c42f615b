"""Layers: each computes forward, and hands the cost's slope backward.

In: numbers (items, ...). Out: numbers (items, ...). Backpropagation is the chain rule, layer by
layer: given how the cost changes with a layer's outputs, `backward` tells how it changes with
the layer's weights (kept in `slopes`) and with its inputs (returned, for the layer before).
Try: `Dense(glorot((784, 50), random=np.random.default_rng(0)))`.
"""

from __future__ import annotations

import numpy as np

from objektiv.scratch.activations import Activation, softmax, softmax_back
from objektiv.scratch.shapes import Array, has_axes, joins, same_shape


class Layer:
    """What every layer has; `backward` belongs to the last `forward`."""

    def __init__(self) -> None:
        self.weights: dict[str, Array] = {}  # what it learns
        self.slopes: dict[str, Array] = {}  # of the cost, by each of the weights

    def forward(self, inputs: Array, *, learning: bool = False) -> Array:
        """Outputs for inputs; `learning` is for layers that then do something else."""
        raise NotImplementedError

    def backward(self, slope: Array) -> Array:
        """The cost's slope by the inputs, from that by the outputs; each has their shape."""
        raise NotImplementedError


class Dense(Layer):
    """Neurons side by side, each with all inputs: weights (features, nodes), bias (nodes,)."""

    inputs: Array  # of the last forward

    def __init__(self, weights: Array) -> None:
        super().__init__()
        has_axes(weights, "features nodes", what="weights")
        bias = np.zeros(weights.shape[1], weights.dtype)
        self.weights = {"weights": weights.copy(), "bias": bias}

    def forward(self, inputs: Array, *, learning: bool = False) -> Array:
        """Inputs (items, features) to sums (items, nodes)."""
        has_axes(inputs, "items features", what="inputs")
        joins(inputs, self.weights["weights"], axis=1)
        self.inputs = inputs
        return inputs @ self.weights["weights"] + self.weights["bias"]

    def backward(self, slope: Array) -> Array:
        """From slope (items, nodes) to (items, features).

        A weight w_ij joins input i to node j: its slope is the sum over items of x_i slope_j.
        """
        self.slopes["weights"] = self.inputs.T @ slope
        self.slopes["bias"] = slope.sum(axis=0)
        return slope @ self.weights["weights"].T


class Bend(Layer):
    """An activation of each number for itself."""

    outputs: Array  # of the last forward

    def __init__(self, activation: Activation) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, inputs: Array, *, learning: bool = False) -> Array:
        """The activations, of the inputs' shape."""
        self.outputs = self.activation.value(inputs)
        return self.outputs

    def backward(self, slope: Array) -> Array:
        """The slope times the activation's own."""
        same_shape(self.outputs, slope, what="outputs and slopes")
        return slope * self.activation.slope(self.outputs)


class Softmax(Layer):
    """Sums (items, classes) to probabilities that add up to 1."""

    outputs: Array  # of the last forward

    def forward(self, inputs: Array, *, learning: bool = False) -> Array:
        """Probabilities (items, classes)."""
        has_axes(inputs, "items classes", what="sums")
        self.outputs = softmax(inputs)
        return self.outputs

    def backward(self, slope: Array) -> Array:
        """See `softmax_back`; behind cross-entropy it leaves (probabilities - targets) / items."""
        return softmax_back(self.outputs, slope)


class Flatten(Layer):
    """(items, channels, height, width) to (items, channels x height x width)."""

    shape: tuple[int, ...]  # of the last inputs

    def forward(self, inputs: Array, *, learning: bool = False) -> Array:
        """All numbers of an item in one row."""
        self.shape = inputs.shape
        return inputs.reshape(len(inputs), -1)

    def backward(self, slope: Array) -> Array:
        """Back in the shape that came in."""
        return slope.reshape(self.shape)


class Dropout(Layer):
    """While learning, each number is kept with probability `keep`, and else 0.

    `keep` is the p of the lecture; Keras and torch name the share that is DROPPED, 1 - keep.
    What is kept is divided by `keep`, so that sums stay as large on average, and nothing needs
    to be done when the network is used. Source: N. Srivastava et al., JMLR 15 (2014) 1929.
    """

    mask: Array  # of the last forward

    def __init__(self, keep: float, *, random: np.random.Generator) -> None:
        super().__init__()
        if not 0 < keep <= 1:
            raise ValueError(f"keep is a probability above 0 and up to 1, not {keep}")
        self.keep, self.random = keep, random

    def forward(self, inputs: Array, *, learning: bool = False) -> Array:
        """Inputs of any shape; all of them, unchanged, where it is not learning."""
        if learning:
            kept = self.random.random(inputs.shape) < self.keep
            self.mask = (kept / self.keep).astype(inputs.dtype)
        else:
            self.mask = np.ones(1, inputs.dtype)
        return inputs * self.mask

    def backward(self, slope: Array) -> Array:
        """What was dropped has no slope."""
        return slope * self.mask
