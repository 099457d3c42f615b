"""Tell the object from its background, by the rule that the colour numbers of a model use.

In: a square. Out: a coarse mask of what differs from the border, as features/descriptors finds
it. Try: `foreground(square).mean()` is the share of the picture that is object.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from objektiv.features.descriptors import GRID, LEAST, ROUNDS

Mask = NDArray[np.bool_]


def grid_of(size: int) -> int:
    """Cells a side of the grid on which a square of `size` pixels is divided."""
    steps = (d for d in range(1, size + 1) if size % d == 0)
    return size // min(steps, key=lambda d: abs(size // d - GRID))


def foreground(square: NDArray[np.float32]) -> Mask:
    """What of a square (size, size, 3) is object, on the grid of `grid_of`: what differs more from
    the mean colour of the border than a threshold midway between the two sides' means (Ridler and
    Calvard, 1978)."""
    side = grid_of(len(square))
    grid = np.asarray(cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA))
    border = np.concatenate([grid[0], grid[-1], grid[1:-1, 0], grid[1:-1, -1]])
    distance = np.abs(grid - border.mean(axis=0)).max(axis=2)
    total = float(distance.sum())
    threshold = total / distance.size
    for _ in range(ROUNDS):
        above = distance > threshold
        number, high = int(above.sum()), float(distance.sum(where=above))
        low = (total - high) / max(distance.size - number, 1)
        threshold = (high / max(number, 1) + low) / 2
    return np.asarray(distance > max(threshold, LEAST))
