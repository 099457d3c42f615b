"""Scores of drawn groups are the scores of what was drawn, and spread as the intervals say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics as sk
from scipy.stats import bootstrap

from objektiv.judging import metrics, resampling
from objektiv.judging.intervals import Interval
from objektiv.judging.predictions import Predictions
from objektiv.judging.ranges import ranges
from objektiv.judging.resampling import calibration_range, draws
from tests.judging.made import drawn, ill_or_well
from tests.judging.test_metrics import drawn as drawn_classes
from tests.judging.test_metrics import predictions_of


def again(p: Predictions, weights: np.ndarray) -> Predictions:
    """The predictions with each item as often as its group was drawn."""
    unit = p.group_numbers if p.group_numbers is not None else np.arange(len(p))
    rows = np.repeat(np.arange(len(p)), weights[unit].astype(int))
    return predictions_of(p.probabilities[rows], p.labels[rows], classes=p.classes)


@pytest.mark.parametrize("groups", [None, 12])
@pytest.mark.parametrize("ties", [None, 8])
def test_a_draw_has_the_scores_of_its_items(groups: int | None, ties: int | None) -> None:
    """Every score of the first draws is that of the predictions written out, by our metrics."""
    p = drawn(4, 150, groups=groups, ties=ties)
    units = groups or len(p)
    found = draws(p, positive="ill", count=5, seed=9)
    weights = np.concatenate(list(resampling._weights(units, len(p), 5, 9)))

    assert weights.sum(axis=1).tolist() == [units] * 5
    for k in range(5):
        told = again(p, weights[k])
        scores = metrics.score(told, positive="ill")
        wanted = {
            "accuracy": scores.accuracy.estimate,
            "balanced_accuracy": scores.balanced_accuracy.estimate,
            "macro_f1": scores.macro_f1,
            "log_loss": scores.log_loss.estimate,
            "brier": scores.brier,
            "calibration_error": scores.calibration_error,
            "auc": scores.auc.estimate if scores.auc else None,
            "average_precision": sk.average_precision_score(
                told.labels == 0, told.probabilities[:, 0]
            ),
        }
        for one in scores.per_class:
            wanted[f"precision:{one.name}"] = one.precision
            wanted[f"recall:{one.name}"] = one.recall.estimate if one.recall else None
            wanted[f"f1:{one.name}"] = one.f1
        assert wanted.keys() == found.keys()
        for name, value in wanted.items():
            assert found[name][k] == pytest.approx(value, abs=1e-9), name


def test_many_classes_are_drawn_too() -> None:
    """With five classes a draw has the scores of what it holds."""
    p = drawn_classes(1, 5, items=60)
    found = draws(p, count=3, seed=2)
    weights = np.concatenate(list(resampling._weights(len(p), len(p), 3, 2)))

    for k in range(3):
        scores = metrics.score(again(p, weights[k]))
        assert found["macro_f1"][k] == pytest.approx(scores.macro_f1)
        assert found["brier"][k] == pytest.approx(scores.brier)
        assert found["balanced_accuracy"][k] == pytest.approx(scores.balanced_accuracy.estimate)


def test_a_draw_without_a_class_is_marked() -> None:
    """Where a draw lacks what a score needs, it is NaN there and finite elsewhere."""
    p = ill_or_well([0.9] + [0.2] * 9, [1] + [0] * 9)
    found = draws(p, positive="ill", count=50)

    assert np.isnan(found["recall:ill"]).any()
    assert np.isnan(found["auc"]).any()
    assert np.isfinite(found["accuracy"]).all()
    assert np.isfinite(found["macro_f1"]).all()


def test_the_same_seed_gives_the_same_draws() -> None:
    """Draws depend on the seed alone."""
    p = drawn(4, 60)

    assert (draws(p, count=20, seed=1)["brier"] == draws(p, count=20, seed=1)["brier"]).all()
    assert (draws(p, count=20, seed=1)["brier"] != draws(p, count=20, seed=2)["brier"]).any()


def test_the_spread_is_that_of_scipy() -> None:
    """The standard error of the Brier score agrees with SciPy's bootstrap."""
    p = drawn(5, 200)
    squares = ((p.probabilities - np.eye(2)[p.labels]) ** 2).sum(axis=1)
    other = bootstrap((squares,), np.mean, n_resamples=2_000, method="percentile", rng=1)

    assert draws(p)["brier"].std() == pytest.approx(other.standard_error, rel=0.06)


def test_closed_intervals_are_as_wide_as_the_draws() -> None:
    """Without groups every closed interval spans what the middle 95 % of 2,000 draws do."""
    p = drawn(6, 1_500)
    found = draws(p, positive="ill")
    told = ranges(p, positive="ill")
    scores = metrics.score(p, positive="ill")
    closed = {
        "precision:ill": told.precision[0],
        "f1:ill": told.f1[0],
        "macro_f1": told.macro_f1,
        "brier": told.brier,
        "average_precision": told.average_precision,
        "auc": scores.auc,
        "accuracy": scores.accuracy,
        "balanced_accuracy": scores.balanced_accuracy,
        "log_loss": scores.log_loss,
    }

    for name, value in closed.items():
        assert isinstance(value, Interval), name
        low, high = np.quantile(found[name], [0.025, 0.975])
        assert value.high - value.low == pytest.approx(high - low, rel=0.1), name


def test_the_calibration_error_has_an_interval_that_holds_it() -> None:
    """The interval holds the error and does not reach below 0; few groups are warned of."""
    alone, grouped = calibration_range(drawn(7, 300)), calibration_range(drawn(7, 300, groups=8))

    for value in (alone, grouped):
        assert 0 <= value.low <= value.estimate <= value.high
    assert (alone.groups, alone.warning) == (None, None)
    assert grouped.warning == "only 8 groups: collect at least 20 to trust the interval"


def test_one_group_is_judged_by_its_items() -> None:
    """Drawn again it is always the same: the interval is that of items, with a warning."""
    p = replace(drawn(4, 80), groups=("p",) * 80)
    items = calibration_range(replace(p, groups=(None,) * 80))
    found = calibration_range(p)

    assert (found.low, found.high) == (items.low, items.high)
    assert found.groups == 1
    assert found.warning is not None and found.warning.startswith("all items are of one group")


def test_one_item_tells_nothing_of_calibration() -> None:
    """The interval leaves everything open, and says so."""
    found = calibration_range(drawn(4, 80).rows([0]))

    assert (found.low, found.high) == (0.0, 1.0)
    assert found.warning == "one item tells nothing of calibration"
