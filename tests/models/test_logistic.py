"""The solver of many folds against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from objektiv.models.logistic import Leading, Linear, Problems, Stretch, minimise

ITEMS, COLUMNS = 160, 24


def _data(classes: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, COLUMNS))
    labels = rng.integers(classes, size=ITEMS)
    x = centres[labels] + rng.normal(scale=2.5, size=(ITEMS, COLUMNS))
    return x.astype(np.float32), labels.astype(np.int64)


def _problems(
    x: NDArray[np.float32],
    labels: NDArray[np.int64],
    weights: NDArray[np.float32],
    strength: float,
) -> Problems:
    count = len(weights)
    shift = np.tile(x.mean(axis=0), (count, 1)).astype(np.float32)
    scale = np.tile(1 / x.std(axis=0), (count, 1)).astype(np.float32)
    strengths = np.full(count, strength, np.float32)
    return Problems(x, labels, int(labels.max()) + 1, weights, shift, scale, strengths)


def _solved(problems: Problems) -> Linear:
    leading = Leading.of(problems.x, problems.shift[0], problems.scale[0])
    each = Stretch.of([leading] * problems.count)
    theta = minimise(problems, each, tolerance=1e-7, rounds=3000)
    return problems.of_raw(theta)


def _centred(logits: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(logits - logits.mean(axis=-1, keepdims=True))


@pytest.mark.parametrize("classes", [3, 5])
@pytest.mark.parametrize("strength", [0.003, 0.3])
def test_minimum_is_that_of_scikit_learn(classes: int, strength: float) -> None:
    """With several classes the strength is scikit-learn's C."""
    x, labels = _data(classes)
    ours = _solved(_problems(x, labels, np.ones((1, ITEMS), np.float32), strength)).logits(x)[0]
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    theirs = LogisticRegression(C=strength, tol=1e-9, max_iter=10_000).fit(standard, labels)

    assert _centred(ours) == pytest.approx(_centred(theirs.decision_function(standard)), abs=6e-3)


def test_two_classes_are_scikit_learns_at_twice_the_strength() -> None:
    """Two columns that mirror each other share the penalty that one column has there."""
    x, labels = _data(2)
    ours = _solved(_problems(x, labels, np.ones((1, ITEMS), np.float32), 0.05)).logits(x)[0]
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    theirs = LogisticRegression(C=0.1, tol=1e-9, max_iter=10_000).fit(standard, labels)

    assert ours[:, 1] - ours[:, 0] == pytest.approx(theirs.decision_function(standard), abs=6e-3)


def test_each_problem_is_solved_as_if_it_were_alone() -> None:
    """Folds share the reading of the features and nothing else."""
    x, labels = _data(3)
    weights = np.ones((3, ITEMS), np.float32)
    for fold in range(3):
        weights[fold, fold::3] = 0
    together = _solved(_problems(x, labels, weights, 0.05)).logits(x)
    alone = [_solved(_problems(x, labels, weights[[f]], 0.05)).logits(x)[0] for f in range(3)]

    assert together == pytest.approx(np.stack(alone), abs=6e-3)


def test_an_item_of_weight_zero_changes_nothing() -> None:
    """A fold's map does not depend on the items it leaves out, whatever they hold."""
    x, labels = _data(3)
    weights = np.ones((1, ITEMS), np.float32)
    weights[0, :40] = 0
    before = _problems(x, labels, weights, 0.05)
    changed = x.copy()
    changed[:40] = 10
    after = Problems(
        changed,
        np.where(np.arange(ITEMS) < 40, 0, labels),
        3,
        weights,
        before.shift,
        before.scale,
        before.strengths,
    )

    assert _solved(after).weights == pytest.approx(_solved(before).weights, abs=6e-3)


def test_gradient_is_that_of_finite_differences() -> None:
    """Along a random direction the loss changes as the gradient says."""
    x, labels = _data(4)
    weights = np.random.default_rng(1).uniform(size=(2, ITEMS)).astype(np.float32)
    problems = _problems(x, labels, weights, 0.7)
    rng = np.random.default_rng(2)
    place = rng.normal(scale=0.1, size=(2, COLUMNS + 1, 4)).astype(np.float32)
    way = rng.normal(size=place.shape).astype(np.float32)
    _, gradient = problems.loss(place)
    step = np.float32(1e-2)
    ahead, behind = (problems.loss(place + s * way)[0] for s in (step, -step))

    assert (gradient * way).sum(axis=(1, 2)) == pytest.approx((ahead - behind) / 0.02, rel=2e-3)


def test_the_same_problems_give_the_same_bytes() -> None:
    """Nothing in the search is left to chance."""
    x, labels = _data(3)
    problems = _problems(x, labels, np.ones((1, ITEMS), np.float32), 0.1)

    assert _solved(problems).weights.tobytes() == _solved(problems).weights.tobytes()
