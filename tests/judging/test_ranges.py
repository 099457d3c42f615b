"""Precision, F1, Brier score and average precision: scikit-learn's values, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from objektiv.judging import ranges as module
from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.ranges import average_precision, ranges
from objektiv.judging.spread import Mean
from tests.judging.made import drawn, ill_or_well
from tests.judging.test_metrics import drawn as drawn_classes

few = settings(max_examples=25)
seeds = st.integers(0, 10**6)
Numbers = NDArray[np.float64]


@few
@given(seed=seeds, classes=st.integers(2, 5))
def test_values_are_those_of_scikit_learn(seed: int, classes: int) -> None:
    """Precision and F1 of each class, macro F1 and the Brier score agree with scikit-learn."""
    p = drawn_classes(seed, classes)
    found = ranges(p)
    every: dict[str, Any] = {"labels": range(classes), "zero_division": np.nan}
    precision = sk.precision_score(p.labels, p.predicted, average=None, **every)
    f1 = sk.f1_score(p.labels, p.predicted, average=None, **every)

    for values, wanted in ((found.precision, precision), (found.f1, f1)):
        for value, expected in zip(values, wanted, strict=True):
            assert isinstance(value, NotDefined if np.isnan(expected) else Interval)
            if isinstance(value, Interval):
                assert value.estimate == pytest.approx(expected)
                assert value.low <= value.estimate <= value.high
    assert found.macro_f1.estimate == pytest.approx(np.nanmean(f1))
    truth = np.eye(classes)[p.labels]
    squares = ((p.probabilities - truth) ** 2).sum(axis=1).mean()
    assert found.brier.estimate == pytest.approx(squares)
    assert found.brier.low <= found.brier.estimate <= found.brier.high


@few
@given(seed=seeds, ties=st.sampled_from([None, 1, 5]))
def test_average_precision_is_that_of_scikit_learn(seed: int, ties: int | None) -> None:
    """The area agrees with scikit-learn, ties and all."""
    p = drawn(seed, 70, ties=ties)
    found = average_precision(p, positive="ill")

    assert isinstance(found, Interval)
    wanted = sk.average_precision_score(p.labels == 0, p.probabilities[:, 0])
    assert found.estimate == pytest.approx(wanted)
    assert found.low <= found.estimate <= found.high


def slopes(score: Callable[[Numbers], float], items: int) -> Numbers:
    """How a score changes with the weight of each item, by differences; (items,)."""
    step = 1e-5
    one = np.ones(items)
    rows = np.eye(items) * step
    return np.array([(score(one + row) - score(one - row)) / (2 * step) for row in rows])


@pytest.mark.parametrize("ties", [None, 6])
def test_terms_of_the_area_are_its_slopes(ties: int | None) -> None:
    """What an item adds to the average precision is its slope by that item's weight."""
    p = drawn(1, 40, ties=ties)
    values, truth = p.probabilities[:, 0], p.labels == 0
    terms = module._area_terms(values, truth)
    found = slopes(lambda w: sk.average_precision_score(truth, values, sample_weight=w), 40)

    assert (terms.values - terms.values.mean()) / 40 == pytest.approx(found, abs=1e-7)


def test_terms_of_f1_are_its_slopes() -> None:
    """What an item adds to F1 is its slope by that item's weight."""
    p = drawn(2, 40)
    truth, said = p.labels == 0, p.predicted == 0
    terms: Mean = module._f1_terms(truth, said)
    own = np.zeros(40)
    own[terms.rows] = (terms.values - terms.values.mean()) / len(terms.rows)

    assert own == pytest.approx(
        slopes(lambda w: sk.f1_score(truth, said, sample_weight=w), 40), abs=1e-7
    )


def test_perfection_is_not_certain() -> None:
    """Without a mistake every share is 1, and its interval still has a width."""
    found = ranges(ill_or_well([0.9, 0.8, 0.1, 0.2], [1, 1, 0, 0]), positive="ill")

    for value in (*found.precision, *found.f1, found.macro_f1, found.average_precision):
        assert isinstance(value, Interval)
        assert value.estimate == value.high == 1
        assert value.low < 0.8


def test_what_is_absent_is_told() -> None:
    """A class that nobody is of, or is called, has neither precision nor F1 and says why."""
    p = drawn_classes(0, 2)
    none = ranges(p.rows(np.flatnonzero((p.labels == 0) & (p.predicted == 0))), positive="c1")

    assert none.precision[1] == NotDefined("no test item was called c1")
    assert none.f1[1] == NotDefined("no test item is, or was called, c1")
    assert none.average_precision == NotDefined("no test item is of c1")
    assert none.macro_f1.estimate == 1


def test_without_a_positive_class_there_is_no_area() -> None:
    """Average precision needs a class that is looked for."""
    assert ranges(drawn_classes(0, 3)).average_precision == NotDefined("no positive class is named")
