"""How far a score may be from the truth: 95 % intervals, also for items that come in groups.

In: what each item scored, and its group. Out: an Interval. Items of one group (a patient, a
slide) succeed and fail together, so that 10,000 cells of 20 patients tell less than 10,000
patients would; the intervals here are as wide as the groups demand.
Method, figures and the runner-up: docs/decisions/intervals.md, benchmarks/interval_coverage.py.
Try: `proportion(np.array([True, True, False]), None)`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base.errors import DataError
from objektiv.base.language import say
from objektiv.judging.predictions import Predictions
from objektiv.judging.spread import (
    LIKENESS_OF_DIFFERENCES,
    NORMAL_QUANTILE,
    Groups,
    Mean,
    Numbers,
    spread,
)


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval; `groups` is None where items are independent."""

    estimate: float
    low: float
    high: float
    method: str
    groups: int | None
    warning: str | None

    def to_dict(self) -> dict[str, Any]:
        """A mapping that is JSON."""
        return asdict(self)


@dataclass(frozen=True)
class NotDefined:
    """A score that cannot be computed; `reason` completes "not defined: "."""

    reason: str

    def to_dict(self) -> dict[str, Any]:
        """A mapping that is JSON."""
        return asdict(self)


def one_kind(truth: NDArray[np.bool_], positive: str) -> NotDefined | None:
    """Why nothing can be told apart where all items, or none, are positive; else None."""
    if truth.any() and not truth.all():
        return None
    if truth.any():
        return NotDefined(say("no test item is of another kind than {name}", name=positive))
    return NotDefined(say("no test item is of {name}", name=positive))


def wilson(share: float, items: float, *, quantile: float = NORMAL_QUANTILE) -> tuple[float, float]:
    """Ends of Wilson's score interval of a proportion; `items` may be a fraction.

    Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209.
    """
    square = quantile**2
    centre = (share + square / (2 * items)) / (1 + square / items)
    spread = share * (1 - share) / items + square / (4 * items**2)
    half = quantile / (1 + square / items) * math.sqrt(max(spread, 0.0))
    # Rounding may not push the estimate out.
    return max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share))


def proportion(correct: NDArray[np.bool_], groups: Groups) -> Interval:
    """The share of items that are true: Wilson, or Wilson on the number of items groups leave.

    `correct`: (items,), at least one item; `groups`: (items,), numbers from 0, or None.
    """
    items = len(correct)
    mean = Mean(np.arange(items), correct.astype(np.float64))
    return bounded(float(correct.mean()), [mean], groups, most=items)


def share(correct: NDArray[np.bool_], groups: Groups, *, none: str) -> Interval | NotDefined:
    """`proportion`, also where there is no item; `none` is then the reason."""
    return proportion(correct, groups) if len(correct) else NotDefined(none)


def bounded(estimate: float, means: Sequence[Mean], groups: Groups, *, most: float) -> Interval:
    """The interval of a score between 0 and 1 that is, or is nearly, a sum of `means`.

    Wilson's interval with the number of independent items that would vary as much as this score
    does, but no more than `most`; with groups a t quantile instead of the normal one.
    """
    varies = spread(means, groups)
    room = estimate * (1 - estimate)
    items = min(room / varies.independent, most) if varies.independent > 0 else most
    low, high = wilson(estimate, items / varies.inflation, quantile=varies.quantile)
    method = "Wilson" if groups is None else "Wilson with the effective number of items, t"
    return Interval(estimate, low, high, method, varies.groups, varies.warning())


def above_zero(means: Sequence[Mean], groups: Groups, *, most: float) -> Interval:
    """The interval of a sum of means between 0 and a far `most`, such as the log loss.

    Symmetric in the logarithm; with groups a t quantile instead of the normal one.
    """
    varies = spread(means, groups)
    estimate = float(sum(m.weight * m.values.mean() for m in means))
    error = math.sqrt(varies.inflation * varies.independent)
    factor = math.exp(varies.quantile * error / estimate) if estimate > 0 else 1.0
    low, high = estimate / factor, max(estimate, min(estimate * factor, most))
    method = "logarithm, normal" if groups is None else "logarithm, effective number of items, t"
    return Interval(estimate, low, high, method, varies.groups, varies.warning())


def paired_difference(a: Predictions, b: Predictions) -> Interval:
    """Accuracy of `a` minus accuracy of `b` on the same items, in any order.

    Bonett and Price's interval (J. Educ. Behav. Stat. 37 (2012) 479) with the effective number of
    items; groups are those of `a`. Items on which both are right or both wrong narrow it.

    Raises:
        DataError: the ids or the labels differ, or there is no item.
    """
    place = {name: i for i, name in enumerate(b.ids)}
    strangers = sorted(set(a.ids) ^ set(b.ids))
    if strangers or not a.ids:
        raise DataError(
            "two sets of predictions cannot be compared item by item",
            value=f"{len(strangers):,} ids are only in one, e.g. {strangers[0]}"
            if strangers
            else "no items",
            allowed="Both need the same ids",
            next="predict the same items with both models",
        )
    b = b.rows([place[name] for name in a.ids])
    pairs = zip(a.ids, a.labels, b.labels, strict=True)
    if other := [name for name, k, m in pairs if a.classes[k] != b.classes[m]]:
        raise DataError(
            "two sets of predictions disagree about the truth",
            value=f"{len(other):,} labels differ, e.g. of {other[0]}",
            allowed="Both need the same labels",
            next="make both from the same data",
        )
    return difference(a.correct.astype(np.float64) - b.correct, a.group_numbers)


def difference(values: Numbers, groups: Groups) -> Interval:
    """The interval of the mean of `values`, (items,), each 1 (gained), 0 or -1 (lost)."""
    mean = Mean(np.arange(len(values)), values)
    varies = spread([mean], groups, likeness=LIKENESS_OF_DIFFERENCES)
    gained, lost = float((values > 0).sum()), float((values < 0).sum())
    # Bonett and Price add one item to the gained and one to the lost; for 95 % this is z^2 / 4.
    extra = varies.quantile**2 / 4
    items = len(values) / varies.inflation + 2 * extra
    up, down = ((n / varies.inflation + extra) / items for n in (gained, lost))
    half = varies.quantile * math.sqrt((up + down - (up - down) ** 2) / items)
    estimate = float(values.mean())
    low, high = (
        max(-1.0, min(up - down - half, estimate)),
        min(1.0, max(up - down + half, estimate)),
    )
    method = "Bonett-Price" if groups is None else "Bonett-Price with the effective items, t"
    return Interval(estimate, low, high, method, varies.groups, varies.warning())
