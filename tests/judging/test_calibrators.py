"""Calibrators agree with independent fits, and are compared on what they have not seen."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import sklearn.isotonic
import sklearn.metrics

from objektiv.judging.calibration import softmax
from objektiv.judging.calibrators import (
    KINDS,
    Isotonic,
    Kind,
    Vector,
    cross_fitted,
    fit_calibrator,
    left_out,
    rising,
)
from tests.judging.test_calibration import drawn


@pytest.mark.parametrize("seed", range(5))
def test_the_rising_line_is_that_of_scikit_learn(seed: int) -> None:
    """PAV with ties agrees with scikit-learn's isotonic regression at and between its corners."""
    rng = np.random.default_rng(seed)
    given = rng.integers(0, 60, 300) / 60
    truth = rng.random(300) < given**2
    knots, heights = rising(given, truth)

    theirs = sklearn.isotonic.IsotonicRegression(y_min=1 / 302, y_max=301 / 302)
    theirs.fit(given, truth)
    inside = np.linspace(given.min(), given.max(), 500)

    assert np.interp(inside, knots, heights) == pytest.approx(theirs.predict(inside), abs=1e-9)
    assert (np.diff(heights) >= 0).all()
    assert (np.diff(knots) > 0).all()


@pytest.mark.parametrize("classes", [2, 5])
def test_vector_scaling_is_the_best_that_scipy_finds(classes: int) -> None:
    """No scale and shift that scipy finds has a log loss more than 1 in 10,000 lower."""
    logits, labels = drawn(1, items=600, classes=classes)
    given = logits * np.linspace(0.5, 3, classes) + np.linspace(-1, 1, classes)

    def loss(at: np.ndarray) -> float:
        said = softmax(given * at[:classes] + at[classes:])
        return float(sklearn.metrics.log_loss(labels, said))

    fitted = fit_calibrator("vector", given, labels)
    assert isinstance(fitted, Vector)
    start = np.concatenate([np.ones(classes), np.zeros(classes)])
    best = scipy.optimize.minimize(loss, start, method="BFGS").fun

    assert loss(np.concatenate([fitted.scale, fitted.shift])) <= best + 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_undoes_what_it_can_undo(kind: Kind) -> None:
    """Logits made too large become as good as the ones that labels were drawn from."""
    logits, labels = drawn(3, items=4000, classes=3)
    true = float(sklearn.metrics.log_loss(labels, softmax(logits)))

    said = fit_calibrator(kind, 4 * logits, labels).probabilities(4 * logits)

    assert said.sum(axis=1) == pytest.approx(np.ones(4000))
    assert float(sklearn.metrics.log_loss(labels, said)) < true + 0.01
    assert float(sklearn.metrics.log_loss(labels, softmax(4 * logits))) > true + 0.2


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_never_errs_keeps_finite_numbers(kind: Kind) -> None:
    """Perfect logits, and a class that no item is of, give probabilities that are finite."""
    labels = np.array([0, 1] * 15)
    logits = 9.0 * np.eye(3)[labels]

    said = fit_calibrator(kind, logits, labels).probabilities(logits)

    assert np.isfinite(said).all()
    assert (said.argmax(axis=1) == labels).all()


def test_isotonic_never_says_never() -> None:
    """Probabilities of the isotonic line are neither 0 nor 1."""
    labels = np.array([0, 1] * 40)
    fitted = fit_calibrator("isotonic", 30.0 * np.eye(2)[labels], labels)
    assert isinstance(fitted, Isotonic)

    said = fitted.probabilities(np.array([[500.0, -500.0], [-500.0, 500.0]]))

    assert 0 < said.min() < said.max() < 1
    assert said[0, 0] == pytest.approx(81 / 82)


def test_folds_keep_groups_together_and_are_about_even() -> None:
    """No group is in two folds, and no fold is more than twice another."""
    groups = np.random.default_rng(0).integers(0, 40, 1000)
    folds = left_out(groups, 1000)
    assert folds is not None

    assert all(len(set(folds[groups == g])) == 1 for g in range(40))
    counts = np.bincount(folds)
    assert len(counts) == 5
    assert counts.max() < 2 * counts.min()


def test_two_groups_are_the_fewest_that_can_be_left_out() -> None:
    """One group cannot be left out; two give two folds; items without groups are their own."""
    assert left_out(np.zeros(9, np.int64), 9) is None
    assert left_out(None, 1) is None
    two = left_out(np.array([0, 0, 0, 1]), 4)
    assert two is not None and set(two) == {0, 1}
    alone = left_out(None, 50)
    assert alone is not None and np.bincount(alone).tolist() == [10] * 5


def test_cross_fitting_never_lets_an_item_judge_itself() -> None:
    """Another truth in one fold changes what is said of all others, and nothing in that fold."""
    logits, labels = drawn(4, items=300, classes=3)
    folds = np.arange(300) % 5
    changed = np.where(folds == 2, (labels + 1) % 3, labels)

    before, after = (cross_fitted("isotonic", logits, own, folds) for own in (labels, changed))

    assert (before[folds == 2] == after[folds == 2]).all()
    assert (before[folds != 2] != after[folds != 2]).any(axis=1).mean() > 0.9
