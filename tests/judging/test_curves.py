"""Curves are those of scikit-learn, thinned, with bands about each point."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from objektiv.judging.curves import POINTS, Curve, precision_recall, roc
from objektiv.judging.intervals import Interval, NotDefined
from tests.judging.made import drawn, ill_or_well

few = settings(max_examples=25)
seeds = st.integers(0, 10**6)


def curves(seed: int, items: int, ties: int | None) -> tuple[Curve, Curve, np.ndarray, np.ndarray]:
    """Both curves of random predictions, with the truth and the probabilities."""
    p = drawn(seed, items, ties=ties)
    one, other = roc(p, positive="ill"), precision_recall(p, positive="ill")
    assert isinstance(one, Curve)
    assert isinstance(other, Curve)
    return one, other, p.labels == 0, p.probabilities[:, 0]


@few
@given(seed=seeds, ties=st.sampled_from([None, 3]))
def test_short_curves_are_those_of_scikit_learn(seed: int, ties: int | None) -> None:
    """With few items every point of scikit-learn's curves is there."""
    one, other, truth, values = curves(seed, 50, ties)
    alarms, hits, _ = sk.roc_curve(truth, values, drop_intermediate=False)
    precision, recall, _ = sk.precision_recall_curve(truth, values)

    assert np.allclose(one.x, alarms)
    assert np.allclose(one.y, hits)
    assert np.allclose(other.x, recall[:-1][::-1])
    assert np.allclose(other.y, precision[:-1][::-1])
    assert other.chance == pytest.approx(truth.mean())


@few
@given(seed=seeds)
def test_areas_are_those_of_scikit_learn(seed: int) -> None:
    """The areas beside the curves are the AUC and the average precision."""
    one, other, truth, values = curves(seed, 50, None)

    assert isinstance(one.area, Interval)
    assert isinstance(other.area, Interval)
    assert one.area.estimate == pytest.approx(sk.roc_auc_score(truth, values))
    assert other.area.estimate == pytest.approx(sk.average_precision_score(truth, values))


def test_long_curves_are_thinned_to_points_of_themselves() -> None:
    """Of 5,000 thresholds at most POINTS stay; each is a true point, and the ends are kept."""
    one, other, truth, values = curves(1, 5_000, None)

    for curve in (one, other):
        assert 50 < len(curve.x) <= POINTS + 2
        assert (np.diff(curve.thresholds) < 0).all()
    for at, x, y in zip(one.thresholds, one.x, one.y, strict=True):
        said = values >= at
        assert (x, y) == pytest.approx((said[~truth].mean(), said[truth].mean()))
    assert (one.x[0], one.y[0], one.x[-1], one.y[-1]) == (0, 0, 1, 1)
    assert other.x[-1] == 1
    assert max(np.hypot(np.diff(one.x), np.diff(one.y))) < 0.05


@few
@given(seed=seeds, ties=st.sampled_from([None, 3]))
def test_points_lie_in_their_bands(seed: int, ties: int | None) -> None:
    """Each y is between its low and high, which are shares."""
    for curve in curves(seed, 50, ties)[:2]:
        ends = zip(curve.low, curve.y, curve.high, strict=True)
        assert all(0 <= low <= y <= high <= 1 for low, y, high in ends)


def test_one_kind_has_no_curve() -> None:
    """Without positives, or without others, there is no curve, and the reason is told."""
    well = ill_or_well([0.2, 0.3], [0, 0])
    ill = ill_or_well([0.2, 0.3], [1, 1])

    assert roc(well, positive="ill") == NotDefined("no test item is of ill")
    assert precision_recall(ill, positive="ill") == NotDefined(
        "no test item is of another kind than ill"
    )
