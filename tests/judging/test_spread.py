"""How much scores vary by groups: each part against an outside truth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import stdtrit

from objektiv.judging import spread as spreads
from objektiv.judging.spread import NORMAL_QUANTILE, Mean, spread, student_quantile


def test_jackknife_is_what_deleting_each_group_gives() -> None:
    """The between-group variance of a sum of means equals the one by leaving out each group."""
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(0, 3, 300), rng.integers(0, 8, 300)
    values = rng.normal(size=300) + groups / 5
    rows = [np.flatnonzero(labels == k) for k in range(3)]
    means = [Mean(own, values[own], weight=w) for own, w in zip(rows, (1, 0.5, 2), strict=True)]
    left_out = [
        sum(m.weight * m.values[groups[m.rows] != g].mean() for m in means) for g in range(8)
    ]
    whole = sum(m.weight * m.values.mean() for m in means)
    expected = 7 / 8 * sum((part - whole) ** 2 for part in left_out)

    assert spreads._between(means, groups, likeness=0.1) == pytest.approx(expected)


@pytest.mark.parametrize("freedom", [4.0, 4.5, 6.0, 10.0, 30.0, 200.0])
def test_students_quantile_is_scipys(freedom: float) -> None:
    """From 4 degrees of freedom on the series is right to 1 in 2,000."""
    assert student_quantile(freedom) == pytest.approx(stdtrit(freedom, 0.975), rel=5e-4)


def _groups(values: list[float], size: int = 20) -> tuple[list[Mean], NDArray[np.int64]]:
    """One mean of groups in each of which the same share is 1."""
    right = [i < share * size for share in values for i in range(size)]
    mean = Mean(np.arange(len(right)), np.array(right, np.float64))
    return [mean], np.repeat(np.arange(len(values)), size)


def test_without_groups_nothing_is_inflated() -> None:
    """The variance of a mean of independent items, and the normal quantile."""
    (mean,), _ = _groups([0.5, 0.9])
    found = spread([mean], None)
    assert found.independent == pytest.approx(mean.values.var() / 40)
    assert (found.inflation, found.quantile, found.groups) == (1.0, NORMAL_QUANTILE, None)


def test_groups_that_differ_inflate_more_than_alike_ones() -> None:
    """The design effect rises with how groups differ, and is never below 1."""
    alike, unlike = ([0.8] * 30, [1.0, 0.6] * 15)
    least, most = (spread(*_groups(values)).inflation for values in (alike, unlike))
    assert 1.0 <= least < 1.3 < 3 < most


def test_a_few_bad_groups_count_as_few() -> None:
    """Where two of 60 groups make all errors, the quantile is that of few groups."""
    rare = spread(*_groups([1.0] * 58 + [0.2, 0.2]))
    even = spread(*_groups([0.8, 0.9] * 30))
    assert rare.quantile > 2.3 > 2.05 > even.quantile
