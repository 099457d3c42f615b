"""Take a logit apart: what each place of each stage's map, and each part without a place, adds.

In: a Tail, the tensors of one picture and how much each logit counts. Out: Parts whose values sum
to that logit. How each statistic of a channel is shared among the places x_1 .. x_n of its map:

    mean        each place its own x_i / n
    maximum     the place that has it; several that have it share alike
    deviation   (x_i - mean)^2 / (n * deviation), which sums to the deviation

Each is exact. A stage's statistics are divided by their common length before they are weighed; that
length is taken as a constant of this picture, so the sum is exact too, but a place is not blamed
for making the length longer. Where the bundle knows the usual picture, every part is what it adds
beyond that one. Why, and what else was tried: docs/decisions/heat-maps.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.base.language import mark
from objektiv.explaining.pieces import Floats, Piece, Tail
from objektiv.features.descriptors import COLOURS as colours

COLOURS = mark("colours of the picture")
CONSTANT = mark("constant of the model")
BOTH = mark("colours of the picture, with the constant of the model")
LEAST = 1e-12  # of a length, as in models/model

Values = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Part:
    """One summand of a logit; `places` (rows, columns) sum to `value`, None without a place."""

    name: str
    value: float
    piece: Piece | None = None
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
    usual = weights * tail.usual
    parts: list[Part] = []
    others: list[list[Part]] = [[] for _ in range(shuffled)]
    for piece in tail.pieces:
        own = slice(piece.start, piece.stop)
        if piece.kind == "plain":
            value = float(attribute(piece, values, weights[None, own]).sum() - usual[own].sum())
            parts.append(Part(COLOURS if piece.name == colours else piece.name, value, piece))
            continue
        orders = (_order(piece.stop - piece.start, number) for number in range(shuffled))
        also = [weights[own][order] for order in orders]
        found = attribute(piece, values, np.stack([weights[own], *also]))
        places = found[0].astype(np.float64)
        places -= usual[own].sum() / places.size
        parts.append(Part(piece.name, float(places.sum()), piece, places))
        for number, other in enumerate(found[1:]):
            others[number].append(Part(piece.name, float(other.sum()), piece, other))
    constant = float(tail.bias @ direction + usual.sum())
    if tail.usual.any() and parts[-1].name == COLOURS:
        parts[-1] = Part(BOTH, parts[-1].value + constant)
    else:
        parts.append(Part(CONSTANT, constant))
    return tuple(parts), tuple(map(tuple, others))


@lru_cache(maxsize=64)
def _order(columns: int, number: int) -> NDArray[np.int64]:
    """The columns in a random order, the same at each call."""
    return seeds.generator(0, "shuffled", columns, number).permutation(columns)


def attribute(piece: Piece, values: Values, weights: Floats) -> NDArray[np.floating]:
    """What each place adds under several weightings (n, columns): (n, rows, columns); of a plain
    piece (n, numbers)."""
    value = values[piece.tensor][0]
    if piece.kind == "plain":
        numbers = value[piece.begin : piece.begin + weights.shape[1]].astype(np.float64)
        length = max(float(np.linalg.norm(numbers)), LEAST) if piece.normalised else 1.0
        return np.asarray(weights * (numbers / length))
    if piece.kind == "map":
        return _of_map(value, weights, channels_last=piece.channels_last)
    return _of_statistics(piece, value, weights.astype(np.float32))


def _of_map(value: NDArray[np.float32], weights: Floats, *, channels_last: bool) -> Floats:
    channels, rows, columns = value.shape
    if channels_last:
        order, shape = "nrkc", (-1, rows, columns, channels)
    else:
        order, shape = "ncrk", (-1, channels, rows, columns)
    return np.asarray(np.einsum(f"crk,{order}->nrk", value, weights.reshape(shape)))


def _of_statistics(
    piece: Piece, value: NDArray[np.float32], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    channels, rows, columns = value.shape
    x = value.reshape(channels, rows * columns)
    count = x.shape[1]
    places = np.zeros((len(weights), count), np.float32)
    square, mean = 0.0, x.mean(axis=1)
    for number, statistic in enumerate(piece.statistics):
        own = weights[:, number * channels : (number + 1) * channels]
        if statistic == "mean":
            numbers = mean
            places += (own / count) @ x
        elif statistic == "maximum":
            numbers = x.max(axis=1)
            reached = (x == numbers[:, None]).astype(np.float32)
            places += (own * (numbers / reached.sum(axis=1))) @ reached
        else:
            off = x - mean[:, None]
            off *= off
            numbers = np.sqrt(off.mean(axis=1))
            places += (own / (count * np.where(numbers > 0, numbers, 1))) @ off
        square += float(np.square(numbers, dtype=np.float64).sum())
    length = max(np.sqrt(square), LEAST) if piece.normalised else 1.0
    return (places / np.float32(length)).reshape(-1, rows, columns)
