"""Every threshold at once: the ROC curve and precision against recall, with bands.

In: Predictions and the positive class. Out: Curves of at most POINTS points.
Try: `roc(predictions.only("test"), positive="ill").area`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from objektiv.base.language import say
from objektiv.judging.intervals import Interval, NotDefined, bounded, one_kind, proportion
from objektiv.judging.metrics import auc_against_rest
from objektiv.judging.predictions import Predictions
from objektiv.judging.ranges import average_precision
from objektiv.judging.spread import Mean
from objektiv.judging.threshold import chances, steps

POINTS = 101
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Points from few called positive to all, (points,) each; `low` and `high` hold y at that x.

    roc: x is 1 - specificity, y sensitivity. precision-recall: x is recall, y precision, which
    holds for the share of positives in these items.
    `chance`: y of a model that knows nothing; None where it is x.
    """

    kind: Literal["roc", "precision-recall"]
    positive: str
    thresholds: tuple[float, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    area: Interval | NotDefined
    chance: float | None


def roc(predictions: Predictions, *, positive: str) -> Curve | NotDefined:
    """Sensitivity against the share of false alarms; its area is the AUC.

    The band at a point regards that the threshold of so many alarms is not known either.
    """
    truth = predictions.labels == predictions.classes.index(positive)
    if lacking := one_kind(truth, positive):
        return lacking
    scores, groups = chances(predictions, positive), predictions.group_numbers
    places, found, cleared = (values[::-1] for values in steps(scores, truth))
    ill, healthy = np.flatnonzero(truth), np.flatnonzero(~truth)
    x, y = 1 - cleared / len(healthy), found / len(ill)
    bands = []
    kept = _kept(x + y)
    for at in kept:
        yes = (scores >= places[at]).astype(np.float64)
        moved = Mean(healthy, yes[healthy], weight=-_slope(x, y, at, len(healthy)))
        bands.append(_band(y[at], Mean(ill, yes[ill]), moved, groups))
    area = auc_against_rest(predictions, positive=positive)
    return Curve(
        "roc",
        positive,
        **_points(places, x, y, kept, bands),
        area=area or NotDefined(say("a class is absent")),
        chance=None,
    )


def precision_recall(predictions: Predictions, *, positive: str) -> Curve | NotDefined:
    """Precision against recall; its area is the average precision.

    The band at a point is the interval of the precision at its threshold.
    """
    truth = predictions.labels == predictions.classes.index(positive)
    if lacking := one_kind(truth, positive):
        return lacking
    scores, groups = chances(predictions, positive), predictions.group_numbers
    places, found, cleared = (values[::-1][1:] for values in steps(scores, truth))
    alarms = (~truth).sum() - cleared
    x, y = found / truth.sum(), found / (found + alarms)
    kept = _kept(x)
    bands = []
    for at in kept:
        yes = scores >= places[at]
        bands.append(proportion(truth[yes], None if groups is None else groups[yes]))
    return Curve(
        "precision-recall",
        positive,
        **_points(places, x, y, kept, bands),
        area=average_precision(predictions, positive=positive),
        chance=float(truth.mean()),
    )


def _kept(path: Numbers) -> list[int]:
    """Places of at most POINTS points, even along `path`, which rises; ends among them."""
    if len(path) <= POINTS:
        return list(range(len(path)))
    wanted = np.linspace(path[0], path[-1], POINTS)
    inner = np.minimum(np.searchsorted(path, wanted), len(path) - 1)
    return [int(at) for at in np.unique([0, *inner, len(path) - 1])]


def _slope(x: Numbers, y: Numbers, at: int, negatives: int) -> float:
    """How steep the curve is about a point, over as many alarms as chance may move it by."""
    reach = max(np.sqrt(x[at] * (1 - x[at]) / negatives), 1 / negatives)
    first, last = np.searchsorted(x, [x[at] - reach, x[at] + reach])
    last = min(int(last), len(x) - 1)
    run = x[last] - x[first]
    return float((y[last] - y[first]) / run) if run > 0 else 0.0


def _band(y: float, own: Mean, moved: Mean, groups: NDArray[np.int64] | None) -> Interval:
    """The interval of y at a fixed x; at the ends of y the threshold's part is nothing."""
    if y in (0.0, 1.0) or not moved.weight:
        return bounded(float(y), [own], groups, most=len(own.rows))
    return bounded(float(y), [own, moved], groups, most=len(own.rows))


def _points(
    places: Numbers, x: Numbers, y: Numbers, kept: list[int], bands: list[Interval]
) -> dict[str, tuple[float, ...]]:
    return {
        "thresholds": tuple(places[kept].tolist()),
        "x": tuple(x[kept].tolist()),
        "y": tuple(y[kept].tolist()),
        "low": tuple(band.low for band in bands),
        "high": tuple(band.high for band in bands),
    }
