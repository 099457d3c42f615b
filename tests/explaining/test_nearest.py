"""Nearest pictures are those that scikit-learn finds, in the space that the probe reads."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from objektiv.base.seeds import generator
from objektiv.explaining.nearest import Neighbour, Neighbours
from objektiv.features.descriptors import COLOURS
from objektiv.features.look import Block, Features

BLOCKS = (Block("stage1", 0, 4), Block("final", 4, 10), Block(COLOURS, 10, 12))
NAMES = [block.name for block in BLOCKS]


def _features(count: int, first: int = 0) -> Features:
    values = np.abs(generator(first, "features").normal(size=(count, 12))).astype(np.float32)
    return Features(tuple(f"{first + n}.png" for n in range(count)), values, BLOCKS)


KNOWN = _features(60)
LABELS = ["cat", "dog", "screw"] * 20


def test_the_nearest_are_those_of_another_library() -> None:
    """Same order, same distances, scaled so that pictures that share nothing are 1 apart."""
    asked = _features(5, first=100)

    def space(features: Features) -> np.ndarray:
        parts = [features.values[:, :4], features.values[:, 4:10]]
        return np.hstack([p / np.linalg.norm(p, axis=1, keepdims=True) for p in parts]) / 2

    distances, places = NearestNeighbors(n_neighbors=3).fit(space(KNOWN)).kneighbors(space(asked))
    found = Neighbours(KNOWN, LABELS, NAMES).of(asked, 3)

    assert [[n.id for n in own] for own in found] == [[f"{k}.png" for k in row] for row in places]
    np.testing.assert_allclose([[n.distance for n in own] for own in found], distances, atol=1e-5)


def test_a_picture_is_not_its_own_neighbour() -> None:
    """Asked for a training picture itself, the next one comes first."""
    (found,) = Neighbours(KNOWN, LABELS, NAMES).of(KNOWN.of(["7.png"]), 2)

    assert len(found) == 2
    assert "7.png" not in {n.id for n in found}


def test_each_other_class_has_its_nearest() -> None:
    """For every class but the own one, pictures of that class alone."""
    (found,) = Neighbours(KNOWN, LABELS, NAMES).of_others(KNOWN.of(["0.png"]), ["cat"], 2)

    assert sorted(found) == ["dog", "screw"]
    assert {n.label for n in found["dog"]} == {"dog"}
    assert found["dog"][0].distance <= found["dog"][1].distance


def test_confused_pairs_are_the_nearest_of_different_classes() -> None:
    """A copy under another label is the first pair."""
    values = KNOWN.values.copy()
    values[4] = values[30]  # a dog and a cat
    known = Features(KNOWN.ids, values, BLOCKS)

    pairs = Neighbours(known, LABELS, NAMES).confused(known, LABELS, 3)

    assert {pairs[0].first.id, pairs[0].second.id} == {"4.png", "30.png"}
    assert pairs[0].second.distance == pytest.approx(0, abs=1e-6)
    assert all(pair.first.label != pair.second.label for pair in pairs)
    assert isinstance(pairs[0].first, Neighbour)
