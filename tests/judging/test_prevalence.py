"""Predictive values at another share of positives: Bayes' rule, with honest intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.prevalence import Expected, expected
from objektiv.judging.threshold import Counts

Z = 1.959963984540054


def seen(found: int, missed: int, alarmed: int, cleared: int) -> tuple[np.ndarray, np.ndarray]:
    """Truth and calls of so many items of each kind."""
    truth = np.repeat([True, True, False, False], [found, missed, alarmed, cleared])
    return truth, np.repeat([True, False, True, False], [found, missed, alarmed, cleared])


def told(counts: tuple[int, int, int, int], prevalence: float) -> Expected:
    """What is expected of items like these."""
    found = expected(*seen(*counts), None, positive="ill", prevalence=prevalence)
    assert isinstance(found, Expected)
    return found


@given(
    counts=st.tuples(*[st.integers(1, 200)] * 4),
    prevalence=st.floats(0.001, 0.999),
)
def test_values_follow_the_rule_of_bayes(
    counts: tuple[int, int, int, int], prevalence: float
) -> None:
    """Both predictive values are those of Bayes' rule and lie in their intervals."""
    hit, miss, alarm, clear = counts
    found = told(counts, prevalence)
    se, sp = hit / (hit + miss), clear / (alarm + clear)
    ppv = prevalence * se / (prevalence * se + (1 - prevalence) * (1 - sp))
    npv = (1 - prevalence) * sp / ((1 - prevalence) * sp + prevalence * (1 - se))

    for value, wanted in ((found.ppv, ppv), (found.npv, npv)):
        assert isinstance(value, Interval)
        assert value.estimate == pytest.approx(wanted)
        assert 0 <= value.low <= value.estimate <= value.high <= 1


def test_at_the_share_of_the_data_they_are_the_shares_of_the_data() -> None:
    """With the prevalence that the items have, the values are plain proportions of the called."""
    found = told((40, 10, 30, 120), 50 / 200)

    assert isinstance(found.ppv, Interval)
    assert isinstance(found.npv, Interval)
    assert found.ppv.estimate == pytest.approx(40 / 70)
    assert found.npv.estimate == pytest.approx(120 / 130)


@pytest.mark.parametrize("prevalence", [0.01, 0.03, 0.2, 0.5])
def test_intervals_are_near_those_of_mercaldo(prevalence: float) -> None:
    """For a large study it is the logit interval of Mercaldo et al., equations 8 to 11."""
    hit, miss, alarm, clear = 240, 87, 178, 288
    ill, well = hit + miss, alarm + clear
    se, sp = hit / ill, clear / well
    found = told((hit, miss, alarm, clear), prevalence)
    positive = (
        math.log(se * prevalence / ((1 - sp) * (1 - prevalence))),
        math.sqrt((1 - se) / se / ill + sp / (1 - sp) / well),
    )
    negative = (
        math.log(sp * (1 - prevalence) / ((1 - se) * prevalence)),
        math.sqrt(se / (1 - se) / ill + (1 - sp) / sp / well),
    )

    for value, (centre, error) in ((found.ppv, positive), (found.npv, negative)):
        assert isinstance(value, Interval)
        ends = [1 / (1 + math.exp(-(centre + sign * Z * error))) for sign in (-1, 1)]
        width = ends[1] - ends[0]
        assert value.low == pytest.approx(ends[0], abs=0.02 * width)
        assert value.high == pytest.approx(ends[1], abs=0.02 * width)


def test_without_an_alarm_the_value_is_not_sure() -> None:
    """Without a false alarm the low end is Bayes' rule with Wilson's highest alarm."""
    found = told((50, 0, 0, 100), 0.05)
    most = Z**2 / (100 + Z**2)  # upper end of Wilson's interval of 0 of 100

    assert isinstance(found.ppv, Interval)
    assert found.ppv.estimate == found.ppv.high == 1
    assert found.ppv.low == pytest.approx(0.05 / (0.05 + 0.95 * most), rel=0.05)


def test_groups_widen_the_interval() -> None:
    """The same calls in ten groups that are all right or all wrong say less."""
    truth, yes = seen(40, 10, 10, 40)
    groups = np.repeat(np.arange(10), 10)
    alone = expected(truth, yes, None, positive="ill", prevalence=0.1)
    grouped = expected(truth, yes, groups, positive="ill", prevalence=0.1)

    assert isinstance(alone, Expected)
    assert isinstance(grouped, Expected)
    assert isinstance(alone.ppv, Interval)
    assert isinstance(grouped.ppv, Interval)
    assert grouped.ppv.estimate == alone.ppv.estimate
    assert grouped.ppv.high - grouped.ppv.low > 1.5 * (alone.ppv.high - alone.ppv.low)
    assert grouped.ppv.warning


def test_counts_are_of_whole_ones_and_add_up() -> None:
    """Of 1,000 with 5 % ill, 98 % found and 10 % alarmed: 49, 1, 95 and 855."""
    found = told((98, 2, 10, 90), 0.05)

    assert (found.total, found.counts) == (1_000, Counts(49, 1, 95, 855))


def test_a_rare_miss_is_not_rounded_away() -> None:
    """Where 1,000 would hide the missed, more are told of."""
    found = told((98, 2, 10, 90), 0.01)

    assert (found.total, found.counts) == (10_000, Counts(98, 2, 990, 8_910))


def test_nobody_called_has_no_value() -> None:
    """Where nobody is called positive, the predictive value is not defined, and says so."""
    found = told((0, 5, 0, 5), 0.1)

    assert found.ppv == NotDefined("no test item is called ill")
    assert isinstance(found.npv, Interval)
    assert found.npv.estimate == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [((3, 2, 0, 0), "of another kind than ill"), ((0, 0, 3, 2), "no test item is of ill")],
)
def test_one_kind_alone_tells_nothing(counts: tuple[int, int, int, int], reason: str) -> None:
    """Without positives, or without others, nothing can be expected."""
    found = expected(*seen(*counts), None, positive="ill", prevalence=0.1)

    assert isinstance(found, NotDefined)
    assert reason in found.reason
