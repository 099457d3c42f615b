"""Small networks as plain ONNX, in the forms that pretrained ones have, and facts to store them.

Each maker returns the bytes of a graph from `input` (n, 3, size, size) to `logits` (n, classes).
`store_small` puts one into the store.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from objektiv.base import files
from objektiv.base.seeds import generator
from objektiv.features import lite0
from objektiv.features.entry import Entry, Facts
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.store import save
from objektiv.features.weights import read_state

CLASSES = ("blank", "ring", "blob", "stripe")
SIZE = 64


class Drawn:
    """A graph whose layers have weights drawn from a seed."""

    def __init__(self, size: int = SIZE, *, seed: int = 0) -> None:
        self.graph = GraphBuilder()
        self.size = size
        self.x = self.graph.input("input", FLOAT, ["n", 3, size, size])
        self._random = generator(seed, "network")
        self._channels = {self.x: 3}

    def convolution(self, x: str, channels: int, *, stride: int = 1, kernel: int = 3) -> str:
        """Convolution with equal padding, then ReLU."""
        before = self._channels[x]
        shape = (channels, before, kernel, kernel)
        weight = self._random.normal(0, (2 / (before * kernel**2)) ** 0.5, shape)
        bias = self._random.normal(0, 0.1, channels)
        y = self.graph.add(
            "Conv",
            [x, *(self.graph.constant(a.astype(np.float32)) for a in (weight, bias))],
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[kernel // 2] * 4,
        )
        return self.made(self.graph.add("Relu", [y]), channels)

    def made(self, tensor: str, channels: int) -> str:
        """Note the channels of a tensor."""
        self._channels[tensor] = channels
        return tensor

    def pool(self, x: str, kind: str = "MaxPool") -> str:
        """Windows of 2 x 2."""
        y = self.graph.add(kind, [x], kernel_shape=[2, 2], strides=[2, 2])
        return self.made(y, self._channels[x])

    def joined(self, *parts: str) -> str:
        """Maps side by side."""
        y = self.graph.add("Concat", list(parts), axis=1)
        return self.made(y, sum(self._channels[p] for p in parts))

    def added(self, a: str, b: str) -> str:
        """The sum of two maps."""
        return self.made(self.graph.add("Add", [a, b]), self._channels[a])

    def mean(self, x: str) -> str:
        """The mean of each channel."""
        y = self.graph.add("Flatten", [self.graph.add("GlobalAveragePool", [x])], axis=1)
        return self.made(y, self._channels[x])

    def flat(self, x: str, side: int) -> str:
        """All numbers of a map in a row."""
        y = self.graph.add("Flatten", [x], axis=1)
        return self.made(y, self._channels[x] * side**2)

    def dense(self, x: str, units: int, *, output: str = "") -> str:
        """A matrix and a bias."""
        shape = (units, self._channels[x])
        weight = self.graph.constant(self._random.normal(0, 0.1, shape).astype(np.float32))
        bias = self.graph.constant(self._random.normal(0, 0.1, units).astype(np.float32))
        y = self.graph.add("Gemm", [x, weight, bias], output=output, transB=1)
        return self.made(y, units)

    def data(self, x: str, classes: int = len(CLASSES)) -> bytes:
        """The finished file, with a last layer that reads `x`."""
        self.dense(x, classes, output="logits")
        self.graph.output("logits", FLOAT, ["n", classes])
        return self.graph.to_bytes("drawn")


def small(size: int = SIZE, *, seed: int = 0) -> bytes:
    """Three convolutions with stride, a shortcut, a global mean."""
    net = Drawn(size, seed=seed)
    x = net.convolution(net.x, 8, stride=2)
    x = net.convolution(x, 12, stride=2)
    x = net.added(x, net.convolution(x, 12))
    x = net.convolution(x, 24, stride=2)
    return net.data(net.mean(x))


def vgg_like(size: int = SIZE) -> bytes:
    """Convolutions and pools; two dense layers that read the whole last map."""
    net = Drawn(size)
    x = net.x
    for channels in (4, 8, 16):
        x = net.pool(net.convolution(net.convolution(x, channels), channels))
    x = net.graph.add("Relu", [net.dense(net.flat(x, size // 8), 20)])
    return net.data(net.made(x, 20))


def dense_like(size: int = SIZE) -> bytes:
    """Blocks whose layers see all layers before them, and narrow transitions."""
    net = Drawn(size)
    x = net.convolution(net.x, 8, stride=2)
    for _ in range(3):
        for _ in range(2):
            x = net.joined(x, net.convolution(x, 6))
        x = net.pool(net.convolution(x, 10, kernel=1), "AveragePool")
    return net.data(net.mean(x))


def inverted(size: int = SIZE) -> bytes:
    """Narrow maps with shortcuts, made wide inside each block."""
    net = Drawn(size)
    x = net.convolution(net.x, 8, stride=2)
    for channels in (6, 10):
        wide = net.convolution(net.convolution(x, 40, kernel=1), 40, stride=2)
        x = net.convolution(wide, channels, kernel=1)
        inner = net.convolution(net.convolution(x, 40, kernel=1), channels, kernel=1)
        x = net.added(x, inner)
    return net.data(net.mean(net.convolution(x, 32, kernel=1)))


def lite0_plain() -> bytes:
    """EfficientNet-Lite0 with its trained weights."""
    graph = GraphBuilder()
    x = graph.input("input", FLOAT, ["n", 3, 224, 224])
    last = graph.add("Transpose", [x], perm=[0, 2, 3, 1])
    pixels = graph.add("Mul", [graph.add("Add", [last, graph.floats(1.0)]), graph.floats(127.5)])
    lite0.add_lite0(graph, pixels, read_state("efficientnet-lite0"))
    graph.add("Sum", ["imagenet_logits"], output="logits")
    graph.output("logits", FLOAT, ["n", 1000])
    return graph.to_bytes("lite0")


def facts(graph: bytes, **changes: Any) -> Facts:
    """Facts of a network that reads pixels as -1 to 1."""
    given: dict[str, Any] = {
        "name": "small",
        "title": "A small network",
        "family": "onnx",
        "parameters": 1000,
        "size": SIZE,
        "mean": (1.0, 1.0, 1.0),
        "std": (1.0, 1.0, 1.0),
        "scale": 1 / 127.5,
        "colours": "RGB",
        "classes": CLASSES,
        "origin": "drawn for a test",
        "licence": "Apache-2.0",
        "sha256": files.sha256(graph),
        "random": True,
    }
    return Facts(**(given | changes))


def store_small(**changes: Any) -> Entry:
    """Put `small` into the store."""
    graph = small(changes.get("size", SIZE))
    return save(facts(graph, **changes), graph)
