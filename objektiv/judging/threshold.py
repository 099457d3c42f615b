"""The operating point: from which probability on an item is called positive, and what it is worth.

In: Predictions and what is demanded. Out: a Threshold, chosen on held-out items, and the
OperatingPoint that it gives on test items.
Try: `choose(p.held_out(), "ill", JudgeSettings(sensitivity=0.98))`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from objektiv.base.language import mark, say
from objektiv.judging.intervals import Interval, NotDefined, share
from objektiv.judging.predictions import Predictions
from objektiv.judging.settings import JudgeSettings

Way = Literal["most probable", "sensitivity", "specificity", "costs", "balance", "given"]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]
What = Literal["item", "group"]
LACKING = {  # of what there is none, and whether of the positive class
    ("item", True): mark("no item of {name} among those it would be chosen on"),
    ("item", False): mark("no item of another kind than {name} among those it would be chosen on"),
    ("group", True): mark("no group of {name} among those it would be chosen on"),
    ("group", False): mark(
        "no group of another kind than {name} among those it would be chosen on"
    ),
}
ROUNDING = 1e-9  # 49 of 50 is a sensitivity of 0.98


@dataclass(frozen=True)
class Demand:
    """What a threshold is chosen for.

    `balance`: the largest sum of sensitivity and specificity (Youden's index).
    """

    way: Way
    share: float | None = None  # of sensitivity or specificity
    costs: tuple[float, float] | None = None  # of a miss and of an alarm


@dataclass(frozen=True)
class Threshold:
    """What is at or above `value` is called positive; None: where it is the most probable class.

    `sensitivity`, `specificity`, `positives`, `negatives` are of what it was chosen on, where it
    flatters. `reached`: whether what was demanded was met there other than by calling everything,
    or nothing, positive. `way`: "most probable" was not chosen on anything, "given" was chosen
    elsewhere, such as for a bundle.
    """

    positive: str
    value: float | None
    way: Way
    demanded: float | None = None
    costs: tuple[float, float] | None = None
    reached: bool = True
    sensitivity: float | None = None
    specificity: float | None = None
    positives: int = 0
    negatives: int = 0


@dataclass(frozen=True)
class Counts:
    """Positives that were found and missed, others that were alarmed and cleared."""

    found: int
    missed: int
    alarmed: int
    cleared: int


@dataclass(frozen=True)
class OperatingPoint:
    """What a threshold is worth on test items.

    `precision`: share of the called that are positive, `cleared_right`: share of the others that
    are not; both hold for the mix of these items only, see `judging.prevalence`.
    """

    threshold: Threshold
    items: int
    groups: int | None
    sensitivity: Interval | NotDefined
    specificity: Interval | NotDefined
    accuracy: Interval | NotDefined
    precision: Interval | NotDefined
    cleared_right: Interval | NotDefined
    counts: Counts


def demand_of(settings: JudgeSettings) -> Demand | None:
    """What the settings demand, if anything."""
    if settings.sensitivity is not None:
        return Demand("sensitivity", settings.sensitivity)
    if settings.specificity is not None:
        return Demand("specificity", settings.specificity)
    if settings.cost_miss is not None and settings.cost_alarm is not None:
        return Demand("costs", costs=(settings.cost_miss, settings.cost_alarm))
    return None


def choose(
    held_out: Predictions | None, positive: str, settings: JudgeSettings
) -> Threshold | NotDefined:
    """The threshold that the settings demand, by held-out items: never by what is test.

    Without a demand the most probable class decides. Costs are weighed at the share of positives
    that the held-out items have.
    """
    demand = demand_of(settings)
    if demand is None:
        return Threshold(positive, None, "most probable")
    if held_out is None:
        return NotDefined(
            say("no items beside the test part, on which a threshold could be chosen")
        )
    truth = held_out.labels == held_out.classes.index(positive)
    return cut(chances(held_out, positive), truth, demand, positive=positive)


def chances(predictions: Predictions, positive: str) -> Numbers:
    """The probability of the positive class, (items,)."""
    return np.asarray(predictions.probabilities[:, predictions.classes.index(positive)])


def called(predictions: Predictions, threshold: Threshold) -> Flags:
    """Whether each item is called positive, (items,)."""
    if threshold.value is None:
        return np.asarray(predictions.predicted == predictions.classes.index(threshold.positive))
    return np.asarray(chances(predictions, threshold.positive) >= threshold.value)


def cut(
    values: Numbers, truth: Flags, demand: Demand, *, positive: str, what: What = "item"
) -> Threshold | NotDefined:
    """The value between 0 and 1 from which on is called positive, as demanded.

    `values`, `truth`: (items,). It lies midway between two values that occur, so that rounding
    moves nobody across. Of equally good ones the one in the middle is taken.
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return NotDefined(say(LACKING[what, not positives], name=positive))
    places, found, cleared = steps(values, truth)
    sensitivity, specificity = found / positives, cleared / negatives
    best = _best(demand, found, cleared, totals=(positives, negatives))
    trivial = {"sensitivity": specificity[best] == 0, "specificity": sensitivity[best] == 0}
    return Threshold(
        positive,
        float(places[best]),
        demand.way,
        demanded=demand.share,
        costs=demand.costs,
        reached=not trivial.get(demand.way, False),
        sensitivity=float(sensitivity[best]),
        specificity=float(specificity[best]),
        positives=positives,
        negatives=negatives,
    )


def steps(values: Numbers, truth: Flags) -> tuple[Numbers, Numbers, Numbers]:
    """Every threshold that makes a difference, rising, with positives found and others cleared.

    `values`: (items,) between 0 and 1. The first calls everything, the last nothing.
    """
    distinct, place = np.unique(values, return_inverse=True)
    right = np.bincount(place, truth, minlength=len(distinct))
    other = np.bincount(place, ~truth, minlength=len(distinct))
    found = truth.sum() - np.concatenate([[0.0], right.cumsum()])
    cleared = np.concatenate([[0.0], other.cumsum()])
    above = np.append(distinct[1:], max(1.0, np.nextafter(distinct[-1], 2)))
    middle = (distinct + above) / 2
    middle = np.where(middle > distinct, middle, above)  # neighbours among the numbers
    return np.concatenate([[0.0], middle]), found, cleared


def _best(demand: Demand, found: Numbers, cleared: Numbers, *, totals: tuple[int, int]) -> int:
    positives, negatives = totals
    if demand.way == "sensitivity":
        return int(np.flatnonzero(found / positives >= (demand.share or 0) - ROUNDING)[-1])
    if demand.way == "specificity":
        return int(np.flatnonzero(cleared / negatives >= (demand.share or 0) - ROUNDING)[0])
    miss, alarm = demand.costs or (1 / positives, 1 / negatives)
    cost = miss * (positives - found) + alarm * (negatives - cleared)
    least = np.flatnonzero(cost <= cost.min() * (1 + ROUNDING) + ROUNDING * min(miss, alarm))
    return int(least[(len(least) - 1) // 2])


def operating_point(test: Predictions, threshold: Threshold) -> OperatingPoint:
    """What the threshold is worth on these items, with intervals that regard groups."""
    positive, groups = threshold.positive, test.group_numbers
    truth = test.labels == test.classes.index(positive)
    yes = called(test, threshold)

    def of(values: Flags, rows: Flags, told: str) -> Interval | NotDefined:
        return share(values[rows], None if groups is None else groups[rows], none=told)

    return OperatingPoint(
        threshold,
        items=len(test),
        groups=None if groups is None else int(groups.max()) + 1,
        sensitivity=of(yes, truth, say("no test item of {name}", name=positive)),
        specificity=of(
            ~yes, ~truth, say("no test item of another kind than {name}", name=positive)
        ),
        accuracy=of(yes == truth, np.ones_like(yes), say("no test item")),
        precision=of(truth, yes, say("no test item was called {name}", name=positive)),
        cleared_right=of(
            ~truth, ~yes, say("no test item was called other than {name}", name=positive)
        ),
        counts=Counts(
            found=int((yes & truth).sum()),
            missed=int((~yes & truth).sum()),
            alarmed=int((yes & ~truth).sum()),
            cleared=int((~yes & ~truth).sum()),
        ),
    )
