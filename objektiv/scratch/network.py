"""A network: layers one after the other, and how it learns from batches.

In: layers, inputs, targets. Out: outputs, the cost's slopes, the cost after each epoch.
Try: `perceptron([784, 50, 5], bends=[SIGMOID, SIGMOID], random=np.random.default_rng(0))`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from objektiv.scratch.activations import Activation
from objektiv.scratch.costs import Cost
from objektiv.scratch.descent import batches
from objektiv.scratch.initial import glorot
from objektiv.scratch.layers import Bend, Dense, Layer
from objektiv.scratch.shapes import Array, same_rows, same_shape


class Network:
    """Layers one after the other."""

    outputs: Array  # of the last forward

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = list(layers)

    def forward(self, inputs: Array, *, learning: bool = False) -> Array:
        """Outputs of the last layer."""
        for layer in self.layers:
            inputs = layer.forward(inputs, learning=learning)
        self.outputs = inputs
        return inputs

    def backward(self, slope: Array) -> Array:
        """The cost's slope by the inputs, from that by the outputs; layers keep their own."""
        same_shape(self.outputs, slope, what="outputs and slopes")
        for layer in reversed(self.layers):
            slope = layer.backward(slope)
        return slope

    def learned(self) -> Iterator[tuple[Layer, str]]:
        """Each layer with each name of its weights."""
        for layer in self.layers:
            for name in layer.weights:
                yield layer, name

    def parameters(self) -> int:
        """How many numbers it learns."""
        return sum(layer.weights[name].size for layer, name in self.learned())

    def step(self, rate: float) -> None:
        """One step downhill with all weights, by the slopes of the last `backward`."""
        for layer, name in self.learned():
            layer.weights[name] -= rate * layer.slopes[name]


def perceptron(
    sizes: Sequence[int],
    *,
    bends: Sequence[Activation],
    random: np.random.Generator,
    kind: DTypeLike = np.float64,
) -> Network:
    """A multilayer perceptron: sizes [784, 50, 5] are inputs, hidden nodes and outputs.

    One bend for each layer of nodes; one less leaves the outputs plain sums, for quantities.

    Raises:
        ValueError: another number of bends.
    """
    if not len(sizes) - 2 <= len(bends) <= len(sizes) - 1:
        raise ValueError(f"{len(sizes) - 1} layers of nodes and {len(bends)} bends")
    layers: list[Layer] = []
    for number, (inputs, nodes) in enumerate(pairwise(sizes)):
        layers.append(Dense(glorot((inputs, nodes), random=random).astype(kind)))
        layers += [Bend(bend) for bend in bends[number : number + 1]]
    return Network(layers)


@dataclass(frozen=True)
class Plan:
    """How to learn: `batch` items a step, each step `rate` x slope, all items `epochs` times."""

    rate: float = 0.01
    batch: int = 32
    epochs: int = 10
    seed: int = 0


def learn(
    network: Network, inputs: Array, *, targets: Array, cost: Cost, plan: Plan
) -> list[float]:
    """Change the network's weights; returns the mean cost of each epoch while it learned.

    Inputs are (items, ...), targets (items, outputs), one-hot for classes.
    """
    same_rows(inputs, targets)
    random = np.random.default_rng(plan.seed)
    history = []
    for _ in range(plan.epochs):
        total = 0.0
        for rows in batches(len(inputs), plan.batch, random=random):
            outputs = network.forward(inputs[rows], learning=True)
            total += len(rows) * cost.value(outputs, targets[rows])
            network.backward(cost.slope(outputs, targets[rows]))
            network.step(plan.rate)
        history.append(total / len(inputs))
    return history
