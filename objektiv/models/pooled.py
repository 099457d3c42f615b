"""A whole model of the first kind: a pretrained network, its pooled stages, a Probe behind them.

In: a Probe, the widths of the blocks that the network gives, and what writes the network. Out: a
part of a graph from pixels to probabilities. The same pieces filled the bank, so what was tested
is what ships.
Try: `Pooled(probe, backbone.blocks, backbone.add, size=128).add(graph, pixels)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from objektiv.features.backbones import FEATURES
from objektiv.features.descriptors import COLOURS, COLUMNS, add_colours
from objektiv.features.graph import GraphBuilder
from objektiv.models.model import Probe
from objektiv.models.strangers import Strangers


@dataclass(frozen=True, eq=False)
class Pooled:
    """A Probe behind the network whose blocks it reads."""

    probe: Probe
    blocks: Mapping[str, int]  # of the network: block to columns, in the order of FEATURES
    add_network: Callable[[GraphBuilder, str], None]  # behind pixels; adds FEATURES
    size: int  # pixels of a side
    strangers: Strangers | None = None  # in the same blocks

    @property
    def classes(self) -> tuple[str, ...]:
        """The names, in the order of the logits."""
        return self.probe.classes

    @property
    def temperature(self) -> float:
        """By which the logits are divided in the graph."""
        return self.probe.temperature

    def add(self, graph: GraphBuilder, pixels: str) -> None:
        """Append network, descriptors and head behind `pixels` (images, size, size, 3).

        Adds `logits` and `probabilities`, both (images, classes), and `strangeness`, (images, 1),
        where there are strangers.
        """
        self.add_network(graph, pixels)
        tensors, spans, start = {}, {}, 0
        for name, width in self.blocks.items():
            tensors[name], spans[name] = FEATURES, (start, start + width)
            start += width
        if COLOURS in (*self.probe.blocks, *(self.strangers.blocks if self.strangers else ())):
            tensors[COLOURS] = add_colours(graph, pixels, size=self.size)
            spans[COLOURS] = (0, len(COLUMNS))
        self.probe.add(graph, tensors, spans)
        if self.strangers:
            self.strangers.add(graph, tensors, spans)
