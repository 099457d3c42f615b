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

NORMAL_QUANTILE = 1.959963984540054  # two-sided 95 %
FEW_GROUPS = 20  # below this an interval carries a warning
# What is believed before the groups have spoken: two items of one group agree a little more than
# strangers do (intra-class correlation 0.1), and this belief weighs as much as four groups.
# Chosen by simulation, see the decision; 0.05 covers too little, 0.15 is wider for no need.
# How two models differ is alike in a group much less than how one of them does.
LIKENESS, LIKENESS_OF_DIFFERENCES, LIKENESS_GROUPS = 0.1, 0.03, 4.0

Numbers = NDArray[np.float64]
Groups = NDArray[np.int64] | None


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


@dataclass(frozen=True)
class Mean:
    """One of the means that a score is a weighted sum of.

    `rows`: (members,), places of its items; `values`: (members,), what each scored.
    """

    rows: NDArray[np.int64]
    values: Numbers
    weight: float = 1.0


@dataclass(frozen=True)
class _Spread:
    """How much a sum of means varies."""

    independent: float  # variance, were the items independent
    inflation: float  # by which groups multiply it: the design effect, at least 1
    quantile: float
    groups: int | None
    likeness: float

    def warning(self) -> str | None:
        if self.groups is None or self.groups >= FEW_GROUPS:
            return None
        if self.groups == 1:
            return say(
                "all items are of one group: how groups differ was not measured, "
                "a likeness of {likeness:g} inside a group is assumed",
                likeness=self.likeness,
            )
        return say(
            "only {groups} groups: collect at least {few} to trust the interval",
            groups=self.groups,
            few=FEW_GROUPS,
        )


def student_quantile(freedom: float) -> float:
    """Student's t at 0.975 for 4 degrees of freedom or more, to 1 in 2,000.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5. SciPy's is exact, but
    importing it takes 0.1 to 0.3 s.
    """
    z, v = NORMAL_QUANTILE, freedom
    return float(
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * v**4)
    )


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
    spread = _spread(means, groups)
    room = estimate * (1 - estimate)
    items = min(room / spread.independent, most) if spread.independent > 0 else most
    low, high = wilson(estimate, items / spread.inflation, quantile=spread.quantile)
    method = "Wilson" if groups is None else "Wilson with the effective number of items, t"
    return Interval(estimate, low, high, method, spread.groups, spread.warning())


def above_zero(means: Sequence[Mean], groups: Groups, *, most: float) -> Interval:
    """The interval of a sum of means between 0 and a far `most`, such as the log loss.

    Symmetric in the logarithm; with groups a t quantile instead of the normal one.
    """
    spread = _spread(means, groups)
    estimate = float(sum(m.weight * m.values.mean() for m in means))
    error = math.sqrt(spread.inflation * spread.independent)
    factor = math.exp(spread.quantile * error / estimate) if estimate > 0 else 1.0
    low, high = estimate / factor, max(estimate, min(estimate * factor, most))
    method = "logarithm, normal" if groups is None else "logarithm, effective number of items, t"
    return Interval(estimate, low, high, method, spread.groups, spread.warning())


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
    spread = _spread([mean], groups, likeness=LIKENESS_OF_DIFFERENCES)
    gained, lost = float((values > 0).sum()), float((values < 0).sum())
    # Bonett and Price add one item to the gained and one to the lost; for 95 % this is z^2 / 4.
    extra = spread.quantile**2 / 4
    items = len(values) / spread.inflation + 2 * extra
    up, down = ((n / spread.inflation + extra) / items for n in (gained, lost))
    half = spread.quantile * math.sqrt((up + down - (up - down) ** 2) / items)
    estimate = float(values.mean())
    low, high = (
        max(-1.0, min(up - down - half, estimate)),
        min(1.0, max(up - down + half, estimate)),
    )
    method = "Bonett-Price" if groups is None else "Bonett-Price with the effective items, t"
    return Interval(estimate, low, high, method, spread.groups, spread.warning())


def _spread(means: Sequence[Mean], groups: Groups, *, likeness: float = LIKENESS) -> _Spread:
    """Variance of a sum of means, by its linear terms, and what groups do to it.

    The between-group variance of so few groups is a poor guess, so its ratio to the variance of
    independent items is averaged with the ratio that `likeness` would give.
    """
    length = 1 + max(int(m.rows.max()) for m in means)
    influence = np.zeros(length)
    for m in means:
        influence[m.rows] += m.weight * (m.values - m.values.mean()) / len(m.values)
    independent = float(influence @ influence)
    if groups is None:
        return _Spread(independent, 1.0, NORMAL_QUANTILE, None, likeness)

    groups = groups[:length]
    believed, share = _believed(means, groups, likeness=likeness)
    count = int((share > 0).sum())
    effective = float(share.sum() ** 2 / (share @ share)) - 1  # degrees of freedom
    seen = _between(means, groups, likeness=likeness) if count > 1 else 0.0
    known = min(effective, _groups_that_tell(means, groups)) if independent > 0 else 0.0
    ratio = seen / independent if independent > 0 else believed
    inflation = (known * ratio + LIKENESS_GROUPS * believed) / (known + LIKENESS_GROUPS)
    quantile = student_quantile(effective + LIKENESS_GROUPS)
    return _Spread(independent, max(1.0, inflation), quantile, count, likeness)


def _believed(
    means: Sequence[Mean], groups: NDArray[np.int64], *, likeness: float
) -> tuple[float, Numbers]:
    """The design effect that `likeness` alone gives, and each group's share of that variance."""
    share = np.zeros(int(groups.max()) + 1)
    flat = 0.0
    for m in means:
        sizes = np.bincount(groups[m.rows], minlength=len(share))
        share += m.weight**2 * sizes * (1 + likeness * (sizes - 1)) / len(m.rows) ** 2
        flat += m.weight**2 / len(m.rows)
    return float(share.sum()) / flat, share


def _between(means: Sequence[Mean], groups: NDArray[np.int64], *, likeness: float) -> float:
    """Delete-a-group jackknife variance of a sum of means, exact for means.

    A mean whose items are all of one group shows no variance; it gets what `likeness` gives.
    """
    shift = np.zeros(int(groups.max()) + 1)
    present = np.zeros(len(shift), dtype=np.bool_)
    lone = 0.0
    for m in means:
        own, size = groups[m.rows], len(m.rows)
        sums = np.bincount(own, m.values - m.values.mean(), minlength=len(shift))
        sizes = np.bincount(own, minlength=len(shift))
        present |= sizes > 0
        if (sizes == size).any():
            lone += m.weight**2 * float(m.values.var()) / size * (1 + likeness * (size - 1))
        else:
            shift += m.weight * sums / (size - sizes)
    count = int(present.sum())
    return (count - 1) / count * float(shift @ shift) + lone


def _groups_that_tell(means: Sequence[Mean], groups: NDArray[np.int64]) -> int:
    """How many groups hold an item unlike most: three errors in all tell little of likeness."""
    unlike = [m.rows[m.values != np.median(m.values)] for m in means]
    return len(np.unique(groups[np.concatenate(unlike)]))
