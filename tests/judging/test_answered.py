"""The curve of accuracy against the share that is answered."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.judging.answered import risk_coverage
from objektiv.judging.calibration import softmax
from tests.judging.test_calibration import drawn, predictions_of


def test_the_curve_is_what_sorting_by_hand_gives() -> None:
    """Each point is the accuracy of the surest items, the last one that of all."""
    logits, labels = drawn(1, items=500, classes=3)
    said = predictions_of(softmax(logits), labels)
    curve = risk_coverage(said)
    order = np.argsort(-said.probabilities.max(axis=1))

    assert [point.items for point in curve.points] == [25 * k for k in range(1, 21)]
    for point in curve.points:
        assert point.accuracy.estimate == said.correct[order[: point.items]].mean()
        assert point.confidence == said.probabilities.max(axis=1)[order[point.items - 1]]
    assert curve.points[-1].share == 1
    assert curve.points[0].accuracy.estimate > curve.points[-1].accuracy.estimate


def test_the_area_is_the_mean_error_over_all_shares() -> None:
    """Model, perfect and blind areas are those of a loop, in the order that one expects."""
    logits, labels = drawn(2, items=300, classes=2)
    said = predictions_of(softmax(logits), labels)
    curve = risk_coverage(said)
    order = np.argsort(-said.probabilities.max(axis=1))
    wrong = ~said.correct[order]

    assert curve.area == pytest.approx(np.mean([wrong[:k].mean() for k in range(1, 301)]))
    errors = int(wrong.sum())
    perfect = sum((k - (300 - errors)) / k for k in range(300 - errors + 1, 301)) / 300
    assert curve.perfect == pytest.approx(perfect)
    assert curve.perfect < curve.area < curve.blind == wrong.mean()


def test_items_that_are_equally_sure_come_together_whatever_their_order() -> None:
    """A model that is equally sure of everything has one point, and the blind area."""
    labels = np.array([0] * 70 + [1] * 30)
    said = predictions_of(np.full((100, 2), [0.7, 0.3]), labels)
    curve = risk_coverage(said)

    assert [(p.share, p.accuracy.estimate) for p in curve.points] == [(1.0, 0.7)]
    assert curve.area == pytest.approx(curve.blind) == pytest.approx(0.3)


def test_groups_widen_the_band() -> None:
    """Intervals of the curve regard groups, and the record is JSON."""
    logits, labels = drawn(3, items=400, classes=2)
    hard = np.repeat(np.random.default_rng(0).random(20) < 0.3, 20)
    labels = np.where(hard, 1 - labels, labels)
    alone, grouped = (
        risk_coverage(predictions_of(softmax(logits), labels, group_size=size)) for size in (1, 20)
    )
    widths = [c.points[-1].accuracy.high - c.points[-1].accuracy.low for c in (alone, grouped)]

    assert widths[1] > 1.5 * widths[0]
    assert grouped.to_dict()["points"][-1]["accuracy"]["groups"] == 20
