"""Sets of classes hold the true one as often as promised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from objektiv.judging.calibration import softmax
from objektiv.judging.conformal import fit_sets, limit_of, score_sets
from objektiv.judging.predictions import Predictions
from tests.judging.test_calibration import drawn, predictions_of


def _said(seed: int, *, items: int = 1000, classes: int = 3, group_size: int = 1) -> Predictions:
    """Predictions that are too sure, so that the promise is not kept by itself."""
    logits, labels = drawn(seed, items=items, classes=classes)
    return predictions_of(softmax(3 * logits), labels, group_size=group_size)


def test_the_limit_counts_the_new_value_too() -> None:
    """Of 19 values the largest is exceeded with a chance of 1 in 20; 18 are too few to say."""
    values = np.random.default_rng(0).permutation(19.0 * np.arange(1, 20))

    assert limit_of(values, exceeded=0.05) == values.max()
    assert limit_of(values[1:], exceeded=0.05) is None
    assert limit_of(values, exceeded=0.5) == 190


def test_the_limit_keeps_its_promise_on_average_for_few_values() -> None:
    """Over many draws a new value exceeds the limit of 25 others in at most 10 % of the cases."""
    draws = np.random.default_rng(1).exponential(size=(20_000, 26))
    exceeded = np.mean([row[0] > limit_of(row[1:], exceeded=0.1) for row in draws])

    assert exceeded == pytest.approx(2 / 26, abs=0.006)


@pytest.mark.parametrize("by_class", [False, True])
@pytest.mark.parametrize("coverage", [0.8, 0.95])
def test_coverage_over_random_halves_is_what_was_promised(coverage: float, by_class: bool) -> None:
    """The mean over random divisions into held-out and test is within a point of the promise."""
    whole, rng = _said(2, items=1200), np.random.default_rng(0)
    covered = []
    for _ in range(40):
        order = rng.permutation(1200)
        rule = fit_sets(whole.rows(order[:600]), coverage=coverage, by_class=by_class)
        covered.append(score_sets(rule, whole.rows(order[600:])).covered.estimate)

    assert np.mean(covered) == pytest.approx(coverage, abs=0.01)


def test_by_class_the_promise_holds_for_a_class_that_is_rarely_recognised() -> None:
    """A class that the model slights is covered too, where one floor for all leaves it out."""
    logits, labels = drawn(5, items=6000, classes=3)
    said = predictions_of(softmax(logits - [2.5, 0, 0]), labels)
    held, test = said.rows(np.arange(3000)), said.rows(np.arange(3000, 6000))

    plain, fair = (
        score_sets(fit_sets(held, coverage=0.9, by_class=by_class), test)
        for by_class in (False, True)
    )

    assert plain.by_class[0] is not None and fair.by_class[0] is not None
    assert plain.by_class[0].estimate < 0.85
    assert fair.by_class[0].estimate == pytest.approx(0.9, abs=0.03)


def test_scores_count_what_a_reader_can_count() -> None:
    """Sizes, single classes and the accuracy of those are those of the sets themselves."""
    held, test = _said(6, group_size=10), _said(7, group_size=10)
    rule = fit_sets(held, coverage=0.9, by_class=True)
    scores = score_sets(rule, test)
    sets = [[k for k in range(3) if p[k] >= rule.floors[k]] for p in test.probabilities]

    assert sum(scores.sizes) == 1000
    assert scores.sizes[1] == sum(len(own) == 1 for own in sets)
    assert scores.mean_size == pytest.approx(np.mean([len(own) for own in sets]))
    right = [own[0] == truth for own, truth in zip(sets, test.labels, strict=True) if len(own) == 1]
    assert scores.right_of_one is not None
    assert scores.right_of_one.estimate == pytest.approx(np.mean(right))
    assert scores.groups is not None
    assert scores.groups[0] <= scores.groups[1] <= scores.groups[2]
    assert scores.covered.groups == 100


def test_a_class_with_too_few_items_is_always_possible_and_named() -> None:
    """Nothing is promised of a class that was hardly seen; it is not left out in silence."""
    said = _said(8)
    rare = np.flatnonzero(said.labels == 2)[:5]
    few = said.rows(np.sort(np.append(np.flatnonzero(said.labels != 2), rare)))
    rule = fit_sets(few, coverage=0.95, by_class=True)

    assert rule.always == ("c2",)
    assert rule.floors[2] == 0
    assert rule.sets(said.probabilities)[:, 2].all()


def test_few_groups_carry_a_warning() -> None:
    """A rule chosen on few groups says so; enough groups, or none, say nothing."""
    few, many, none = (_said(9, group_size=size) for size in (100, 20, 1))

    told = [fit_sets(own, coverage=0.9, by_class=False).warning for own in (few, many, none)]

    assert told == ["chosen on only 10 groups: collect at least 20 to trust it", None, None]


def test_an_absent_class_has_no_coverage() -> None:
    """Coverage of a class that the test part lacks is None, never 0."""
    said = _said(10)
    test = said.rows(np.flatnonzero(said.labels != 1))
    scores = score_sets(fit_sets(said, coverage=0.9, by_class=True), test)

    assert scores.by_class[1] is None
    assert scores.to_dict()["rule"]["coverage"] == 0.9
    assert replace(scores.rule, floors=(1.1,) * 3).sets(test.probabilities).sum() == 0
