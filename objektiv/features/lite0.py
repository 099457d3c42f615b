"""EfficientNet-Lite0 as an ONNX graph whose outputs are the pooled features of every stage.

In: the tensors of the weights package. Out: nodes in a GraphBuilder, from the tensor `pixels`
(images, size, size, 3), float32, RGB, 0 to 255, to `features` (images, 3,728) and the network's
own `imagenet_logits` (images, 1,000).
Source: Liu, "Higher accuracy on vision models with EfficientNet-Lite" (TensorFlow blog, 2020);
padding and epsilon as TensorFlow has them, equal to timm's `tf_efficientnet_lite0`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from objektiv.features.graph import GraphBuilder
from objektiv.features.weights import State

EPSILON = 1e-3  # of batch normalisation; TensorFlow's default, not PyTorch's 1e-5
STEM = 32
FINAL = 1280


@dataclass(frozen=True)
class Stage:
    """Blocks of one output size; only the first block has the stride."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)

STATISTICS = 3  # mean, maximum, standard deviation
BLOCK_WIDTHS: dict[str, int] = {
    "stem": STATISTICS * STEM,
    **{f"stage{i}": STATISTICS * s.channels for i, s in enumerate(STAGES, 1)},
    "final": FINAL,
}


def add_lite0(graph: GraphBuilder, pixels: str, state: State) -> None:
    """Append the network behind the tensor `pixels`; adds `features` and `imagenet_logits`."""
    layers = _Layers(graph, state)
    channels_first = graph.add("Transpose", [pixels], perm=[0, 3, 1, 2])
    scaled = graph.add("Mul", [channels_first, graph.floats(1 / 127.5)])
    x = graph.add("Sub", [scaled, graph.floats(1.0)])
    x = layers.convolution(x, stride=2, activation=True)
    pooled = [_pool(graph, x)]
    channels = STEM
    for stage in STAGES:
        for number in range(stage.blocks):
            stride = stage.stride if number == 0 else 1
            y = x
            if stage.expansion > 1:
                y = layers.convolution(y, activation=True)
            y = layers.convolution(y, stride=stride, depthwise=True, activation=True)
            y = layers.convolution(y)
            x = graph.add("Add", [y, x]) if stride == 1 and channels == stage.channels else y
            channels = stage.channels
        pooled.append(_pool(graph, x))
    x = layers.convolution(x, activation=True)
    final = graph.add("ReduceMean", [x, graph.ints(2, 3)], keepdims=0)
    graph.add("Concat", [*pooled, final], output="features", axis=1)
    weight, bias = layers.dense()
    graph.add("Gemm", [final, weight, bias], output="imagenet_logits", transB=1)


def _pool(graph: GraphBuilder, x: str) -> str:
    """Mean, maximum and standard deviation of each channel, side by side.

    The deviation takes two passes, because mean(x^2) - mean(x)^2 cancels in 32 bits.
    """
    axes = graph.ints(2, 3)
    mean = graph.add("ReduceMean", [x, axes], keepdims=1)
    maximum = graph.add("ReduceMax", [x, axes], keepdims=1)
    centred = graph.add("Sub", [x, mean])
    square = graph.add("Mul", [centred, centred])
    variance = graph.add("ReduceMean", [square, axes], keepdims=1)
    deviation = graph.add("Sqrt", [variance])
    joined = graph.add("Concat", [mean, maximum, deviation], axis=1)
    return graph.add("Flatten", [joined], axis=1)


class _Layers:
    """Takes the tensors in the order of the file: each convolution with its normalisation."""

    def __init__(self, graph: GraphBuilder, state: State) -> None:
        self._graph = graph
        counted = (name for name in state if not name.endswith("num_batches_tracked"))
        self._tensors: Iterator[np.ndarray] = (state[name].astype(np.float64) for name in counted)

    def convolution(
        self, x: str, *, stride: int = 1, depthwise: bool = False, activation: bool = False
    ) -> str:
        """A convolution with its batch normalisation folded in, then ReLU6 where asked."""
        weight, scale, shift, mean, variance = (next(self._tensors) for _ in range(5))
        factor = scale / np.sqrt(variance + EPSILON)
        folded = (weight * factor[:, None, None, None]).astype(np.float32)
        bias = (shift - mean * factor).astype(np.float32)
        options: dict[str, Any] = {
            "strides": [stride, stride],
            "kernel_shape": list(weight.shape[2:]),
            "auto_pad": "SAME_UPPER",
            "group": len(weight) if depthwise else 1,
        }
        inputs = [x, self._graph.constant(folded), self._graph.constant(bias)]
        y = self._graph.add("Conv", inputs, **options)
        if activation:
            y = self._graph.add("Clip", [y, self._graph.floats(0.0), self._graph.floats(6.0)])
        return y

    def dense(self) -> tuple[str, str]:
        """The names of the last weight (1000, 1280) and bias (1000,)."""
        weight, bias = (next(self._tensors).astype(np.float32) for _ in range(2))
        return self._graph.constant(weight), self._graph.constant(bias)
