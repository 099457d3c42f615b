"""The layers of a network as a list, and the table of its shapes and parameters.

In: NetworkSettings and the number of classes. Out: Layers, from which the network that trains, the
graph that ships and the summary table are all made.
Try: `summary(network(NetworkSettings(), classes=10), size=28).parameters`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from objektiv.base.errors import SettingsError
from objektiv.models.kinds import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Ending,
    Flatten,
    Layer,
    Pool,
    Shape,
    Weights,
)
from objektiv.models.settings import NetworkSettings

UNIT = 1 / 255


@dataclass(frozen=True)
class Layers:
    """A network without its weights: from pixels 0..255 to one logit a class.

    What it sees is `scale` times the pixels, of `channels` 3 (RGB) or 1 (brightness).
    """

    layers: tuple[Layer, ...]
    classes: int
    channels: int
    scale: float
    ending: Ending
    """softmax: a unit a class gives its logit. sigmoid, one unit z of two classes: the logits are
    0 and z. sigmoid, a unit a class: they are log(sigmoid(z)), so that the probabilities are the
    units' answers divided by their sum, as Keras reads them under categorical cross-entropy."""

    def walk(self, size: int) -> Iterator[tuple[Layer, Shape]]:
        """Each layer with the shape that arrives at it, for images of `size` pixels a side.

        Raises:
            SettingsError: a layer gets less than it needs.
        """
        shape: Shape = (size, size, self.channels)
        for layer in self.layers:
            yield layer, shape
            shape = layer.after(shape)

    def weights(self, size: int) -> Weights:
        """Name and shape of every weight, in the order of the layers."""
        each = [layer.weights(shape) for layer, shape in self.walk(size)]
        trained, counted = ({k: v for w in each for k, v in w[side].items()} for side in (0, 1))
        return Weights(trained, counted)


def network(settings: NetworkSettings, *, classes: int) -> Layers:
    """The layers of these settings.

    Raises:
        SettingsError: a network from nothing has no preprocessing of its own.
    """
    if settings.rescale == "network":
        raise SettingsError(
            "a network that learns from nothing has no preprocessing of its own",
            value="--rescale network",
            allowed="unit or raw",
            next="leave `--rescale` away, or choose a pretrained network",
        )
    last, ending = last_layer(settings, classes=classes)
    return Layers(
        (*_blocks(settings), Flatten("flatten"), *_dense(settings), last),
        classes,
        channels=1 if settings.channels == "grey" else 3,
        scale=UNIT if settings.rescale == "unit" else 1.0,
        ending=ending,
    )


def last_layer(settings: NetworkSettings, *, classes: int) -> tuple[Dense, Ending]:
    """What gives the answers, and how they are read."""
    ending: Ending = "softmax"
    if settings.output == "sigmoid" or (settings.output == "auto" and classes == 2):
        ending = "sigmoid"
    units = 1 if ending == "sigmoid" and classes == 2 else classes
    return Dense("output", units, ending), ending


def _blocks(settings: NetworkSettings) -> Iterator[Layer]:
    shares = settings.dropout or (0.0,)
    normed = settings.norm == "batch"
    for block, filters in enumerate(settings.filters, 1):
        for part in range(1, settings.convolutions + 1):
            number = f"{block}" if settings.convolutions == 1 else f"{block}_{part}"
            yield Conv(
                f"conv{number}",
                filters,
                settings.kernel,
                settings.stride,
                settings.padding,
                activation="linear" if normed else settings.activation,
                bias=not normed,
            )
            if normed:
                yield BatchNorm(f"norm{number}", settings.activation)
        if settings.pool > 1:
            yield Pool(f"pool{block}", settings.pool)
        if share := shares[min(block, len(shares)) - 1]:
            yield Dropout(f"dropout{block}", share)


def _dense(settings: NetworkSettings) -> Iterator[Layer]:
    for number, units in enumerate(settings.dense, 1):
        yield Dense(f"dense{number}", units, settings.activation)
        if settings.dense_dropout:
            yield Dropout(f"dense_dropout{number}", settings.dense_dropout)


@dataclass(frozen=True)
class Row:
    """A line of the summary: one layer, or a whole network that is used as one."""

    name: str
    kind: str
    shape: Shape
    parameters: int
    trainable: int


@dataclass(frozen=True)
class Summary:
    """The table of a network's layers, without the batch in its shapes."""

    rows: tuple[Row, ...]

    @property
    def parameters(self) -> int:
        """Of all layers, as Keras counts them: with the means that a normalisation keeps."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable(self) -> int:
        """Those that training moves by gradient."""
        return sum(row.trainable for row in self.rows)


def summary(layers: Layers, *, size: int) -> Summary:
    """The table for images of `size` pixels a side.

    Raises:
        SettingsError: a layer gets less than it needs.
    """
    return Summary(tuple(_row(layer, shape) for layer, shape in layers.walk(size)))


def _row(layer: Layer, shape: Shape) -> Row:
    weights = layer.weights(shape)
    trained, counted = (sum(map(math.prod, w.values())) for w in weights)
    return Row(layer.name, layer.kind, layer.after(shape), trained + counted, trained)
