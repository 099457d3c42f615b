"""The map of what the network sees alike."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier

from objektiv.auditing import feature_map as maps
from objektiv.auditing.feature_map import feature_map
from objektiv.features.descriptors import COLOURS
from objektiv.features.look import SIZE, Block, Features


def _features(values: NDArray[np.float64]) -> Features:
    """`values` as the network's; colours and sizes that would spoil the map if they were used."""
    noise = 1e6 * np.random.default_rng(9).normal(size=(len(values), 4))
    every = np.hstack([values, noise]).astype(np.float32)
    wide = values.shape[1]
    blocks = (
        Block("final", 0, wide),
        Block(COLOURS, wide, wide + 2),
        Block(SIZE, wide + 2, wide + 4),
    )
    return Features(tuple(f"i{k}" for k in range(len(values))), every, blocks)


def _clouds(each: int) -> tuple[Features, list[str]]:
    random = np.random.default_rng(0)
    centres = random.normal(size=(3, 20)) * 4
    values = np.concatenate([c + random.normal(size=(each, 20)) for c in centres])
    return _features(values), [str(k) for k in range(3) for _ in range(each)]


def test_clouds_lie_apart_though_labels_have_no_say() -> None:
    """What is apart in many dimensions is apart on the map; shuffled labels change nothing."""
    features, labels = _clouds(40)
    found = feature_map(features, labels, seed=0)
    shuffled = np.random.default_rng(1).permutation(labels).tolist()

    near = KNeighborsClassifier(5).fit(found.places, labels).score(found.places, labels)
    assert near > 0.99
    assert np.array_equal(found.places, feature_map(features, shuffled, seed=0).places)
    assert (found.places.min(), found.places.max()) == (0, 1)
    assert found.ids == features.ids and found.items == 120


def test_same_seed_same_map() -> None:
    """Two runs give the same places, to the last bit."""
    features, labels = _clouds(20)

    first, second = (feature_map(features, labels, seed=3).places for _ in range(2))
    assert np.array_equal(first, second)


def test_large_sets_are_sampled_by_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample has the size asked for, no item twice, and each class with its share."""
    monkeypatch.setattr(maps, "SAMPLE", 60)
    values = np.random.default_rng(0).normal(size=(400, 6))
    labels = ["rare"] * 40 + ["usual"] * 360
    found = feature_map(_features(values), labels, seed=0)

    assert found.items == 400
    assert len(found.ids) == len(set(found.ids)) == 60
    assert sum(int(name[1:]) < 40 for name in found.ids) == 6


@pytest.mark.parametrize("items", [1, 2, 5])
def test_few_items_have_places_too(items: int) -> None:
    """Down to one picture there is a map, inside its frame."""
    values = np.random.default_rng(0).normal(size=(items, 8))
    found = feature_map(_features(values), ["a"] * items, seed=0)

    assert found.places.shape == (items, 2)
    assert np.isfinite(found.places).all()
    assert found.places.min() >= 0 and found.places.max() <= 1
    assert found.method == "principal components"


def test_equal_pictures_do_not_break_it() -> None:
    """Features without any difference put all items in the middle."""
    found = feature_map(_features(np.ones((30, 8))), ["a"] * 30, seed=0)

    assert np.unique(found.places).tolist() == [0.5]
