"""The last map of a pretrained network, all its values in a row: what frozen recipes learn from.

In: a backbone's name, the size of the pictures, and how their values are rescaled. Out: a graph
from PIXELS to MAP, float32 (images, rows x columns x channels), in Keras' order of Flatten.
Try: `LastMap("lite0", size=224, rescale="unit").width`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from objektiv.features import store
from objektiv.features.backbones import BACKBONES, IMAGENET_LOGITS, LAST_MAP, Backbone
from objektiv.features.graph import FLOAT, GraphBuilder, count_numbers, output_shape
from objektiv.features.preprocess import PIXELS
from objektiv.features.quantise import SCALE
from objektiv.features.settings import Rescale

MAP = "map"
UNIT = 1 / 255


@dataclass(frozen=True)
class LastMap:
    """A backbone up to its last map, on squares of `size` pixels.

    `rescale` says what it sees: "network" what it was trained with; "unit" the values divided by
    255, red first, as courses feed every network; "raw" the values themselves.
    """

    backbone: str
    size: int
    rescale: Rescale

    @property
    def network(self) -> Backbone:
        """The backbone.

        Raises:
            ModelError: it is not ready, or does not take this size.
        """
        found = BACKBONES.get(self.backbone)
        found.require_size(self.size)
        return found

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns and channels."""
        _, channels, rows, columns = output_shape(self._up_to(LAST_MAP, "bcrs"))
        return rows, columns, channels

    @property
    def width(self) -> int:
        """Values of a picture."""
        return int(np.prod(self.shape))

    @cached_property
    def parameters(self) -> int:
        """Those before the last map, as the network's own table counts them."""
        native = replace(self, size=self.network.native_size)  # the only one of VGG's dense layers
        ends = ((IMAGENET_LOGITS, "bk"), (LAST_MAP, "bcrs"))
        whole, before = (count_numbers(native._up_to(*end)) for end in ends)
        # normalisations are folded away on both sides; behind the map there are none
        return self.network.parameters - (whole - before)

    def add(self, graph: GraphBuilder, pixels: str) -> None:
        """Append it behind `pixels`, float32 (images, size, size, 3), RGB, 0 to 255; adds MAP."""
        self._add_network(graph, pixels)
        last = graph.add("Transpose", [LAST_MAP], perm=[0, 2, 3, 1])
        graph.add("Flatten", [last], output=MAP, axis=1)

    def graph(self) -> bytes:
        """PIXELS (batch, size, size, 3) to MAP as ONNX."""
        graph = GraphBuilder()
        self.add(graph, graph.input(PIXELS, FLOAT, ["batch", self.size, self.size, 3]))
        graph.output(MAP, FLOAT, ["batch", self.width])
        return graph.to_bytes("last map")

    def _up_to(self, tensor: str, dimensions: str) -> bytes:
        """One picture's graph that ends there."""
        graph = GraphBuilder()
        self._add_network(graph, graph.input(PIXELS, FLOAT, [1, self.size, self.size, 3]))
        graph.output(tensor, FLOAT, list(dimensions))
        return graph.to_bytes(tensor)

    def _add_network(self, graph: GraphBuilder, pixels: str) -> None:
        """The network rescales what it gets; where that is not wanted it is undone before."""
        if self.rescale != "network":
            pixels = self._undone(graph, pixels)
        self.network.add(graph, pixels)

    def _undone(self, graph: GraphBuilder, pixels: str) -> str:
        scale = UNIT if self.rescale == "unit" else 1.0
        factor, shift = np.full(3, scale / SCALE), np.full(3, 1 / SCALE)  # of the Lites
        swapped = False
        if self.backbone in store.names():
            entry = store.read_entry(self.backbone)
            # there x = (value * its scale - mean) / std; here x is to be value * scale
            factor = scale * np.array(entry.std) / entry.scale
            shift = np.array(entry.mean) / entry.scale
            swapped = entry.colours == "BGR"
        x = graph.add("Mul", [pixels, graph.constant(factor.astype(np.float32))])
        x = graph.add("Add", [x, graph.constant(shift.astype(np.float32))])
        return graph.add("Gather", [x, graph.ints(2, 1, 0)], axis=3) if swapped else x
