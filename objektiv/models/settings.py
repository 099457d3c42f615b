"""Settings of the model: which head on features, or which layers of a network of one's own.

In: values from flags, YAML or Python. Out: frozen settings. This file imports nothing heavy.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from objektiv.base.settings import Settings
from objektiv.features.settings import Rescale

Activation = Literal["relu", "tanh", "sigmoid", "linear"]
Padding = Literal["same", "valid"]
Channels = Literal["rgb", "grey"]

NOTHING = ("", "none")  # what a person writes for an empty list


class HeadSettings(Settings):
    """How features become probabilities."""

    head: str = Field(default="logistic", description="The classifier on the features.")
    class_weights: Literal["equal", "balanced"] = Field(
        default="equal",
        description="Whether each item counts the same (equal) or each class does (balanced), "
        "which raises the recall of rare classes and lowers that of common ones.",
    )


def _listed(value: Any) -> Any:
    """An empty list where a person said so: options come as text, and a comma divides them."""
    single = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    if isinstance(single, str) and single.strip() in NOTHING:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


_LIST = BeforeValidator(_listed)
_Filters = Annotated[int, Field(ge=1, le=4096)]
_Units = Annotated[int, Field(ge=1, le=16_384)]
_Share = Annotated[float, Field(ge=0, lt=1)]


class FrozenSettings(Settings):
    """What a dense layer behind a pretrained network that stays as it is learns from."""

    views: Literal["fresh"] | Annotated[int, Field(ge=1, le=100)] = Field(
        default="fresh",
        description="Of a frozen network, how often it looks at a training picture: fresh changes "
        "the picture anew each epoch and looks each time, as a course does; a number is that of "
        "changed views that are looked at once and kept, which is many times faster.",
    )


class NetworkSettings(Settings):
    """The layers of a network that learns from nothing.

    Blocks of convolutions, each with its pool and dropout, then dense layers: the network of the
    course, whose every number can be chosen.
    """

    filters: Annotated[tuple[_Filters, ...], _LIST] = Field(
        default=(32, 64),
        max_length=12,
        description="Filters of each block of convolutions, the first one first; none leaves "
        "convolutions away.",
    )
    kernel: int = Field(
        default=3, ge=1, le=31, description="Side of a filter in pixels; usually odd."
    )
    padding: Padding = Field(
        default="same",
        description="What a filter sees at the edge: same adds zeros around the picture, so that "
        "its size stays; valid stays inside, so that it shrinks.",
    )
    stride: int = Field(
        default=1, ge=1, le=16, description="Pixels from one place of a filter to the next."
    )
    activation: Activation = Field(
        default="relu", description="Function behind each layer but the last."
    )
    convolutions: int = Field(
        default=1, ge=1, le=8, description="Convolutions in each block, one behind the other."
    )
    norm: Literal["none", "batch"] = Field(
        default="none", description="Whether batch normalisation follows each convolution."
    )
    pool: int = Field(
        default=2,
        ge=1,
        le=32,
        description="Side of the squares of which the largest value is kept, at the end of each "
        "block; 1 keeps all.",
    )
    dropout: Annotated[tuple[_Share, ...], _LIST] = Field(
        default=(0.25,),
        description="Share of values that is dropped in training behind each block: one number "
        "for all blocks, or one for each.",
    )
    dense: Annotated[tuple[_Units, ...], _LIST] = Field(
        default=(128,),
        max_length=12,
        description="Units of each dense layer before the last; none leaves them away.",
    )
    dense_dropout: float = Field(
        default=0.5,
        ge=0,
        lt=1,
        description="Share of values that is dropped in training behind each dense layer.",
    )
    output: Literal["auto", "softmax", "sigmoid"] = Field(
        default="auto",
        description="The last layer: softmax has a unit a class; sigmoid too, each judging for "
        "itself, and of two classes one unit alone; auto is sigmoid for two classes, else softmax.",
    )
    channels: Channels = Field(
        default="rgb",
        description="What the network sees: three colours, or their brightness (grey).",
    )
    rescale: Rescale = Field(
        default="unit",
        description="What is done to the values 0 to 255: unit divides them by 255; raw leaves "
        "them; network does what a pretrained network was trained with.",
    )

    @model_validator(mode="after")
    def _one_dropout_a_block(self) -> NetworkSettings:
        if len(self.dropout) not in (0, 1, len(self.filters)):
            raise ValueError(
                f"dropout has {len(self.dropout)} numbers for {len(self.filters)} blocks of "
                "filters: give one number, or one for each block"
            )
        return self


class ProbeSettings(HeadSettings):
    """A head on the bank's features; what is left open is chosen on out-of-fold predictions."""

    blocks: tuple[str, ...] = Field(
        default=(),
        description="Blocks of features that the head reads, such as stem,stage1,colours; by "
        "default the set that predicts best out of fold.",
    )
    strength: float | None = Field(
        default=None,
        gt=0,
        le=1e6,
        description="How closely the head fits what it learns from: scikit-learn's C times the "
        "number of columns; by default the best out of fold.",
    )
    colour_weight: float = Field(
        default=3.0,  # docs/lab_log.md
        gt=0,
        le=100,
        description="How much a colour counts against one of the network's columns.",
    )
