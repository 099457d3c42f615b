"""Tasks are standardised by what a problem may learn from, and weighted as asked."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from objektiv.models import heads
from objektiv.models.heads import EXACT, HEADS, Task, Variant, logistic

ITEMS, COLUMNS = 200, 12


def _task(*, balanced: bool, problems: int = 1) -> Task:
    rng = np.random.default_rng(5)
    labels = (rng.uniform(size=ITEMS) < 0.2).astype(np.int64)
    x = rng.normal(loc=3, size=(ITEMS, COLUMNS)).astype(np.float32)
    x[labels == 1] += 0.7
    x[:, 3] = 1.5  # a constant column
    fitted = np.ones((problems, ITEMS), bool)
    for number in range(1, problems):
        fitted[number, number::problems] = False
    return Task(x, labels, 2, fitted, balanced=balanced)


@pytest.mark.parametrize("balanced", [False, True])
def test_fit_is_scikit_learns_with_its_scaler(balanced: bool) -> None:
    """A standardised logistic regression, with class_weight='balanced' where asked."""
    task = _task(balanced=balanced)
    variant = Variant(np.ones(COLUMNS, np.float32), 0.6)
    ours = logistic(task, [variant], tolerance=EXACT)[0].linear.logits(task.x)[0]
    scaled = StandardScaler().fit_transform(task.x.astype(np.float64))
    theirs = LogisticRegression(
        C=2 * 0.6 / COLUMNS, class_weight="balanced" if balanced else None, tol=1e-9
    ).fit(scaled, task.labels)

    assert ours[:, 1] - ours[:, 0] == pytest.approx(theirs.decision_function(scaled), abs=5e-3)


def test_a_column_without_importance_counts_nothing() -> None:
    """Whatever stands in a column that is left out, the maps stay the same."""
    task = _task(balanced=False)
    kept = np.ones(COLUMNS, np.float32)
    kept[0] = 0
    linear = logistic(task, [Variant(kept, 1.0)], tolerance=EXACT)[0].linear

    assert (linear.weights[:, 0] == 0).all()
    assert (linear.weights[:, 1] != 0).any()


def test_standardisation_does_not_look_at_left_out_items() -> None:
    """Mean and deviation of a fold's problem come from the items it may learn from."""
    task = _task(balanced=False, problems=4)
    problems = task.problems(np.ones((1, COLUMNS), np.float32), np.ones(1))
    own = task.x[task.fitted[2]]

    assert problems.shift[2] == pytest.approx(own.mean(axis=0), abs=1e-4)
    assert 1 / problems.scale[2][:3] == pytest.approx(own.std(axis=0)[:3], rel=1e-3)


def test_listed_heads_can_be_fitted() -> None:
    """Every head in the table gives finite maps for two problems."""
    task = _task(balanced=True, problems=2)
    for name in HEADS:
        linear = HEADS.get(name)(task, [Variant(np.ones(COLUMNS, np.float32), 1.0)])[0].linear
        assert linear.weights.shape == (2, COLUMNS, 2)
        assert np.isfinite(linear.weights).all()


def test_variants_fitted_together_are_what_each_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sharing a pass, or being told to go one by one, changes nothing that can be seen."""
    task = _task(balanced=False, problems=3)
    some = np.ones(COLUMNS, np.float32)
    some[:5] = 0
    variants = [Variant(np.ones(COLUMNS, np.float32), 0.3), Variant(some, 3.0)]
    together = logistic(task, variants, tolerance=EXACT)
    monkeypatch.setattr(heads, "WIDE", 1)
    alone = logistic(task, variants, tolerance=EXACT)

    for one, other in zip(together, alone, strict=True):
        assert one.linear.weights == pytest.approx(other.linear.weights, abs=2e-3)
    assert np.abs(together[0].linear.weights - together[1].linear.weights).max() > 0.05


def test_a_fit_begun_at_another_ends_where_it_would_have_ended() -> None:
    """A near start saves rounds and does not move the minimum."""
    task = _task(balanced=False, problems=3)
    full = np.ones(COLUMNS, np.float32)
    near = logistic(task, [Variant(full, 1.0)], tolerance=EXACT)[0]
    begun = logistic(task, [Variant(full, 3.0, near)], tolerance=EXACT)[0].linear.logits(task.x)
    fresh = logistic(task, [Variant(full, 3.0)], tolerance=EXACT)[0].linear.logits(task.x)

    assert begun == pytest.approx(fresh, abs=0.02)
    assert np.abs(fresh).max() > 1
