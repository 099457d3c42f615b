"""How errors shrink with more images: error = floor + scale / images ** speed, and what may follow.

In: errors measured at several numbers of images, many times over. Out: a Growth for each time, and
what each expects of more images. Source: J. Hestness and others, Deep learning scaling is
predictable, empirically (2017), arXiv:1712.00409.
Try: `fit_power_law(np.array([100, 200, 400, 800]), errors).at(1600)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

SPEEDS = np.geomspace(
    0.05, 2, 60
)  # published ones lie between 0.07 and 0.5; 1 is a parametric rate
FEWEST = 4  # numbers of images; three unknowns must be found


@dataclass(frozen=True, eq=False)
class Growth:
    """Power laws, one a repetition: each of shape (times,)."""

    floor: Numbers
    scale: Numbers
    speed: Numbers

    def at(self, images: float | Numbers) -> Numbers:
        """Expected errors, (times, numbers of images)."""
        many = np.atleast_1d(np.asarray(images, np.float64))
        return np.asarray(self.floor[:, None] + self.scale[:, None] * many ** -self.speed[:, None])


def fit_power_law(images: Numbers, errors: Numbers, weights: Numbers | None = None) -> Growth:
    """Least squares over floor and scale of at least 0, and a grid of speeds.

    `images` (numbers,), `errors` (times, numbers); `weights` (numbers,) is 1 / variance.
    """
    w = np.ones(len(images)) if weights is None else weights / weights.sum()
    powers = np.asarray(images, np.float64)[None, :] ** -SPEEDS[:, None]  # (speeds, numbers)
    both, single = (powers**2) @ w, powers @ w
    total = w.sum()
    mean, product = errors @ w, errors @ (powers * w).T  # (times,), (times, speeds)
    bottom = both * total - single**2
    scale = (product * total - mean[:, None] * single) / np.where(bottom > 0, bottom, np.inf)
    floor = (mean[:, None] - scale * single) / total
    no_floor = floor < 0
    scale = np.where(no_floor, product / both, scale)
    floor = np.where(no_floor, 0.0, floor)
    flat = scale < 0  # more images do not help
    scale = np.where(flat, 0.0, scale)
    floor = np.where(flat, (mean / total)[:, None], floor)
    missed = errors[:, None] - floor[:, :, None] - scale[:, :, None] * powers
    best = ((missed**2) @ w).argmin(axis=1)
    rows = np.arange(len(errors))
    return Growth(floor[rows, best], scale[rows, best], SPEEDS[best])
