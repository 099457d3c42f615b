"""Folds for judging data, and out-of-fold probabilities."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from objektiv.auditing.crossfit import FOLDS, assign_folds, out_of_fold
from objektiv.models.choose import Truth


def _items(groups: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame({"group": groups}, schema={"group": pl.String})


@given(
    st.lists(st.tuples(st.integers(0, 2), st.none() | st.integers(0, 12)), min_size=1, max_size=80)
)
def test_no_group_is_in_two_folds(drawn: list[tuple[int, int | None]]) -> None:
    """Whatever the groups, each lies in one fold, and each item has a fold from 0 to 4."""
    groups = [None if group is None else str(group) for _, group in drawn]
    labels = np.array([label for label, _ in drawn], np.int64)

    folds = assign_folds(_items(groups), labels)

    assert set(folds.tolist()) <= set(range(FOLDS))
    for group in {g for g in groups if g is not None}:
        rows = [k for k, own in enumerate(groups) if own == group]
        assert len(set(folds[rows].tolist())) == 1


def test_lone_items_are_spread_evenly() -> None:
    """Of each class every fold holds as many as every other, give or take one."""
    labels = np.repeat([0, 1, 2], [53, 20, 5])

    folds = assign_folds(_items([None] * len(labels)), labels)

    for label in range(3):
        counts = np.bincount(folds[labels == label], minlength=FOLDS)
        assert counts.max() - counts.min() <= 1


def test_a_class_of_two_groups_is_in_two_folds() -> None:
    """Where there are fewer groups than folds, each group has a fold of its own."""
    groups = [*(f"a{k}" for k in range(10)), "b1", "b1", "b2", "b2"]
    labels = np.repeat([0, 1], [10, 4])

    folds = assign_folds(_items(list(groups)), labels)

    assert folds[10] == folds[11] != folds[12] == folds[13]


def test_probabilities_are_those_of_heads_that_have_not_seen_the_item() -> None:
    """Each fold's classes are those that scikit-learn, fitted on the other folds, gives."""
    random = np.random.default_rng(0)
    labels = np.arange(120) % 2
    x = (random.normal(size=(120, 6)) + labels[:, None]).astype(np.float32)
    folds = random.integers(0, FOLDS, 120)

    found = out_of_fold(x, Truth(labels, folds, ("a", "b")), [np.ones(6, np.float32)], strength=6)[
        0
    ]

    same = []
    for fold in range(FOLDS):
        rest, own = folds != fold, folds == fold
        mean, deviation = x[rest].mean(axis=0), x[rest].std(axis=0)
        head = LogisticRegression(C=1.0, class_weight="balanced", tol=1e-8)
        head.fit((x[rest] - mean) / deviation, labels[rest])
        same += (head.predict((x[own] - mean) / deviation) == found[own].argmax(axis=1)).tolist()
    assert np.mean(same) >= 0.99
    assert found.sum(axis=1) == pytest.approx(1)


def test_noise_is_not_learnt() -> None:
    """Columns that know nothing judge no better than guessing, however many they are."""
    random = np.random.default_rng(1)
    labels = np.arange(400) % 2
    x = random.normal(size=(400, 300)).astype(np.float32)
    folds = random.integers(0, FOLDS, 400)

    found = out_of_fold(x, Truth(labels, folds, ("a", "b")), [np.ones(300, np.float32)])[0]

    assert abs((found.argmax(axis=1) == labels).mean() - 0.5) < 0.08
