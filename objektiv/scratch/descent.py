"""Gradient descent: walk downhill, step by step, and remember the path.

In: a function's slope, where to begin, how large a step. Out: every place on the way; and the
batches of an epoch, where each step looks at a few items only.
Try: `descend(lambda x: 2 * x - 4, 5.0, rate=0.05, steps=25)` walks on x^2 - 4x + 5 towards 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.scratch.shapes import Array, same_shape


def descend(slope: Callable[[Any], Any], start: Any, *, rate: float, steps: int) -> Array:
    """Places x, (steps + 1, ...): each is the last one less rate x slope there.

    On the course's parabola x^2 - 4x + 5 a step multiplies the distance from the lowest place
    (2, where it is 1) by 1 - 2 rate: 25 steps of 0.05 from 5 leave 3 x 0.9^25 = 0.215. At a rate
    of 1 it jumps between 5 and -1 for ever; above 1 it flies away.
    """
    path = [np.asarray(start, float)]
    for _ in range(steps):
        step = np.asarray(slope(path[-1]))
        same_shape(path[-1], step, what="place and slope")
        path.append(path[-1] - rate * step)
    return np.array(path)


def finite_differences(
    function: Callable[[], float], values: Array, *, step: float = 1e-6
) -> Array:
    """Slope of a function by each of `values`, which it reads; the shape is that of `values`.

    Each is moved a little to both sides, and put back. Too slow to learn with, but it needs no
    mathematics, and so it finds the mistakes in ours.
    """
    slope = np.zeros(values.shape)
    for place in np.ndindex(values.shape):
        kept = values[place]
        values[place] = kept + step
        above = function()
        values[place] = kept - step
        below = function()
        values[place] = kept
        slope[place] = (above - below) / (2 * step)
    return slope


def batches(
    items: int, size: int, *, random: np.random.Generator
) -> Iterator[NDArray[np.integer[Any]]]:
    """Row numbers of an epoch's batches: all items once, in a new order, `size` at a time.

    A batch's slope is a guess at the slope of all items; the last batch may be smaller.

    Raises:
        ValueError: a batch of less than one item.
    """
    if size < 1:
        raise ValueError(f"a batch has at least one item, not {size}")
    order = random.permutation(items)
    for start in range(0, items, size):
        yield order[start : start + size]
