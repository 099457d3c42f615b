"""A network so small that its bundles take no time, with every kind of end, and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from objektiv.base.seeds import generator
from objektiv.features.backbones import BACKBONES, FEATURES, LAST_MAP
from objektiv.features.descriptors import COLOURS, COLUMNS
from objektiv.features.graph import GraphBuilder
from objektiv.features.last_map import MAP
from objektiv.features.pooling import add_mean, add_pooled
from objektiv.models.model import Probe
from objektiv.models.pooled import Pooled
from objektiv.models.strangers import Strangers
from objektiv.shipping.assemble import model_graph
from objektiv.shipping.bundle import Bundle
from objektiv.shipping.facts import Backbone
from objektiv.shipping.write import BundleContents, write_bundle

CLASSES = ("cat", "dog", "screw")
SIZE = 64
HASH = "0" * 64

Picture = np.ndarray[Any, np.dtype[np.uint8]]


def drawn(number: int, *, height: int = 90, width: int = 70) -> Picture:
    """A dark disc at a place of its own on a pale, noisy ground."""
    random = generator(0, "drawn", number)
    y, x = np.mgrid[0:height, 0:width]
    picture = random.normal(200, 6, (height, width, 3))
    middle = random.uniform(0.3, 0.7, 2) * (height, width)
    disc = np.hypot(y - middle[0], x - middle[1]) < random.uniform(6, 15)
    picture[disc] = random.uniform(30, 120, 3)
    return np.clip(picture, 0, 255).astype(np.uint8)


WIDTHS = {"stage1": 3 * 6, "stage2": 3 * 8, "final": 12}


def add_small(graph: GraphBuilder, pixels: str) -> None:
    """Three convolutions whose maps are pooled as those of a stored network are."""
    random = generator(0, "small")
    x = graph.add("Transpose", [pixels], perm=[0, 3, 1, 2])
    x = graph.add("Mul", [x, graph.floats(1 / 255)])
    pooled, before = [], 3
    for number, channels in enumerate((6, 8, 12)):
        weights = random.normal(0, 0.4, (channels, before, 3, 3)).astype(np.float32)
        bias = random.normal(0, 0.2, channels).astype(np.float32)
        x = graph.add(
            "Conv",
            [x, graph.constant(weights), graph.constant(bias)],
            kernel_shape=[3, 3],
            strides=[2, 2],
            auto_pad="SAME_UPPER",
        )
        limits = [graph.floats(0.0), graph.floats(6.0)]
        x = graph.add("Clip", [x, *limits], output=LAST_MAP if number == 2 else "")
        pooled.append(add_mean(graph, x) if number == 2 else add_pooled(graph, x))
        before = channels
    graph.add("Concat", pooled, output=FEATURES, axis=1)


class SmallMap:
    """The small network up to its last map, as a frozen recipe takes it."""

    size, shape, width = SIZE, (8, 8, 12), 8 * 8 * 12

    def add(self, graph: GraphBuilder, pixels: str) -> None:
        """Adds MAP."""
        add_small(graph, pixels)
        last = graph.add("Transpose", [LAST_MAP], perm=[0, 2, 3, 1])
        graph.add("Flatten", [last], output=MAP, axis=1)


def probe(classes: int = 3, *, strange: bool = False, lite0: bool = False) -> Pooled:
    """Random weights on every block of the small network, or Lite0, and on the colours."""
    random = generator(classes, "probe")
    lite = BACKBONES.get("lite0")
    network, add = (lite.blocks, lite.add) if lite0 else (WIDTHS, add_small)
    widths = {**network, COLOURS: len(COLUMNS)}
    weights = random.normal(0, 1, (sum(widths.values()), classes)).astype(np.float32)
    weights[-len(COLUMNS) :] *= 0.01
    bias = np.arange(classes, dtype=np.float32)
    head = Probe(CLASSES[:classes], tuple(widths), weights, bias, 1.7)
    strangers = None
    if strange:
        blocks = tuple(network)[:-1]
        own = sum(network[name] for name in blocks)
        ones = np.ones(own, np.float32)
        shift = random.normal(0, 0.1, own).astype(np.float32)
        directions = np.eye(own, 4, dtype=np.float32)
        strangers = Strangers(blocks, shift, ones, directions, ones[:4], float(own), 1.0)
    return Pooled(head, network, add, SIZE, strangers)


def shipped(model: Any, folder: Path, **changes: Any) -> Bundle:
    """A model as a bundle."""
    size, fit = SIZE, changes.pop("fit", "letterbox")
    contents: dict[str, Any] = {
        "model": model_graph(model, size=size, fit=fit),
        "classes": model.classes,
        "size": size,
        "fit": fit,
        "backbone": Backbone(name="small", sha256=HASH, licence="Apache-2.0"),
        "head": "logistic",
        "temperature": model.temperature,
        "card": "# For tests\n",
        "data": HASH,
        "split": HASH,
        **changes,
    }
    return write_bundle(folder, BundleContents(**contents))
