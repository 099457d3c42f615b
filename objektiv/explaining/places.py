"""Bring heat from the places of a map to the picture's own pixels, none lost on the way.

In: heat (rows, columns) of a map, and how the picture was made a square. Out: heat of the square
(side, side), and of the picture (height, width). Each place is spread over the pixels between it
and its neighbours (bilinear), each pixel of the square over the picture's; both add up to what they
were made of, save what lies beside the picture. A map's places have even shares of the square: the
middles of what they see by the network's paddings fit worse (docs/lab_log.md).
Try: `in_picture(square, (480, 640), size=224, fit="letterbox")`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from objektiv.data.images import placement
from objektiv.data.settings import Fit

Heat = NDArray[np.float32]


@dataclass(frozen=True)
class Field:
    """Where places lie in the square, in pixels down and across: the middle of the first, and how
    far the next is."""

    start: tuple[float, float]
    step: tuple[float, float]


def even(shape: tuple[int, ...], size: int) -> Field:
    """Places (..., rows, columns) that share a square of `size` pixels evenly."""
    down, across = (size / count for count in shape[-2:])
    return Field((down / 2, across / 2), (down, across))


def in_square(
    places: NDArray[np.floating], *, size: int, side: int, field: Field | None = None
) -> Heat:
    """Heat (side, side) of a square of `size` pixels, coarser than these where wished; same sum.

    `places`: (rows, columns), or several of them (n, rows, columns), which give (n, side, side).
    """
    field, scale = field or even(places.shape, size), side / size
    down, across = (
        _spread(count, start * scale, step * scale, side)
        for count, start, step in zip(places.shape[-2:], field.start, field.step, strict=True)
    )
    return np.asarray(down @ places.astype(np.float32) @ across.T, np.float32)


@lru_cache(maxsize=128)
def _spread(places: int, start: float, step: float, side: int) -> Heat:
    """How much of each place (columns) comes to each pixel (rows)."""
    index = np.clip((np.arange(side) + 0.5 - start) / step, 0, places - 1)
    near = np.maximum(1 - np.abs(index[:, None] - np.arange(places)), 0)
    lost = np.flatnonzero(near.sum(axis=0) <= 0)  # finer than the pixels, or beside the square
    middles = np.clip((start + step * lost).astype(np.int64), 0, side - 1)
    near[middles, lost] = 1
    return _frozen(near)


def in_picture(square: Heat, shape: tuple[int, int], *, size: int, fit: Fit) -> Heat:
    """Heat (height, width) of the picture in a square (size, size), the letterbox undone."""
    height, width = shape
    place = placement(height, width, size=size, fit=fit)
    down = _picture(height, place.height, place.top, size)
    across = _picture(width, place.width, place.left, size)
    return np.asarray(down @ square @ across.T, np.float32)


def inside_of(shape: tuple[int, int], *, size: int, fit: Fit) -> tuple[slice, slice]:
    """Rows and columns of the square that show the picture."""
    place = placement(*shape, size=size, fit=fit)
    return (
        slice(max(place.top, 0), min(place.top + place.height, size)),
        slice(max(place.left, 0), min(place.left + place.width, size)),
    )


@lru_cache(maxsize=128)
def _picture(length: int, new: int, offset: int, size: int) -> Heat:
    """How much of each pixel of the square (columns) comes to each of the picture (rows)."""
    own = (np.arange(length) + 0.5) * (new / length) + offset
    pixels = np.arange(size) + 0.5
    reach = max(1.0, new / length)
    near = np.maximum(1 - np.abs(own[:, None] - pixels) / reach, 0)
    near[:, (pixels < offset) | (pixels > offset + new)] = 0
    return _frozen(near)


def _frozen(near: NDArray[np.float64]) -> Heat:
    total = near.sum(axis=0)
    shared = (near / np.where(total > 0, total, 1)).astype(np.float32)
    shared.flags.writeable = False
    return shared
