"""EfficientNet-Lite0, 1 and 2 as ONNX graphs whose outputs are the pooled features of every stage.

In: the tensors of the weights package. Out: nodes in a GraphBuilder, from the tensor `pixels`
(images, size, size, 3), float32, RGB, 0 to 255, to `features` (images, 3,728), `last_map` and the
network's own `imagenet_logits` (images, 1,000), in 32-bit floats or (Lite0) in 8 bits.
Source: Liu, "Higher accuracy on vision models with EfficientNet-Lite" (TensorFlow blog, 2020);
padding and epsilon as TensorFlow has them, equal to timm's `tf_efficientnet_lite0`.
"""

from __future__ import annotations

import importlib.resources
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from objektiv.base import files
from objektiv.features.graph import GraphBuilder
from objektiv.features.pooling import STATISTICS, add_mean, add_pooled
from objektiv.features.quantise import Numbers, Plain, Range
from objektiv.features.weights import State

RANGES = "lite0_ranges.json"  # beside this file
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


def scaled(*, width: float, depth: float) -> tuple[Stage, ...]:
    """The stages of a larger Lite: channels in steps of 8, first and last stage never deeper."""
    ends = (STAGES[0], STAGES[-1])
    return tuple(
        replace(
            stage,
            blocks=stage.blocks if stage in ends else math.ceil(depth * stage.blocks),
            channels=_in_eights(width * stage.channels),
        )
        for stage in STAGES
    )


def _in_eights(channels: float) -> int:
    near = max(8, int(channels + 4) // 8 * 8)
    return near if near >= 0.9 * channels else near + 8


LITE1 = scaled(width=1.0, depth=1.1)
LITE2 = scaled(width=1.1, depth=1.2)


def block_widths(stages: Sequence[Stage]) -> dict[str, int]:
    """Blocks of features, in order, with their number of columns."""
    return {
        "stem": STATISTICS * STEM,
        **{f"stage{i}": STATISTICS * s.channels for i, s in enumerate(stages, 1)},
        "final": FINAL,
    }


BLOCK_WIDTHS = block_widths(STAGES)


def add_lite0(
    graph: GraphBuilder,
    pixels: str,
    state: State,
    numbers: Numbers | None = None,
    *,
    stages: Sequence[Stage] = STAGES,
) -> None:
    """Append the network behind the tensor `pixels`.

    Adds `features`, `last_map` and `imagenet_logits`. `numbers` are 32-bit floats unless told
    otherwise; the statistics and the last layer always are.
    """
    numbers = numbers or Plain()
    layers = _Layers(graph, state, numbers)
    channels_first = graph.add("Transpose", [pixels], perm=[0, 3, 1, 2])
    x = numbers.pixels(graph, channels_first)
    x = layers.convolution(x, stride=2, activation=True, offset=numbers.offset)
    pooled = [add_pooled(graph, x)]
    channels = STEM
    for place, stage in enumerate(stages, 1):
        for number in range(stage.blocks):
            stride = stage.stride if number == 0 else 1
            y = x
            if stage.expansion > 1:
                y = layers.convolution(y, activation=True)
            y = layers.convolution(y, stride=stride, depthwise=True, activation=True)
            y = layers.convolution(y)
            x = graph.add("Add", [y, x]) if stride == 1 and channels == stage.channels else y
            x = numbers.value(graph, x, place=f"stage{place}.{number + 1}")
            channels = stage.channels
        pooled.append(add_pooled(graph, x))
    x = layers.convolution(x, activation=True, output="last_map")
    final = add_mean(graph, x)
    graph.add("Concat", [*pooled, final], output="features", axis=1)
    weight, bias = layers.dense()
    graph.add("Gemm", [final, weight, bias], output="imagenet_logits", transB=1)


def ranges() -> dict[str, Range]:
    """The measured range at the end of each block, as `scripts/make_lite0_ranges.py` wrote them."""
    data = (importlib.resources.files("objektiv.features") / RANGES).read_bytes()
    found: dict[str, Any] = files.parse_json(data, name=RANGES)
    return {place: (low, high) for place, (low, high) in found["ranges"].items()}


class _Layers:
    """Takes the tensors in the order of the file: each convolution with its normalisation."""

    def __init__(self, graph: GraphBuilder, state: State, numbers: Numbers) -> None:
        self._graph = graph
        self._numbers = numbers
        counted = (name for name in state if not name.endswith("num_batches_tracked"))
        self._tensors: Iterator[np.ndarray] = (state[name].astype(np.float64) for name in counted)

    def convolution(
        self,
        x: str,
        *,
        stride: int = 1,
        depthwise: bool = False,
        activation: bool = False,
        offset: float = 0.0,
        output: str = "",
    ) -> str:
        """A convolution with its batch normalisation folded in, then ReLU6 where asked.

        `offset` is what `x` lacks everywhere; it goes into the bias. `output` names the ReLU6.
        """
        weight, scale, shift, mean, variance = (next(self._tensors) for _ in range(5))
        factor = scale / np.sqrt(variance + EPSILON)
        folded = (weight * factor[:, None, None, None]).astype(np.float32)
        lacking = offset * folded.astype(np.float64).sum(axis=(1, 2, 3))
        bias = (shift - mean * factor + lacking).astype(np.float32)
        options: dict[str, Any] = {
            "strides": [stride, stride],
            "kernel_shape": list(weight.shape[2:]),
            "auto_pad": "SAME_UPPER",
            "group": len(weight) if depthwise else 1,
        }
        weights = self._numbers.weight(self._graph, folded)
        inputs = [x, weights, self._graph.constant(bias)]
        y = self._graph.add("Conv", inputs, **options)
        if activation:
            limits = [self._graph.floats(0.0), self._graph.floats(6.0)]
            y = self._graph.add("Clip", [y, *limits], output=output)
            y = self._numbers.value(self._graph, y)
        return y

    def dense(self) -> tuple[str, str]:
        """The names of the last weight (1000, 1280) and bias (1000,)."""
        weight, bias = (next(self._tensors).astype(np.float32) for _ in range(2))
        return self._graph.constant(weight), self._graph.constant(bias)
