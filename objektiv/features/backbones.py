"""The pretrained networks by name, each with its preprocessing, origin and licence.

In: a name. Out: a Backbone, which writes its ONNX graph. What is listed here is tested.
Try: `BACKBONES.get("lite0").graph(size=128)`.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from objektiv.base.errors import ModelError
from objektiv.base.names import Registry
from objektiv.features import lite0
from objektiv.features.graph import GraphBuilder
from objektiv.features.quantise import Short
from objektiv.features.settings import Arithmetic
from objektiv.features.weights import KNOWN, State, WeightsFile, read_state

FEATURES = "features"  # the tensor between network and head; engines may cut the graph here
IMAGENET_LOGITS = "imagenet_logits"


@dataclass(frozen=True)
class Backbone:
    """A pretrained network whose stages are pooled into blocks of features."""

    name: str
    title: str
    parameters: int
    imagenet_top1: float
    blocks: Mapping[str, int]  # block to number of columns, in the order of the columns
    weights_name: str  # in weights.KNOWN
    add: Callable[[GraphBuilder, str], None]
    """Appends the network behind a tensor of pixels; adds FEATURES and IMAGENET_LOGITS."""
    add_int8: Callable[[GraphBuilder, str], None] | None = None
    """The same in 8-bit numbers, where the ranges of its values were measured."""

    @property
    def weights(self) -> WeightsFile:
        """Where the weights come from, their hash and licence."""
        return KNOWN[self.weights_name]

    @property
    def width(self) -> int:
        """Number of feature columns."""
        return sum(self.blocks.values())

    def add_in(self, precision: Arithmetic, graph: GraphBuilder, pixels: str) -> None:
        """As `add`, in the numbers that this precision computes with; bf16 has no own graph.

        Raises:
            ModelError: int8, and the backbone has no such form.
        """
        if precision != "int8":
            return self.add(graph, pixels)
        if self.add_int8 is None:
            raise ModelError(
                f"{self.title} has no 8-bit form",
                value="--precision int8",
                allowed="fp32 runs everywhere, bf16 on processors with AMX or AVX-512 BF16",
                next="leave `--precision` away, or take the backbone lite0",
            )
        return self.add_int8(graph, pixels)


@cache
def _lite0_state() -> State:
    """Read once: a training builds the network twice."""
    return read_state("efficientnet-lite0")


def _add_lite0(graph: GraphBuilder, pixels: str) -> None:
    lite0.add_lite0(graph, pixels, _lite0_state())


def _add_lite0_int8(graph: GraphBuilder, pixels: str) -> None:
    lite0.add_lite0(graph, pixels, _lite0_state(), Short(lite0.ranges()))


BACKBONES = Registry(
    "backbone",
    {
        "lite0": Backbone(
            name="lite0",
            title="EfficientNet-Lite0",
            parameters=4_652_008,
            imagenet_top1=0.75,
            blocks=lite0.BLOCK_WIDTHS,
            weights_name="efficientnet-lite0",
            add=_add_lite0,
            add_int8=_add_lite0_int8,
        ),
    },
    list_command="objektiv doctor",
)


@cache
def imagenet_classes() -> tuple[str, ...]:
    """The 1,000 class names of ImageNet-1k in the order of the logits."""
    text = importlib.resources.files("objektiv.features") / "imagenet_classes.txt"
    return tuple(text.read_text(encoding="utf-8").splitlines())
