"""The law through a learning curve, and how far both may be off.

In: which items were told right after learning from so many images, drawn again and again. Out: a
Learning: points with intervals, a power law, and what more images may give.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from objektiv.judging.intervals import Interval, bounded
from objektiv.judging.spread import Mean
from objektiv.models.growth import FEWEST, Growth, fit_power_law

TIMES = 500  # bootstrap samples
FACTORS = (2.0, 5.0, 10.0)  # of the images that were there
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Point:
    """Accuracy after learning from about so many images."""

    images: float
    groups: float | None
    accuracy: Interval  # of drawing images and of the items judged
    draws: tuple[float, ...]


@dataclass(frozen=True)
class Forecast:
    """Accuracy to be expected of more images; `low` to `high` hold 95 % of the bootstrap."""

    images: float
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Learning:
    """The learning curve."""

    points: tuple[Point, ...]
    law: Growth  # of the means, one
    band: Growth  # of the bootstrap samples
    forecasts: tuple[Forecast, ...]
    tried: tuple[float, float, float, float] | None
    """The law of the smaller half against the largest number: expected, low, high, measured."""


def law_of(
    hits: NDArray[np.bool_],
    images: Numbers,
    groups: Numbers | None,
    own: Ints | None,
    rng: np.random.Generator,
) -> Learning:
    """Points, the law through them, and how far both may be off: groups and draws by bootstrap."""
    numbers, draws, items = hits.shape
    clusters = np.arange(items) if own is None else own
    count = int(clusters.max()) + 1
    sums = np.stack([
        np.bincount(clusters, ~hits[n, d], minlength=count) for n in range(numbers)
        for d in range(draws)
    ]).reshape(numbers, draws, count)  # fmt: skip
    sizes = np.bincount(clusters, minlength=count)
    times = rng.multinomial(count, np.full(count, 1 / count), size=TIMES)  # (times, clusters)
    drawn = rng.multinomial(draws, np.full(draws, 1 / draws), size=TIMES) / draws
    errors = np.einsum("ndt,td->tn", sums @ times.T, drawn) / (times @ sizes)[:, None]
    measured = 1 - hits.mean(axis=(1, 2))
    weights = 1 / np.maximum(errors.var(axis=0), 1e-8)
    law, band = (
        fit_power_law(images, measured[None], weights),
        fit_power_law(images, errors, weights),
    )
    forecasts = tuple(_forecast(law, band, factor * images[-1]) for factor in FACTORS)
    half = int((images <= images[-1] / 2).sum())
    tried = None
    if half >= FEWEST:
        less = fit_power_law(images[:half], measured[None, :half], weights[:half])
        low = fit_power_law(images[:half], errors[:, :half], weights[:half])
        guess = _forecast(less, low, float(images[-1]))
        tried = (guess.accuracy, guess.low, guess.high, float(1 - measured[-1]))
    points = tuple(
        _point(hits[n], float(images[n]), None if groups is None else float(groups[n]), own)
        for n in range(numbers)
    )
    return Learning(points, law, band, forecasts, tried)


def _forecast(law: Growth, band: Growth, images: float) -> Forecast:
    low, high = np.quantile(1 - band.at(images)[:, 0], (0.025, 0.975))
    return Forecast(images, float(1 - law.at(images)[0, 0]), float(low), float(high))


def _point(hits: Flags, images: float, groups: float | None, own: Ints | None) -> Point:
    """Two reasons to be off: other items would be judged, other images drawn."""
    shares = hits.mean(axis=0)
    mean = Mean(np.arange(len(shares)), shares)
    judged = bounded(float(shares.mean()), [mean], own, most=len(shares))
    draws = hits.mean(axis=1)
    error = 2 * float(draws.std(ddof=1)) / math.sqrt(len(draws))
    low = judged.estimate - math.hypot(judged.estimate - judged.low, error)
    high = judged.estimate + math.hypot(judged.high - judged.estimate, error)
    interval = replace(judged, low=max(0.0, low), high=min(1.0, high))
    return Point(images, groups, interval, tuple(draws.tolist()))
