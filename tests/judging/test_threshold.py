"""Thresholds are chosen as demanded, on what is not test, and scored on test alone."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.threshold import (
    Demand,
    Threshold,
    called,
    chances,
    choose,
    cut,
    operating_point,
    steps,
)
from tests.judging.made import drawn, ill_or_well

few = settings(max_examples=25)
cases = given(seed=st.integers(0, 10**6), ties=st.sampled_from([None, 1, 4, 50]))


def worth(values: np.ndarray, truth: np.ndarray, at: float) -> tuple[float, float]:
    """Sensitivity and specificity at a threshold, counted."""
    said = values >= at
    return float(said[truth].mean()), float((~said)[~truth].mean())


@few
@cases
def test_steps_are_those_of_scikit_learn(seed: int, ties: int | None) -> None:
    """Found and cleared at every threshold are those of scikit-learn's ROC curve."""
    p = drawn(seed, 60, ties=ties)
    values, truth = chances(p, "ill"), p.labels == 0
    places, found, cleared = steps(values, truth)
    alarms, hits, _ = sk.roc_curve(truth, values, drop_intermediate=False)

    assert np.allclose(found[::-1] / truth.sum(), hits)
    assert np.allclose(1 - cleared[::-1] / (~truth).sum(), alarms)
    assert (np.diff(places) > 0).all()
    for at, hit in zip(places, found, strict=True):
        assert (truth & (values >= at)).sum() == hit


@few
@cases
def test_a_demanded_sensitivity_is_met_at_the_least_price(seed: int, ties: int | None) -> None:
    """No other threshold with the demanded sensitivity has a higher specificity."""
    p = drawn(seed, 60, ties=ties)
    values, truth = chances(p, "ill"), p.labels == 0
    found = choose(p, "ill", JudgeSettings(sensitivity=0.9))
    assert isinstance(found, Threshold)
    assert found.value is not None

    own = worth(values, truth, found.value)
    all_of_them = [worth(values, truth, at) for at in [*values, 2.0]]
    assert (found.sensitivity, found.specificity) == pytest.approx(own)
    assert own[0] >= 0.9 - 1e-12
    assert own[1] == max(b for a, b in [*all_of_them, own] if a >= 0.9 - 1e-12)
    assert found.reached == (own[1] > 0)


@few
@cases
def test_a_demanded_specificity_is_met_at_the_least_price(seed: int, ties: int | None) -> None:
    """No other threshold with the demanded specificity has a higher sensitivity."""
    p = drawn(seed, 60, ties=ties)
    values, truth = chances(p, "ill"), p.labels == 0
    found = choose(p, "ill", JudgeSettings(specificity=0.9))
    assert isinstance(found, Threshold)
    assert found.value is not None

    own = worth(values, truth, found.value)
    all_of_them = [worth(values, truth, at) for at in [*values, 2.0]]
    assert own[1] >= 0.9 - 1e-12
    assert own[0] == max(a for a, b in [*all_of_them, own] if b >= 0.9 - 1e-12)


@few
@cases
def test_costs_are_the_least(seed: int, ties: int | None) -> None:
    """No threshold costs less than the chosen one."""
    p = drawn(seed, 60, ties=ties)
    values, truth = chances(p, "ill"), p.labels == 0
    found = choose(p, "ill", JudgeSettings(cost_miss=7, cost_alarm=2))
    assert isinstance(found, Threshold)
    assert found.value is not None

    def cost(at: float) -> float:
        said = values >= at
        return float(7 * (truth & ~said).sum() + 2 * (~truth & said).sum())

    assert cost(found.value) == min(cost(at) for at in [0.0, *values, 2.0])


@few
@cases
def test_balance_is_the_largest_index_of_youden(seed: int, ties: int | None) -> None:
    """No threshold has a larger sum of sensitivity and specificity."""
    p = drawn(seed, 60, ties=ties)
    values, truth = chances(p, "ill"), p.labels == 0
    found = cut(values, truth, Demand("balance"), positive="ill")
    assert isinstance(found, Threshold)
    assert found.value is not None

    best = max(sum(worth(values, truth, at)) for at in [0.0, *values, 2.0])
    assert sum(worth(values, truth, found.value)) == pytest.approx(best)


