"""How much a score varies, and what groups do to that: the design effect, with a belief beside it.

In: the means that a score is made of, and the group of each item. Out: a Spread. Few groups cannot
show how they differ, so what they show is averaged with a belief of ours.
Method and figures: docs/decisions/intervals.md, benchmarks/interval_coverage.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from objektiv.base.language import say

NORMAL_QUANTILE = 1.959963984540054  # two-sided 95 %
FEW_GROUPS = 20  # below this an interval carries a warning
# What is believed before the groups have spoken: two items of one group agree a little more than
# strangers do (intra-class correlation 0.1), and this belief weighs as much as two groups.
# Chosen by simulation, see the decision.
# How two models differ is alike in a group much less than how one of them does.
LIKENESS, LIKENESS_OF_DIFFERENCES, LIKENESS_GROUPS = 0.1, 0.03, 2.0
# Of the groups that make up the variance: where a few bad ones do, there are few to learn from.
HEAVIEST = 2.0
LEAST_FREEDOM = 4.0  # of `student_quantile`

Numbers = NDArray[np.float64]
Groups = NDArray[np.int64] | None


@dataclass(frozen=True)
class Mean:
    """One of the means that a score is a weighted sum of.

    `rows`: (members,), places of its items; `values`: (members,), what each scored.
    """

    rows: NDArray[np.int64]
    values: Numbers
    weight: float = 1.0


@dataclass(frozen=True)
class Spread:
    """How much a sum of means varies."""

    independent: float  # variance, were the items independent
    inflation: float  # by which groups multiply it: the design effect, at least 1
    quantile: float
    groups: int | None
    likeness: float

    def warning(self) -> str | None:
        """What a reader must know of so few groups."""
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


def spread(means: Sequence[Mean], groups: Groups, *, likeness: float = LIKENESS) -> Spread:
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
        return Spread(independent, 1.0, NORMAL_QUANTILE, None, likeness)

    groups = groups[:length]
    believed, share = _believed(means, groups, likeness=likeness)
    count, freedom, inflation = int((share > 0).sum()), _even(share) - 1, believed
    if independent > 0:
        tell = _groups_that_tell(means, groups)
        seen = _between(means, groups, likeness=likeness) / independent if count > 1 else 0.0
        mixed = _mixed(seen, believed, known=min(freedom, tell))
        if believed > 1:  # how unevenly groups count depends on how alike their items are
            alike = min(1.0, likeness * max(0.0, mixed - 1) / (believed - 1))
            freedom = _even(_believed(means, groups, likeness=alike)[1]) - 1
        sums = np.bincount(groups, influence, minlength=len(share)).astype(np.float64)
        freedom = min(freedom, HEAVIEST * _even(np.square(sums)))
        inflation = _mixed(seen, believed, known=min(freedom, tell))
    quantile = student_quantile(max(LEAST_FREEDOM, freedom + LIKENESS_GROUPS))
    return Spread(independent, max(1.0, inflation), quantile, count, likeness)


def _mixed(seen: float, believed: float, *, known: float) -> float:
    """Design effects averaged: `known` groups have spoken, the belief counts as its own number."""
    return (known * seen + LIKENESS_GROUPS * believed) / (known + LIKENESS_GROUPS)


def _even(shares: Numbers) -> float:
    """How many equal shares would be as uneven as these (Kish); 0 where all are 0."""
    squares = float(shares @ shares)
    return float(shares.sum() ** 2 / squares) if squares > 0 else 0.0


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
