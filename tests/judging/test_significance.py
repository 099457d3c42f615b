"""McNemar's test against exact fractions, SciPy and Obuchowski's own formula; Holm by hand."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from objektiv.judging.significance import binomial_p, holm, mcnemar


def right(counts: tuple[int, int, int, int]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Items both have right, only the first, only the second, none."""
    pairs = [(True, True), (True, False), (False, True), (False, False)]
    rows = np.repeat(np.array(pairs), counts, axis=0)
    return rows[:, 0], rows[:, 1]


@pytest.mark.parametrize("first", [0, 1, 2, 7, 40, 333])
@pytest.mark.parametrize("second", [0, 1, 3, 8, 41, 500])
def test_exact_and_mid_p_are_those_of_fractions(first: int, second: int) -> None:
    """Both p-values equal sums of exact fractions to 1e-12."""
    n, few = first + second, min(first, second)
    total = 2 * sum(Fraction(comb(n, k), 2**n) for k in range(few + 1))
    exact, mid = binomial_p(first, second)

    assert exact == pytest.approx(float(min(Fraction(1), total)), abs=1e-12)
    assert mid == pytest.approx(float(total - Fraction(comb(n, few), 2**n)), abs=1e-12)


@pytest.mark.parametrize(("first", "second"), [(12, 5), (180, 240), (50_000, 50_700), (9, 9)])
def test_exact_is_scipys_binomial_test(first: int, second: int) -> None:
    """SciPy's two-sided binomial test says the same to 1e-9, also for a hundred thousand."""
    expected = stats.binomtest(first, first + second, 0.5).pvalue

    assert binomial_p(first, second)[0] == pytest.approx(expected, abs=1e-9)


def test_known_example() -> None:
    """Fagerland's example: 1 and 7 discordant pairs give 0.0703 exact and 0.0391 mid-p."""
    a, b = right((1, 1, 7, 12))
    found = mcnemar(a, b, None)

    assert (found.only_a, found.only_b, found.items) == (1, 7, 21)
    assert (round(found.exact, 4), round(found.mid_p, 4)) == (0.0703, 0.0391)
    assert found.p == found.mid_p


def test_models_that_never_differ_have_p_one() -> None:
    """Without an item that only one has right nothing speaks against their being equal."""
    a, b = right((30, 0, 0, 5))

    assert (mcnemar(a, b, None).exact, mcnemar(a, b, None).p) == (1.0, 1.0)
    assert mcnemar(a, b, np.arange(35) % 5).p == 1.0


def obuchowski(a: NDArray[np.bool_], b: NDArray[np.bool_], groups: NDArray[np.int64]) -> float:
    """The statistic as Obuchowski (1998) writes it: variances and covariance of two shares."""
    numbers = np.unique(groups)
    k, n = len(numbers), len(groups)
    share = (a.mean() + b.mean()) / 2  # under the hypothesis that both are the same
    parts = [(a[groups == g], b[groups == g]) for g in numbers]
    factor = k / (k - 1) / n**2
    first = factor * sum((x.sum() - len(x) * share) ** 2 for x, _ in parts)
    second = factor * sum((y.sum() - len(y) * share) ** 2 for _, y in parts)
    both = factor * sum((x.sum() - len(x) * share) * (y.sum() - len(y) * share) for x, y in parts)
    return float((a.mean() - b.mean()) ** 2 / (first + second - 2 * both))


@pytest.mark.parametrize("count", [2, 7, 40])
def test_groups_are_tested_as_obuchowski_does(count: int) -> None:
    """The p-value is that of his statistic with SciPy's chi-squared to 1e-9."""
    rng = np.random.default_rng(count)
    groups = np.sort(rng.integers(0, count, 600))
    groups = np.unique(groups, return_inverse=True)[1]
    a, b = rng.random(600) < 0.9, rng.random(600) < 0.86

    expected = stats.chi2.sf(obuchowski(a, b, groups), 1)
    found = mcnemar(a, b, groups)

    assert found.groups == count
    assert found.p == pytest.approx(expected, abs=1e-9)


def test_groups_of_one_item_come_near_the_test_without() -> None:
    """With an item a group it is McNemar's chi-squared but for (K - 1) / K."""
    a, b = right((700, 60, 40, 200))
    found = mcnemar(a, b, np.arange(1000))

    expected = stats.chi2.sf(999 / 1000 * (60 - 40) ** 2 / 100, 1)
    assert found.p == pytest.approx(expected, abs=1e-12)


def test_what_one_group_won_alone_proves_little() -> None:
    """Forty items of one patient are one patient: far from what forty patients would prove."""
    a, b = right((400, 40, 0, 60))
    groups = np.where(np.arange(500) < 440, 0, 1 + np.arange(500) % 9)
    groups[:400] = np.arange(400) % 10
    found = mcnemar(a, b, groups)

    assert found.exact < 1e-9
    assert found.p is not None and found.p > 0.2


def test_one_group_gives_no_p_value() -> None:
    """It is not defined, with the reason; McNemar for items stands beside it."""
    a, b = right((10, 8, 1, 2))
    found = mcnemar(a, b, np.zeros(21, dtype=np.int64))

    assert (found.p, found.by_group, found.groups) == (None, None, 1)
    assert "one group" in found.reason
    assert found.to_dict()["p"] is None


def test_holm_by_hand() -> None:
    """The smallest is multiplied by their number, the next by one less; none falls below one
    before it, none exceeds 1, and what is not defined does not count."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.2, None, 0.6]) == [0.4, None, 0.6]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
