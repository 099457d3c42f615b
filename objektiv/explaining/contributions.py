"""Take a logit apart: what each place of each stage's map, and each part without a place, adds.

In: a Tail, the tensors of one picture and how much each logit counts. Out: Parts whose values sum
to that logit. How each statistic of a channel is shared among the places x_1 .. x_n of its map:

    mean        each place its own x_i / n
    maximum     the place that has it; several that have it share alike
    deviation   (x_i - mean)^2 / (n * deviation), which sums to the deviation

Each is exact. A stage's statistics are divided by their common length before they are weighed; that
length is taken as a constant of this picture, so the sum is exact too, but a place is not blamed
for making the length longer. Where the bundle knows the usual picture, what is shared is how far a
statistic lies beyond the usual one: else the edges of every picture, which the network pads, would
be the hottest place of all. Why, and what else was tried: docs/decisions/heat-maps.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.base.language import mark
from objektiv.explaining.pieces import Floats, Piece, Statistic, Tail
from objektiv.features.descriptors import COLOURS as colours

COLOURS = mark("colours of the picture")
CONSTANT = mark("constant of the model")
BOTH = mark("colours of the picture, with the constant of the model")
LEAST = 1e-12  # of a length, as in models/model
FLAT = 1e-8  # summed squares, below which they are rounding

Values = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Part:
    """One summand of a logit; `places` (rows, columns) sum to `value`, None without a place."""

    name: str
    value: float
    places: NDArray[np.floating] | None = None


def contributions(
    tail: Tail, values: Values, direction: Floats, *, shuffled: int = 0
) -> tuple[tuple[Part, ...], tuple[tuple[Part, ...], ...]]:
    """The summands of `direction` (classes,) times the output of one picture, and those with
    places of so many models whose weights are the same but `shuffled` within each piece.

    `values` are the tail's tensors, each with a first axis of 1. The constant comes last; where the
    usual picture is known but its colours are not, both are one part, since they only mean
    something together.
    """
    weights = tail.weights @ direction
    parts: list[Part] = []
    others: list[list[Part]] = [[] for _ in range(shuffled)]
    for piece in tail.pieces:
        columns = slice(piece.start, piece.stop)
        own, usual = weights[columns], tail.usual[columns]
        if piece.kind == "plain":
            name = COLOURS if piece.name == colours else piece.name
            value = float(attribute(piece, values, own[None], usual).sum())
            parts.append(Part(name, value))
            continue
        orders = (_order(len(own), number) for number in range(shuffled))
        also = [own[order] for order in orders]
        found = attribute(piece, values, np.stack([own, *also]), usual)
        places = found[0].astype(np.float64)
        parts.append(Part(piece.name, float(places.sum()), places))
        for number, other in enumerate(found[1:]):
            others[number].append(Part(piece.name, float(other.sum()), other))
    constant = float(tail.bias @ direction + weights @ tail.usual)
    if tail.usual.any() and parts[-1].name == COLOURS:
        parts[-1] = Part(BOTH, parts[-1].value + constant)
    else:
        parts.append(Part(CONSTANT, constant))
    return tuple(parts), tuple(map(tuple, others))


@lru_cache(maxsize=64)
def _order(columns: int, number: int) -> NDArray[np.int64]:
    """The columns in a random order, the same at each call."""
    return seeds.generator(0, "shuffled", columns, number).permutation(columns)


def attribute(piece: Piece, values: Values, weights: Floats, usual: Floats) -> NDArray[np.floating]:
    """What each place adds beyond the `usual` (columns,) under several weightings (n, columns):
    (n, rows, columns); of a plain piece (n, numbers)."""
    value = values[piece.tensor][0]
    if piece.kind == "plain":
        numbers = value[piece.begin : piece.begin + weights.shape[1]].astype(np.float64)
        length = max(float(np.linalg.norm(numbers)), LEAST) if piece.normalised else 1.0
        return np.asarray(weights * (numbers / length - usual))
    if piece.kind == "map":
        return _of_map(value, weights, usual, channels_last=piece.channels_last)
    return _of_statistics(piece, value, weights, usual)


def _of_map(
    value: NDArray[np.float32], weights: Floats, usual: Floats, *, channels_last: bool
) -> Floats:
    channels, rows, columns = value.shape
    if channels_last:
        off = value.transpose(1, 2, 0) - usual.reshape(rows, columns, channels)
        return np.asarray((weights.reshape(-1, rows, columns, channels) * off).sum(axis=-1))
    off = value - usual.reshape(channels, rows, columns)
    return np.asarray((weights.reshape(-1, channels, rows, columns) * off).sum(axis=1))


def _of_statistics(
    piece: Piece, value: NDArray[np.float32], weights: Floats, usual: Floats
) -> NDArray[np.float32]:
    channels, rows, columns = value.shape
    x = value.reshape(channels, rows * columns)
    mean = x.mean(axis=1)
    shares = [_shared(statistic, x, mean) for statistic in piece.statistics]
    numbers = np.concatenate([number for number, _ in shares]).astype(np.float64)
    length = max(float(np.linalg.norm(numbers)), LEAST) if piece.normalised else 1.0
    places = np.zeros((len(weights), x.shape[1]), np.float32)
    for order, (number, share) in enumerate(shares):
        part = slice(order * channels, (order + 1) * channels)
        own, expected = weights[:, part], usual[part]
        if share is None:  # of the mean each place has its own value, and an even part of the usual
            places += (own / (length * x.shape[1])).astype(np.float32) @ x
            places -= (own @ expected / x.shape[1]).astype(np.float32)[:, None]
        else:
            total = share.sum(axis=1, dtype=np.float64)
            beyond = own * ((number / length - expected) / total)
            places += beyond.astype(np.float32) @ share
    return places.reshape(-1, rows, columns)


def _shared(
    statistic: Statistic, x: NDArray[np.float32], mean: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """A statistic of each channel (channels,), and by what its places share it."""
    if statistic == "mean":
        return mean, None
    if statistic == "maximum":
        number = x.max(axis=1)
        return number, (x == number[:, None]).astype(np.float32)
    off = x - mean[:, None]
    off *= off
    number = np.sqrt(off.mean(axis=1))
    off[off.sum(axis=1) < FLAT] = 1  # a flat channel deviates everywhere alike: not at all
    return number, off
