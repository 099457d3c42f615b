"""Heat of any model: cover one place after the other and see what the answer loses.

In: the network's square and a function from squares to scores. Out: heat (side, side) of a grid of
patches: how much the score falls, per patch, where each is covered. Nothing is known about how the
parts add up: such heat does not sum to a logit.
Source: Zeiler and Fergus, Visualizing and understanding convolutional networks, ECCV 2014.
Try: `occlusion(square, score, HeatSettings())`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from objektiv.explaining.places import Field
from objektiv.explaining.settings import Fill, HeatSettings

BLUR = 0.1  # of the side: standard deviation; an infected body of 0.15 is gone under it

Square = NDArray[np.float32]  # (size, size, 3), 0 to 255
Squares = NDArray[np.float32]  # (n, size, size, 3)
Score = Callable[[Squares], NDArray[np.float32]]  # to (n,)
Inside = tuple[slice, slice]  # rows and columns of the square in which the picture lies


def covered(square: Square, fill: Fill) -> Square:
    """What stands where the picture is covered, (size, size, 3)."""
    if fill == "grey":
        return np.broadcast_to(square.mean(axis=(0, 1)), square.shape).astype(np.float32)
    blurred = cv2.GaussianBlur(square, (0, 0), max(BLUR * len(square), 1.0))
    return np.asarray(blurred, np.float32)


def occlusion(
    square: Square, score: Score, settings: HeatSettings, *, inside: Inside, batch: int
) -> tuple[NDArray[np.float32], Field]:
    """How much the score falls under each patch, (rows, columns), and where the patches lie."""
    rows, columns = inside
    size = max(rows.stop - rows.start, columns.stop - columns.start)
    side = max(int(round(settings.patch * size)), 1)
    step = max(int(round(settings.stride * side)), 1)
    tops, lefts = (_starts(part, side, step) for part in inside)
    filling = covered(square, settings.fill)
    whole = float(score(square[None])[0])
    places = [(top, left) for top in tops for left in lefts]
    found = [
        value
        for start in range(0, len(places), batch)
        for value in score(
            np.stack(list(_patched(square, filling, places[start : start + batch], side)))
        )
    ]
    heat = whole - np.array(found, np.float32).reshape(len(tops), len(lefts))
    middle = (tops[0] + side / 2, lefts[0] + side / 2)
    return heat, Field(middle, (float(step), float(step)))


def _starts(part: slice, side: int, step: int) -> list[int]:
    """Where patches begin along an axis, at even steps, so that the whole part is covered."""
    length = max(part.stop - part.start - side, 0)
    count = -(-length // step) + 1
    begin = part.start + (length - (count - 1) * step) // 2
    return [begin + number * step for number in range(count)]


def _patched(
    square: Square, filling: Square, places: list[tuple[int, int]], side: int
) -> Iterator[Square]:
    for top, left in places:
        patched = square.copy()
        rows, columns = slice(max(top, 0), top + side), slice(max(left, 0), left + side)
        patched[rows, columns] = filling[rows, columns]
        yield patched