def test_a_threshold_lies_between_values() -> None:
    """Rounding a probability in the sixth digit moves no item across the threshold."""
    p = ill_or_well([0.9, 0.8, 0.4, 0.3, 0.2], [1, 1, 1, 0, 0])
    found = choose(p, "ill", JudgeSettings(sensitivity=1.0))

    assert isinstance(found, Threshold)
    assert found.value == pytest.approx(0.35)


def test_what_only_calling_everything_reaches_is_told() -> None:
    """A sensitivity that needs every item called positive counts as not reached."""
    p = ill_or_well([0.9, 0.1, 0.5, 0.4], [1, 1, 0, 0])
    found = choose(p, "ill", JudgeSettings(sensitivity=1.0))

    assert isinstance(found, Threshold)
    assert (found.reached, found.specificity, found.value) == (False, 0.0, 0.0)


def test_what_only_calling_nothing_reaches_is_told() -> None:
    """A specificity that needs no item called positive counts as not reached, at certainty too."""
    p = ill_or_well([0.9, 0.1, 1.0, 0.4], [1, 1, 0, 0])
    found = choose(p, "ill", JudgeSettings(specificity=1.0))

    assert isinstance(found, Threshold)
    assert (found.reached, found.sensitivity, found.specificity) == (False, 0.0, 1.0)
    assert not called(p, found).any()


def test_without_other_items_no_threshold_is_chosen() -> None:
    """Where there is nothing but a test part, or one kind of item, the reason is given."""
    demand = JudgeSettings(sensitivity=0.9)
    alone = choose(None, "ill", demand)
    healthy = choose(ill_or_well([0.1, 0.2], [0, 0]), "ill", demand)
    infected = choose(ill_or_well([0.1, 0.2], [1, 1]), "ill", demand)

    lacking = "among those it would be chosen on"
    assert isinstance(alone, NotDefined)
    assert "no items beside the test part" in alone.reason
    assert healthy == NotDefined(f"no item of ill {lacking}")
    assert infected == NotDefined(f"no item of another kind than ill {lacking}")


def test_without_a_demand_the_most_probable_class_decides() -> None:
    """Nothing is chosen on data, and the operating point is the usual one."""
    p = drawn(3, 50)
    threshold = choose(None, "ill", JudgeSettings())

    assert isinstance(threshold, Threshold)
    assert (threshold.value, threshold.way) == (None, "most probable")
    assert (called(p, threshold) == (p.predicted == 0)).all()


@few
@given(seed=st.integers(0, 10**6), at=st.floats(0.05, 0.95))
def test_the_operating_point_is_that_of_scikit_learn(seed: int, at: float) -> None:
    """Counts, sensitivity, specificity and both predictive values agree with scikit-learn."""
    p = drawn(seed, 60)
    truth, said = p.labels == 0, chances(p, "ill") >= at
    point = operating_point(p, Threshold("ill", at, "sensitivity"))
    (cleared, alarmed), (missed, found) = sk.confusion_matrix(truth, said, labels=[False, True])

    own = point.counts
    assert (own.cleared, own.alarmed, own.missed, own.found) == (cleared, alarmed, missed, found)
    for value, expected in (
        (point.sensitivity, sk.recall_score(truth, said)),
        (point.specificity, sk.recall_score(~truth, ~said)),
        (point.precision, sk.precision_score(truth, said, zero_division=np.nan)),
        (point.cleared_right, sk.precision_score(~truth, ~said, zero_division=np.nan)),
        (point.accuracy, sk.accuracy_score(truth, said)),
    ):
        if np.isnan(expected):
            assert isinstance(value, NotDefined)
        else:
            assert isinstance(value, Interval)
            assert value.estimate == pytest.approx(expected)
            assert value.low <= value.estimate <= value.high


def test_a_kind_that_is_absent_is_told() -> None:
    """A test part without positives has no sensitivity, and says why; nothing is 0 or NaN."""
    point = operating_point(ill_or_well([0.1, 0.7], [0, 0]), Threshold("ill", 0.9, "sensitivity"))

    assert point.sensitivity == NotDefined("no test item of ill")
    assert point.precision == NotDefined("no test item was called ill")
    assert isinstance(point.specificity, Interval)
