"""The kinds of layers: the shape that each gives and the weights that each has.

In: the shape that arrives, (height, width, channels), or (values,) behind Flatten. Out: shapes.
Sizes and counts are Keras': a convolution with "same" gives ceil(n / stride) pixels, one with
"valid" and every pool floor((n - side) / stride) + 1.
Try: `Conv("conv1", 32, 3, 1, "same", "relu", bias=True).after((28, 28, 3))`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from objektiv.base.errors import SettingsError
from objektiv.base.language import say
from objektiv.models.settings import Activation, Padding

Shape = tuple[int, ...]
Ending = Literal["softmax", "sigmoid"]


class Weights(NamedTuple):
    """Names and shapes of what a layer has; `counted` follows the images, without gradient."""

    trained: dict[str, Shape]
    counted: dict[str, Shape]


@dataclass(frozen=True)
class Plain:
    """What most layers are: no weights, and as many values behind as before."""

    name: str

    def after(self, shape: Shape) -> Shape:
        """Shape of what it gives.

        Raises:
            SettingsError: what arrives is too small.
        """
        return shape

    def weights(self, shape: Shape) -> Weights:
        """Names and shapes of what it learns and counts."""
        return Weights({}, {})


@dataclass(frozen=True)
class Conv(Plain):
    """Square filters over the picture; a `bias` is left out where a normalisation follows."""

    filters: int
    kernel: int
    stride: int
    padding: Padding
    activation: Activation
    bias: bool

    @property
    def kind(self) -> str:
        """In words."""
        step = say(", stride {stride}", stride=self.stride) if self.stride > 1 else ""
        return say(
            "convolution {kernel}x{kernel} {padding}{step}{then}",
            kernel=self.kernel,
            padding=self.padding,
            step=step,
            then=_then(self.activation),
        )

    def after(self, shape: Shape) -> Shape:
        """Shape of what it gives."""
        if self.padding == "same":
            height, width = (math.ceil(n / self.stride) for n in shape[:2])
        else:
            height, width = _fitted(self.name, shape, self.kernel, self.stride)
        return height, width, self.filters

    def weights(self, shape: Shape) -> Weights:
        """Its filters (filters, channels, kernel, kernel) and bias (filters,)."""
        trained: dict[str, Shape] = {
            f"{self.name}.weight": (self.filters, shape[2], self.kernel, self.kernel)
        }
        if self.bias:
            trained[f"{self.name}.bias"] = (self.filters,)
        return Weights(trained, {})


@dataclass(frozen=True)
class BatchNorm(Plain):
    """Each channel to mean 0 and deviation 1, then to a learnt scale and shift."""

    activation: Activation

    @property
    def kind(self) -> str:
        """In words."""
        return say("batch normalisation{then}", then=_then(self.activation))

    def weights(self, shape: Shape) -> Weights:
        """Four numbers a channel, two of them counted."""
        trained, counted = ("weight", "bias"), ("running_mean", "running_var")
        sides = [{f"{self.name}.{n}": shape[2:] for n in names} for names in (trained, counted)]
        return Weights(sides[0], sides[1])


@dataclass(frozen=True)
class Pool(Plain):
    """The largest value of each square of `side` pixels."""

    side: int

    @property
    def kind(self) -> str:
        """In words."""
        return say("largest of {side}x{side}", side=self.side)

    def after(self, shape: Shape) -> Shape:
        """Shape of what it gives."""
        return (*_fitted(self.name, shape, self.side, self.side), shape[2])


@dataclass(frozen=True)
class Dropout(Plain):
    """Sets a share of the values to 0 in training, and scales the others up (Keras' `rate`)."""

    share: float

    @property
    def kind(self) -> str:
        """In words."""
        return say("dropout of {share:.0%}", share=self.share)


@dataclass(frozen=True)
class Flatten(Plain):
    """All values in a row, in Keras' order: row by row, pixel by pixel, channel by channel."""

    @property
    def kind(self) -> str:
        """In words."""
        return say("flatten")

    def after(self, shape: Shape) -> Shape:
        """Shape of what it gives."""
        return (math.prod(shape),)


@dataclass(frozen=True)
class Dense(Plain):
    """Units that each read all values."""

    units: int
    activation: Activation | Ending

    @property
    def kind(self) -> str:
        """In words."""
        return say("dense{then}", then=_then(self.activation))

    def after(self, shape: Shape) -> Shape:
        """Shape of what it gives."""
        return (self.units,)

    def weights(self, shape: Shape) -> Weights:
        """Its weights (units, values) and bias (units,)."""
        trained = {f"{self.name}.weight": (self.units, *shape), f"{self.name}.bias": (self.units,)}
        return Weights(trained, {})


Layer = Conv | BatchNorm | Pool | Dropout | Flatten | Dense


def _then(activation: str) -> str:
    return "" if activation == "linear" else f", {activation}"


def _fitted(name: str, shape: Shape, side: int, stride: int) -> tuple[int, int]:
    """How often squares of `side` pixels fit.

    Raises:
        SettingsError: not once.
    """
    if min(shape[:2]) < side:
        raise SettingsError(
            f"the images are too small for the network: nothing is left at its layer {name}",
            value=f"{shape[0]} x {shape[1]} pixels arrive there",
            allowed=f"It needs at least {side} x {side}",
            next="give a larger `--size`, fewer `--filters`, a smaller `--kernel`, `--pool` or "
            "`--stride`, or `--padding same`",
        )
    height, width = ((n - side) // stride + 1 for n in shape[:2])
    return height, width
