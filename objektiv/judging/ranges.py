"""Intervals of scores that are ratios of sums: precision, F1, average precision, Brier score.

In: Predictions. Out: Ranges. Each such score is nearly a mean of its linear terms, one an item, so
that `intervals.bounded` serves it, groups and all, without random numbers; checked by resampling.
Try: `ranges(predictions.only("test")).macro_f1`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from objektiv.base.language import say
from objektiv.judging.intervals import Interval, NotDefined, bounded, one_kind, proportion, share
from objektiv.judging.metrics import brier
from objektiv.judging.predictions import Predictions
from objektiv.judging.spread import Mean

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Ranges:
    """95 % intervals; `precision` and `f1`: of each class, in the order of the classes."""

    precision: tuple[Interval | NotDefined, ...]
    f1: tuple[Interval | NotDefined, ...]
    macro_f1: Interval
    brier: Interval
    average_precision: Interval | NotDefined


def ranges(predictions: Predictions, *, positive: str | None = None) -> Ranges:
    """The intervals of these predictions; `average_precision` is that of the positive class."""
    groups, predicted = predictions.group_numbers, predictions.predicted
    precision: list[Interval | NotDefined] = []
    f1: list[Interval | NotDefined] = []
    terms: list[Mean] = []
    for k, name in enumerate(predictions.classes):
        truth, said = predictions.labels == k, predicted == k
        own = None if groups is None else groups[said]
        precision.append(
            share(truth[said], own, none=say("no test item was called {name}", name=name))
        )
        if (truth | said).any():
            terms.append(_f1_terms(truth, said))
            f1.append(_f1(truth, said, groups))
        else:
            f1.append(NotDefined(say("no test item is, or was called, {name}", name=name)))
    macro = [Mean(m.rows, m.values, weight=1 / len(terms)) for m in terms]
    return Ranges(
        tuple(precision),
        tuple(f1),
        # Without a mistake each class is worth twice its items, as in `_f1`.
        macro_f1=_near(macro, groups, most=1 / sum(m.weight**2 / (2 * len(m.rows)) for m in macro)),
        brier=_brier(predictions),
        average_precision=average_precision(predictions, positive=positive)
        if positive
        else NotDefined(say("no positive class is named")),
    )


def _near(means: Sequence[Mean], groups: NDArray[np.int64] | None, *, most: float) -> Interval:
    estimate = float(sum(m.weight * m.values.mean() for m in means))
    return bounded(min(1.0, max(0.0, estimate)), means, groups, most=most)


def _f1(truth: Flags, said: Flags, groups: NDArray[np.int64] | None) -> Interval:
    """F1 is 2 j / (1 + j), j the share of hits among items of the class or called so."""
    rows = truth | said
    hits = proportion((truth & said)[rows], None if groups is None else groups[rows])
    ends = {name: getattr(hits, name) for name in ("estimate", "low", "high")}
    return replace(hits, **{name: 2 * j / (1 + j) for name, j in ends.items()})


def _f1_terms(truth: Flags, said: Flags) -> Mean:
    """F1 = sum(a) / sum(b) over items of the class or called so, and its linear terms."""
    rows = np.flatnonzero(truth | said)
    a = 2.0 * (truth & said)[rows]
    b = truth[rows].astype(np.float64) + said[rows]
    value = a.sum() / b.sum()
    return Mean(rows, value + (a - value * b) / b.mean())


def _brier(predictions: Predictions) -> Interval:
    truth = np.eye(len(predictions.classes))[predictions.labels]
    halves = ((predictions.probabilities - truth) ** 2).sum(axis=1) / 2
    mean = Mean(np.arange(len(predictions)), halves)
    groups = predictions.group_numbers
    # Squares vary less than hits and misses do, so an item may count for more than one, but for no
    # more than three: where few err the variance seen is too small (86 % covered without, 97 with).
    most = 3 * len(predictions)
    found = bounded(float(halves.mean()), [mean], groups, most=most)
    return replace(found, estimate=brier(predictions), low=2 * found.low, high=2 * found.high)


def average_precision(predictions: Predictions, *, positive: str) -> Interval | NotDefined:
    """Area below the steps of precision against recall, as scikit-learn has it.

    It falls with the share of positives; that share is the one of these items.
    """
    truth = predictions.labels == predictions.classes.index(positive)
    if lacking := one_kind(truth, positive):
        return lacking
    scores = predictions.probabilities[:, predictions.classes.index(positive)]
    mean = _area_terms(scores, truth)
    rarer = min(int(truth.sum()), int((~truth).sum()))
    return _near([mean], predictions.group_numbers, most=3 * rarer)  # as of the AUC


def _area_terms(scores: Numbers, truth: Flags) -> Mean:
    """The area and what each item adds to it, to first order.

    With the positives of one threshold p of P and the precision q there, the area is sum(p q) / P.
    An item moves P, p at its own threshold, and q at each threshold below it.
    """
    distinct, place = np.unique(-scores, return_inverse=True)  # from the highest
    hits = np.bincount(place, truth, minlength=len(distinct))
    seen = np.bincount(place, minlength=len(distinct)).cumsum()
    precision = hits.cumsum() / seen
    total = float(hits.sum())
    area = float(hits @ precision) / total
    # Of all thresholds from an item's own downwards: what one more item, and one more hit, adds.
    more_hits = np.cumsum((hits / seen)[::-1])[::-1]
    more_items = np.cumsum((hits * precision / seen)[::-1])[::-1]
    gain = truth * (precision[place] - area + more_hits[place]) - more_items[place]
    return Mean(np.arange(len(scores)), area + gain * len(scores) / total)
