"""What is told of a pretrained network from elsewhere, and its graph checked against that.

In: facts, or the bytes of network.json; the bytes of network.onnx. Out: an Entry; a walked graph.
network.onnx reads `input`, float32 (n, 3, size, size), normalised and in the network's own order of
colours, and gives `logits` (n, classes).
"""

from __future__ import annotations

from typing import Annotated, Literal

import onnx
from pydantic import Field

from objektiv.base.errors import ModelError
from objektiv.base.settings import Strict
from objektiv.features import strict
from objektiv.features.graph import FLOAT
from objektiv.features.stages import INPUT, LOGITS, Stages

NETWORK, FACTS = "network.onnx", "network.json"

Text = Annotated[str, Field(min_length=1, max_length=500)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Side = Annotated[int, Field(ge=8, le=1024)]
Triple = tuple[float, float, float]


class Facts(Strict):
    """What whoever brings a network tells about it."""

    name: Text
    title: Text
    family: Literal["keras", "timm", "onnx"]
    parameters: Annotated[int, Field(ge=0)]
    size: Side  # pixels, of the square that it was trained on
    mean: Triple  # its input is (pixels * scale - mean) / std, channels in the order of `colours`
    std: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=3, max_length=3)
    scale: Annotated[float, Field(gt=0)]
    colours: Literal["RGB", "BGR"]
    classes: Literal["imagenet"] | Annotated[tuple[Text, ...], Field(min_length=1)]
    origin: Text
    licence: Text
    sha256: Sha256  # of the file of weights; of network.onnx where they are random
    random: bool = False  # weights drawn, not learnt
    smallest: Side | None = None  # pixels; where the architecture wants more than its shapes tell


class Entry(Facts):
    """network.json."""

    format: Literal[1] = 1
    found: Stages
    bytes: Annotated[int, Field(ge=1)]  # of network.onnx
    network: Sha256  # of network.onnx


def source_of(name: str) -> strict.Source:
    def refused(happened: str, *, value: object, allowed: str) -> ModelError:
        next = f"`objektiv models remove {name}`, then `objektiv models add {name}` again"
        return ModelError(happened, value=value, allowed=allowed, next=next)

    only = "A stored network holds plain ONNX operations and their numbers, nothing else"
    return strict.Source(file=f"{NETWORK} of {name}", only=only, refused=refused)


def walked(data: bytes, facts: Facts, source: strict.Source) -> onnx.ModelProto:
    """The graph of a network, walked, with the ends that its facts tell.

    Raises:
        ModelError: of the source's kind.
    """
    model = strict.walk(data, source)
    classes = 1000 if facts.classes == "imagenet" else len(facts.classes)
    expected = [(INPUT, FLOAT, [3, facts.size, facts.size]), (LOGITS, FLOAT, [classes])]
    found = []
    for value in (*model.graph.input, *model.graph.output):
        tensor = value.type.tensor_type
        found.append((value.name, tensor.elem_type, [d.dim_value for d in tensor.shape.dim][1:]))
    if len(model.graph.input) != 1 or found != expected:
        raise source.refused(
            f"{source.file} has another input or output than its facts tell",
            value="; ".join(f"{name[:40]} {shape}" for name, _, shape in found[:4]),
            allowed="; ".join(f"{name} {shape}" for name, _, shape in expected)
            + ", 32-bit floats, the number of pictures before",
        )
    strict.check_rules(model, source)
    return model
