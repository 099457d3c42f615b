"""What a call is worth where the positives are as rare as in life, not as in the test part.

In: test Predictions, a Threshold and a prevalence. Out: Expected: predictive values with intervals,
and what happens to so many people.
Try: `expected(p.only("test"), threshold, prevalence=0.05).ppv`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from objektiv.judging.intervals import Interval, Mean, NotDefined, bounded
from objektiv.judging.predictions import Predictions
from objektiv.judging.threshold import Counts, Threshold, called

PEOPLE, MOST_PEOPLE = 1_000, 100_000


@dataclass(frozen=True)
class Expected:
    """What is to be expected where `prevalence` is the share of positives.

    `ppv`: of those called positive so many are; `npv`: of the others so many are not. `counts`: of
    `people`, in whole people; there are 1,000 of them, or more where one would round to nobody.
    """

    prevalence: float
    ppv: Interval | NotDefined
    npv: Interval | NotDefined
    people: int
    counts: Counts


def expected(
    test: Predictions, threshold: Threshold, *, prevalence: float
) -> Expected | NotDefined:
    """Predictive values by Bayes' rule from the sensitivity and specificity of these items.

    It supposes that positives and others look as they do here, only in another mix. Intervals are
    those of `bounded`, by the linear terms of the two shares, so that a group that errs in both
    is regarded (for independent items: Mercaldo et al., Stat. Med. 26 (2007) 2170).
    """
    truth = test.labels == test.classes.index(threshold.positive)
    if truth.all() or not truth.any():
        lacking = "another kind than " * bool(truth.all()) + threshold.positive
        return NotDefined(f"no test item is of {lacking}")
    yes = called(test, threshold).astype(np.float64)
    ill, healthy = np.flatnonzero(truth), np.flatnonzero(~truth)
    found, alarm = float(yes[ill].mean()), float(yes[healthy].mean())
    people = _people(prevalence, found, alarm)
    return Expected(
        prevalence,
        ppv=_value(
            (prevalence, Mean(ill, yes[ill])),
            (1 - prevalence, Mean(healthy, yes[healthy])),
            test,
            called=f"called {threshold.positive}",
        ),
        npv=_value(
            (1 - prevalence, Mean(healthy, 1 - yes[healthy])),
            (prevalence, Mean(ill, 1 - yes[ill])),
            test,
            called=f"called other than {threshold.positive}",
        ),
        people=people,
        counts=_counts(people, prevalence, found, alarm),
    )


def _value(
    right: tuple[float, Mean], wrong: tuple[float, Mean], test: Predictions, *, called: str
) -> Interval | NotDefined:
    """The share of the right ones among those called so.

    `right`, `wrong`: share of people of a kind, and whether each test item of it is called so.
    """
    (a, hits), (b, slips) = right, wrong
    hit, slip = float(hits.values.mean()), float(slips.values.mean())
    total = a * hit + b * slip
    if not total:
        return NotDefined(f"no test item is {called}")
    # Where no slip was seen, as many independent items as make Wilson's lower end that of the slips
    # put into Bayes' rule; likewise where no hit was seen.
    most = math.inf
    if not slip:
        most = a * hit * len(slips.rows) / b
    elif not hit:
        most = b * slip * len(hits.rows) / a
    means = [
        Mean(hits.rows, hits.values, weight=a * b * slip / total**2),
        Mean(slips.rows, slips.values, weight=-a * b * hit / total**2),
    ]
    return bounded(a * hit / total, means, test.group_numbers, most=most)


def _people(prevalence: float, found: float, alarm: float) -> int:
    """The fewest people, a power of ten from 1,000, of which no kind that occurs is less than 1."""
    kinds = (prevalence * found, prevalence * (1 - found))
    kinds += ((1 - prevalence) * alarm, (1 - prevalence) * (1 - alarm))
    people = PEOPLE
    while people < MOST_PEOPLE and any(0 < people * kind < 1 - 1e-9 for kind in kinds):
        people *= 10
    return people


def _counts(people: int, prevalence: float, found: float, alarm: float) -> Counts:
    ill = round(people * prevalence)
    healthy = people - ill
    hits, alarms = round(ill * found), round(healthy * alarm)
    return Counts(hits, ill - hits, alarms, healthy - alarms)
