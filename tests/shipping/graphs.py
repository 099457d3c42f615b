"""A network of two stages whose head reads one of them, or both, by slices as a probe does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx

from objektiv.base.seeds import generator
from objektiv.features.backbones import FEATURES
from objektiv.features.graph import FLOAT, UINT8, GraphBuilder
from objektiv.features.preprocess import add_preprocessing

SIZE, CHANNELS, CLASSES = 32, 8, 3
CONV: dict[str, Any] = {"strides": [2, 2], "kernel_shape": [3, 3], "auto_pad": "SAME_UPPER"}


def staged(*, read: Sequence[int] = (0, 1), seed: int = 0) -> onnx.ModelProto:
    """`read`: the stages that the head reads."""
    random = generator(seed, "staged")

    def weights(*shape: int) -> str:
        return graph.constant(random.normal(0, 0.4, shape).astype(np.float32))

    graph = GraphBuilder()
    image = graph.input("image", UINT8, ["height", "width", 3])
    pixels = add_preprocessing(graph, image, size=SIZE, fit="letterbox")
    x = graph.add("Transpose", [pixels], perm=[0, 3, 1, 2])
    x = graph.add("Sub", [graph.add("Mul", [x, graph.floats(1 / 127.5)]), graph.floats(1.0)])
    pooled = []
    for given in (3, CHANNELS):
        x = graph.add("Conv", [x, weights(CHANNELS, given, 3, 3), weights(CHANNELS)], **CONV)
        x = graph.add("Clip", [x, graph.floats(0.0), graph.floats(6.0)])
        pooled.append(graph.add("ReduceMean", [x, graph.ints(2, 3)], keepdims=0))
    graph.add("Concat", pooled, output=FEATURES, axis=1)
    ends = [(CHANNELS * k, CHANNELS * (k + 1)) for k in read]
    parts = [
        graph.add("Slice", [FEATURES, graph.ints(start), graph.ints(stop), graph.ints(1)])
        for start, stop in ends
    ]
    joined = graph.add("Concat", parts, axis=1)
    product = graph.add("MatMul", [joined, weights(CHANNELS * len(parts), CLASSES)])
    graph.add("Add", [product, weights(CLASSES)], output="logits")
    graph.add("Softmax", ["logits"], output="probabilities", axis=1)
    for name in ("logits", "probabilities"):
        graph.output(name, FLOAT, [1, CLASSES])
    return graph.model("staged")


def dense(*, seed: int = 0) -> onnx.ModelProto:
    """A network without features: convolution, two dense layers (Gemm and MatMul), and the last."""
    random = generator(seed, "dense")

    def weights(*shape: int) -> str:
        return graph.constant(random.normal(0, 0.2, shape).astype(np.float32))

    graph = GraphBuilder()
    image = graph.input("image", UINT8, ["height", "width", 3])
    pixels = add_preprocessing(graph, image, size=SIZE, fit="letterbox")
    x = graph.add("Mul", [pixels, graph.floats(1 / 255)])
    x = graph.add("Transpose", [x], perm=[0, 3, 1, 2])
    x = graph.add("Relu", [graph.add("Conv", [x, weights(4, 3, 3, 3), weights(4)], **CONV)])
    x = graph.add("Flatten", [x], axis=1)
    x = graph.add("Gemm", [x, weights(16, 4 * 16 * 16), weights(16)], transB=1)
    x = graph.add("Relu", [x])
    x = graph.add("Relu", [graph.add("MatMul", [x, weights(16, 12)])])
    graph.add("Gemm", [x, weights(12, CLASSES), weights(CLASSES)], output="logits")
    graph.add("Softmax", ["logits"], output="probabilities", axis=1)
    for name in ("logits", "probabilities"):
        graph.output(name, FLOAT, [1, CLASSES])
    return graph.model("dense")
