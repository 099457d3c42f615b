"""A dense layer behind a pretrained network's last map: the frozen recipes as they ship.

In: a LastMap, and the layer's weights. Out: `logits` and `probabilities` in a graph, and the table
of its parts.
Try: `summary_of(LastMap("lite0", size=224, rescale="unit"), last, ending).parameters`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.features.graph import GraphBuilder
from objektiv.features.last_map import MAP, LastMap
from objektiv.models.kinds import Dense, Ending
from objektiv.models.layers import Row, Summary
from objektiv.models.network import State, add_answers

WEIGHT, BIAS = "output.weight", "output.bias"


@dataclass(frozen=True, eq=False)
class Frozen:
    """Weights (units, values of the map) and bias (units,) behind a network that stays as it is."""

    maps: LastMap
    classes: tuple[str, ...]
    ending: Ending  # as in Layers
    state: State
    temperature: float = 1.0

    @property
    def size(self) -> int:
        """Pixels of a side."""
        return self.maps.size

    def add(self, graph: GraphBuilder, pixels: str) -> None:
        """Append network and layer behind `pixels`, float32 (images, size, size, 3), RGB, 0 to 255.

        Adds `logits` and `probabilities`, both (images, classes).
        """
        self.maps.add(graph, pixels)
        weights = [graph.constant(self.state[name]) for name in (WEIGHT, BIAS)]
        z = graph.add("Gemm", [MAP, *weights], transB=1)
        add_answers(graph, z, self.ending, self)


def initial_dense(units: int, values: int, *, seed: int) -> dict[str, NDArray[np.float32]]:
    """Weights to begin with, as Keras draws them (Glorot and Bengio, 2010)."""
    limit = np.sqrt(6 / (units + values))
    random = seeds.generator(seed, "weights", WEIGHT)
    weight = random.uniform(-limit, limit, (units, values)).astype(np.float32)
    return {WEIGHT: weight, BIAS: np.zeros(units, np.float32)}


def summary_of(maps: LastMap, last: Dense) -> Summary:
    """The pretrained network as one row, as Keras shows it, and what stands behind it."""
    network, size = maps.network, maps.width
    return Summary(
        (
            Row(maps.backbone, f"{network.title}, frozen", maps.shape, maps.parameters, 0),
            Row("flatten", "flatten", (size,), 0, 0),
            Row(last.name, last.kind, (last.units,), *[last.units * (size + 1)] * 2),
        )
    )
