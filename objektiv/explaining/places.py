"""Bring heat from the places of a map to the picture's own pixels, none lost on the way.

In: heat (rows, columns) of a map, its Field, and how the picture was made a square. Out: heat of
the square (size, size), and of the picture (height, width). Each place is spread over the pixels
that are nearer to it than to its neighbours' neighbours (bilinear), each pixel of the square over
the picture's; both add up to what they were made of, save what lies beside the picture.
Try: `in_picture(square, (480, 640), size=224, fit="letterbox")`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from objektiv.data.images import placement
from objektiv.data.settings import Fit
from objektiv.explaining.fields import Field

Heat = NDArray[np.float32]


def in_square(places: NDArray[np.floating], field: Field, *, size: int, side: int) -> Heat:
    """Heat of the square (side, side), coarser than its `size` pixels where wished; same sum.

    `places`: (rows, columns), or several of them (n, rows, columns), which give (n, side, side).
    """
    rows, columns = places.shape[-2:]
    scale = side / size
    down = _spread(rows, field.start[0] * scale, field.step[0] * scale, side)
    across = _spread(columns, field.start[1] * scale, field.step[1] * scale, side)
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
