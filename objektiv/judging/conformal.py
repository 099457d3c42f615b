"""Sets of classes that hold the true one as often as was promised.

In: probabilities of items the model was not fitted on, with their labels. Out: a SetRule, which
says from which probability on a class is possible, and what became of the promise on the test
part. A set of one class is an answer; one of several, or of none, is a reason not to answer.
Split conformal prediction with one threshold a class, or one for all: the smallest sets for a
promise (Sadinle, Lei and Wasserman, Least ambiguous set-valued classifiers, JASA 114 (2019) 223).
Why not adaptive sets, and why items and not groups are counted: docs/decisions/abstaining.md.
Try: `rule = fit_sets(held_out, coverage=0.95)`, then `score_sets(rule, test).covered`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base.language import say
from objektiv.judging.intervals import Interval, proportion
from objektiv.judging.predictions import Predictions
from objektiv.judging.spread import FEW_GROUPS

SHOWN_SIZES = 10  # classes in a set, that are counted one by one

Numbers = NDArray[np.float64]


def limit_of(values: Numbers, *, exceeded: float) -> float | None:
    """The value that a new one exceeds with a chance of at most `exceeded`.

    `values`: (items,), of items like the new one. The rank is taken among one item more than there
    are, which makes the promise hold on average for any number of them. None where so few cannot
    give it.
    """
    rank = math.ceil((1 - exceeded) * (len(values) + 1) - 1e-9)
    return float(np.partition(values, rank - 1)[rank - 1]) if rank <= len(values) else None


def warning_of(groups: NDArray[np.int64] | None) -> str | None:
    """A warning where a limit was chosen on too few groups to hold for another one."""
    count = None if groups is None else len(np.unique(groups))
    if count is None or count >= FEW_GROUPS:
        return None
    return say(
        "chosen on only {groups} groups: collect at least {few} to trust it",
        groups=count,
        few=FEW_GROUPS,
    )


@dataclass(frozen=True)
class SetRule:
    """A class is possible where its probability is at least its floor.

    `always`: classes of which too few items were held out, so that they are always possible.
    """

    coverage: float
    by_class: bool  # the promise holds for each class, not only for all items together
    classes: tuple[str, ...]
    floors: tuple[float, ...]
    always: tuple[str, ...]
    items: int  # that the floors were chosen on
    warning: str | None

    def sets(self, probabilities: NDArray[Any]) -> NDArray[np.bool_]:
        """Which classes are possible, (items, classes)."""
        return np.asarray(probabilities >= np.array(self.floors))


def fit_sets(held_out: Predictions, *, coverage: float, by_class: bool) -> SetRule:
    """The floors under which the true class would rarely fall.

    `held_out`: of items the model was not fitted on and that are not test.
    """
    labels, classes = held_out.labels, held_out.classes
    own = held_out.probabilities[np.arange(len(labels)), labels]
    floors: list[float] = []
    always = []
    for k, name in enumerate(classes):
        among = own[labels == k] if by_class else own
        limit = limit_of(-among, exceeded=1 - coverage)
        always += [name] if limit is None else []
        floors.append(0.0 if limit is None else -limit)
    warning = warning_of(held_out.group_numbers)
    return SetRule(coverage, by_class, classes, tuple(floors), tuple(always), len(labels), warning)


@dataclass(frozen=True)
class SetScores:
    """What became of a promise; `by_class` and `sizes` in the order of classes and of size."""

    rule: SetRule
    covered: Interval  # share of items whose set holds the true class
    by_class: tuple[Interval | None, ...]  # None where a class is absent
    one: Interval  # share of items whose set is a single class: an answer
    right_of_one: Interval | None  # share of these that is right; None where there are none
    sizes: tuple[int, ...]  # items whose set has 0, 1, 2 ... classes, the last also more
    mean_size: float
    groups: tuple[float, float, float] | None  # covered: 10 % of groups, half, 90 % are below

    def to_dict(self) -> dict[str, Any]:
        """A mapping that is JSON."""
        return asdict(self)


def score_sets(rule: SetRule, test: Predictions) -> SetScores:
    """The sets of `test`, judged against its labels."""
    sets, labels, groups = rule.sets(test.probabilities), test.labels, test.group_numbers
    rows = np.arange(len(test))
    holds, size = sets[rows, labels], sets.sum(axis=1)

    def share(what: NDArray[np.bool_], among: NDArray[np.bool_]) -> Interval | None:
        if not among.any():
            return None
        return proportion(what[among], None if groups is None else groups[among])

    single = size == 1
    counted = np.bincount(np.minimum(size, SHOWN_SIZES))
    return SetScores(
        rule=rule,
        covered=proportion(holds, groups),
        by_class=tuple(share(holds, labels == k) for k in range(len(test.classes))),
        one=proportion(single, groups),
        right_of_one=share(holds, single),
        sizes=tuple(int(n) for n in counted),
        mean_size=float(size.mean()),
        groups=None if groups is None else spread_of_groups(holds, groups),
    )


def spread_of_groups(
    holds: NDArray[np.bool_], groups: NDArray[np.int64]
) -> tuple[float, float, float]:
    """The share that holds, below which 10 % of groups, half of them, and 90 % are."""
    shares = np.bincount(groups, holds) / np.bincount(groups)
    low, half, high = np.quantile(shares, (0.1, 0.5, 0.9))
    return float(low), float(half), float(high)
