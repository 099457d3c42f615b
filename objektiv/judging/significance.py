"""Whether two models differ by more than luck: McNemar's test, also for groups, and many at once.

In: which items each model had right. Out: a PairTest with p-values. Items on which both are right
or both wrong tell nothing; of the others each model would win half, were the two equally good.
Items of one group are won and lost together, so there whole groups are counted.
Figures and what else was tried: docs/decisions/comparing.md, benchmarks/significance.py.
Try: `mcnemar(a.correct, b.correct, a.group_numbers).p`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.judging.spread import Groups

LEVEL = 0.05  # of a p-value after correction, below which two models are said to differ


@dataclass(frozen=True)
class PairTest:
    """How two models differ on the same items; p-values are two-sided.

    `only_a`, `only_b`: items that one alone had right. `exact`, `mid_p`: McNemar, were all items
    independent. `by_group`: Obuchowski's test; None where no items share a group, or where it is
    not defined, and `reason` says why.
    """

    items: int
    only_a: int
    only_b: int
    exact: float
    mid_p: float
    groups: int | None
    by_group: float | None
    reason: str = ""

    @property
    def p(self) -> float | None:
        """The p-value to go by: that of groups where there are any, else mid-p."""
        return self.mid_p if self.groups is None else self.by_group

    def to_dict(self) -> dict[str, Any]:
        """A mapping that is JSON."""
        return asdict(self) | {"p": self.p}


def mcnemar(a: NDArray[np.bool_], b: NDArray[np.bool_], groups: Groups) -> PairTest:
    """Test whether `a` and `b`, (items,), whether each item was right, differ.

    `groups`: (items,), numbers from 0, or None. Sources: McNemar, Psychometrika 12 (1947) 153;
    mid-p: Fagerland et al., BMC Med. Res. Methodol. 13 (2013) 91; groups: Obuchowski, Stat. Med.
    17 (1998) 1495, in the form of Yang et al., Biom. J. 52 (2010) 638.
    """
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    exact, mid = binomial_p(only_a, only_b)
    if groups is None:
        return PairTest(len(a), only_a, only_b, exact, mid, None, None)
    won = np.asarray(np.bincount(groups, a.astype(np.float64) - b), np.float64)
    count = len(np.unique(groups))
    if count < 2:
        reason = "all items are of one group, so how groups differ cannot be seen"
        return PairTest(len(a), only_a, only_b, exact, mid, count, None, reason)
    return PairTest(len(a), only_a, only_b, exact, mid, count, obuchowski_p(won, count))


def binomial_p(first: int, second: int) -> tuple[float, float]:
    """Two-sided p-values, exact and mid-p, of so many wins of each, had each a chance of half.

    The smallest term is summed first, each being the one before times a ratio: within 1e-12 of
    exact fractions up to 100,000 wins.
    """
    n, few = first + second, min(first, second)
    top = math.exp(
        math.lgamma(n + 1) - math.lgamma(few + 1) - math.lgamma(n - few + 1) - n * math.log(2)
    )
    k = np.arange(few, 0, -1)
    tail = top * (1 + float(np.cumprod(k / (n - k + 1)).sum()))
    return min(1.0, 2 * tail), min(1.0, 2 * tail - top)


def obuchowski_p(won: NDArray[np.float64], count: int) -> float:
    """The p-value of what one model won more than the other in each of `count` groups.

    1 where no group was won or lost: then the two do not differ at all.
    """
    squares = float(won @ won)
    if squares == 0:
        return 1.0
    statistic = (count - 1) / count * float(won.sum()) ** 2 / squares
    return math.erfc(math.sqrt(statistic / 2))  # chi-squared, one degree of freedom


def holm(values: Sequence[float | None]) -> list[float | None]:
    """p-values corrected so that one false alarm among all of them is rare; None stays None.

    Source: Holm, Scand. J. Stat. 6 (1979) 65.
    """
    known = sorted((p, k) for k, p in enumerate(values) if p is not None)
    found: list[float | None] = [None] * len(values)
    highest = 0.0
    for place, (p, k) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - place) * p))
        found[k] = highest
    return found
