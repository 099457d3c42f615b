"""Clusters are divided whole, near the ratios, and each part gets each class where that can be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objektiv.data.apportion import apportion, largest_remainder

SIXTY = np.array([0.6, 0.2, 0.2])


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def patients(count: int, seed: int) -> np.ndarray:
    """Counts (patients, 2 classes) as in a study: sizes and shares of infected cells vary."""
    rng = generator(seed)
    sizes = np.maximum(rng.lognormal(np.log(50), 0.4, count), 4).astype(int)
    infected = rng.binomial(sizes, rng.beta(2, 2, count))
    return np.column_stack([infected, sizes - infected])


def test_largest_remainder_gives_the_counts_of_the_course() -> None:
    """13,779 cells at 60/20/20 are 8,267 / 2,756 / 2,756, as the course prints."""
    assert largest_remainder(13_779, SIXTY).tolist() == [8_267, 2_756, 2_756]


def test_equal_remainders_go_to_the_least_filled_part() -> None:
    """Where two parts have the same remainder, the emptier one gets the item."""
    assert largest_remainder(1, np.array([0.5, 0.5]), filled=np.array([3.0, 2.0])).tolist() == [
        0,
        1,
    ]
    assert largest_remainder(1, np.array([0.5, 0.5])).tolist() == [1, 0]


@given(st.integers(0, 10_000), st.lists(st.integers(1, 100), min_size=1, max_size=6))
def test_largest_remainder_keeps_the_quota(total: int, weights: list[int]) -> None:
    """The numbers sum to the total and none is a whole item off its exact share."""
    shares = np.array(weights) / sum(weights)

    numbers = largest_remainder(total, shares)

    assert numbers.sum() == total
    assert np.abs(numbers - total * shares).max() < 1


def test_lone_items_follow_largest_remainder_in_every_class() -> None:
    """Without clusters each class is divided exactly."""
    counts = np.repeat(np.eye(2, dtype=int), 13_779, axis=0)

    parts = apportion(counts, SIXTY.tolist(), rng=generator())

    assert parts is not None
    for label in range(2):
        assert np.bincount(parts[counts[:, label] == 1]).tolist() == [8_267, 2_756, 2_756]


def test_lone_items_of_many_small_classes_fill_folds_evenly() -> None:
    """37 classes of 6 items in 5 folds: the one item over does not always go to the first fold."""
    counts = np.repeat(np.eye(37, dtype=int), 6, axis=0)

    parts = apportion(counts, [0.2] * 5, rng=generator())

    assert parts is not None
    assert sorted(np.bincount(parts).tolist()) == [44, 44, 44, 45, 45]


@pytest.mark.parametrize("count", [24, 120, 200])
@pytest.mark.parametrize("seed", range(3))
def test_patients_are_divided_near_the_ratios(count: int, seed: int) -> None:
    """With 24 patients each part is within 2 % of its share in size and class, with more 0.5 %."""
    counts = patients(count, seed)
    tolerance = 0.02 if count == 24 else 0.005

    parts = apportion(counts, SIXTY.tolist(), rng=generator(seed))

    assert parts is not None
    sums = np.stack([counts[parts == part].sum(axis=0) for part in range(3)])
    assert np.abs(sums / counts.sum(axis=0) - SIXTY[:, None]).max() < tolerance
    assert np.abs(sums.sum(axis=1) / counts.sum() - SIXTY).max() < tolerance


def test_clusters_and_lone_items_together_meet_the_counts_exactly() -> None:
    """Copies are placed first, lone items then fill up to the exact largest remainder."""
    pairs = np.repeat(np.array([[2, 0], [0, 2], [1, 1]]), 10, axis=0)
    lone = np.repeat(np.eye(2, dtype=int), [70, 90], axis=0)
    counts = np.vstack([pairs, lone])

    parts = apportion(counts, SIXTY.tolist(), rng=generator())

    assert parts is not None
    sums = [counts[parts == part].sum(axis=0).tolist() for part in range(3)]
    assert sums == [[60, 72], [20, 24], [20, 24]]


def test_three_groups_of_a_class_reach_three_parts() -> None:
    """A class with just as many groups as parts is in each part, whatever the sizes."""
    counts = np.array([[0, 40]] * 12 + [[30, 0], [5, 3], [1, 20]])

    for seed in range(10):
        parts = apportion(counts, SIXTY.tolist(), rng=generator(seed))

        assert parts is not None
        assert sorted(parts[-3:].tolist()) == [0, 1, 2]


def test_three_lone_items_reach_three_parts() -> None:
    """Three images of a class are one in each part, though 60/20/20 of three rounds to 2/1/0."""
    counts = np.repeat(np.eye(2, dtype=int), [3, 50], axis=0)

    parts = apportion(counts, SIXTY.tolist(), rng=generator())

    assert parts is not None
    assert sorted(parts[:3].tolist()) == [0, 1, 2]


@pytest.mark.parametrize("counts", [[[1, 0]] * 2 + [[0, 1]] * 9, [[5, 0]] * 2 + [[0, 5]] * 9])
def test_a_class_with_two_groups_cannot_be_in_three_parts(counts: list[list[int]]) -> None:
    """Too few groups or lone items give no division at all."""
    assert apportion(np.array(counts), SIXTY.tolist(), rng=generator()) is None


def feasible(counts: np.ndarray, parts: int) -> bool:
    """Brute force: does any division give each part each class?"""
    choices = np.array(list(itertools.product(range(parts), repeat=len(counts))))
    inside = choices[:, :, None] == np.arange(parts)
    return bool((np.einsum("ngp,gk->npk", inside, counts) > 0).all(axis=(1, 2)).any())


# What a cluster may hold of three classes: one lone item, one class, two, or all.
KINDS = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [3, 0, 0], [0, 3, 3], [3, 0, 1], [1, 1, 0], [2, 1, 1]]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(KINDS), min_size=3, max_size=6),
    st.integers(0, 99),
)
def test_a_division_is_found_exactly_where_there_is_one(rows: list[list[int]], seed: int) -> None:
    """Against brute force: each part gets each class whenever that can be, else there is none."""
    counts = np.array(rows)

    parts = apportion(counts, SIXTY.tolist(), rng=generator(seed))

    assert (parts is not None) == feasible(counts, 3)
    if parts is not None:
        assert all((counts[parts == part].sum(axis=0) > 0).all() for part in range(3))
