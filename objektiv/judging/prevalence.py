"""What a call is worth where the positives are as rare as in life, not as in the test part.

In: what is called positive and what is, of items or of whole groups, and a prevalence. Out: an
Expected: predictive values with intervals, and what happens to 1,000 of them.
Try: `expected(truth, yes, None, positive="ill", prevalence=0.05).ppv`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from objektiv.base.language import say
from objektiv.judging.intervals import Interval, NotDefined, bounded, one_kind
from objektiv.judging.spread import Mean
from objektiv.judging.threshold import Counts

FEWEST, MOST = 1_000, 100_000  # of which counts are told
Flags = NDArray[np.bool_]
Groups = NDArray[np.int64] | None


@dataclass(frozen=True)
class Expected:
    """What is to be expected where `prevalence` is the share of positives.

    `ppv`: of those called positive so many are; `npv`: of the others so many are not. `counts`: of
    `total`, in whole ones; that is 1,000, or more where one of the counts would round to none.
    """

    prevalence: float
    ppv: Interval | NotDefined
    npv: Interval | NotDefined
    total: int
    counts: Counts


def expected(
    truth: Flags, yes: Flags, groups: Groups, *, positive: str, prevalence: float
) -> Expected | NotDefined:
    """Predictive values by Bayes' rule from the sensitivity and specificity seen here.

    `truth`, `yes`: (items,), whether each is positive and whether it is called so. It supposes that
    positives and others look as they do here, only in another mix. Intervals are those of
    `bounded`, by the linear terms of the two shares, so that a group that errs in both is regarded
    (for independent items: Mercaldo et al., Stat. Med. 26 (2007) 2170).
    """
    if lacking := one_kind(truth, positive):
        return lacking
    said = yes.astype(np.float64)
    ill, healthy = np.flatnonzero(truth), np.flatnonzero(~truth)
    found, alarm = float(said[ill].mean()), float(said[healthy].mean())
    total = _total(prevalence, found, alarm)
    return Expected(
        prevalence,
        ppv=_value(
            (prevalence, Mean(ill, said[ill])),
            (1 - prevalence, Mean(healthy, said[healthy])),
            groups,
            none=say("no test item is called {name}", name=positive),
        ),
        npv=_value(
            (1 - prevalence, Mean(healthy, 1 - said[healthy])),
            (prevalence, Mean(ill, 1 - said[ill])),
            groups,
            none=say("no test item is called other than {name}", name=positive),
        ),
        total=total,
        counts=_counts(total, prevalence, found, alarm),
    )


def _value(
    right: tuple[float, Mean], wrong: tuple[float, Mean], groups: Groups, *, none: str
) -> Interval | NotDefined:
    """The share of the right ones among those called so.

    `right`, `wrong`: share of a kind, and whether each test item of it is called so.
    """
    (a, hits), (b, slips) = right, wrong
    hit, slip = float(hits.values.mean()), float(slips.values.mean())
    total = a * hit + b * slip
    if not total:
        return NotDefined(none)
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
    return bounded(a * hit / total, means, groups, most=most)


def _total(prevalence: float, found: float, alarm: float) -> int:
    """The fewest, a power of ten from 1,000, of which no kind that occurs is rounded to none."""
    kinds = [prevalence * found, prevalence * (1 - found)]
    kinds += [(1 - prevalence) * alarm, (1 - prevalence) * (1 - alarm)]
    total = FEWEST
    while total < MOST and any(kind and round(total * kind) == 0 for kind in kinds):
        total *= 10
    return total


def _counts(total: int, prevalence: float, found: float, alarm: float) -> Counts:
    ill = round(total * prevalence)
    healthy = total - ill
    hits, alarms = round(ill * found), round(healthy * alarm)
    return Counts(hits, ill - hits, alarms, healthy - alarms)
