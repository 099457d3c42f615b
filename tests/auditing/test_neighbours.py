"""The nearest rows: against brute force, in bounded memory, the same every time."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from objektiv.auditing import neighbours
from objektiv.auditing.neighbours import nearest, sketch
from objektiv.features.look import Block, Features


def _rows(count: int, width: int, *, seed: int = 0) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    middles = random.standard_normal((40, width))
    rows = middles[random.integers(0, 40, count)] + 0.7 * random.standard_normal((count, width))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32)


def _brute(rows: NDArray[np.float32], count: int) -> set[tuple[int, int]]:
    """What scikit-learn finds by comparing everything with everything."""
    finder = NearestNeighbors(n_neighbors=count + 1, metric="cosine", algorithm="brute").fit(rows)
    distances, others = finder.kneighbors(rows)
    return {
        (min(row, int(other)), max(row, int(other)))
        for row in range(len(rows))
        for distance, other in zip(distances[row], others[row], strict=True)
        if other != row and 1 - distance > neighbours.FLOOR
    }


@pytest.mark.parametrize("total", [2, 30, 400])
def test_nearest_is_what_brute_force_finds(total: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pairs are those of an exhaustive search, however the blocks and chunks fall."""
    monkeypatch.setattr(neighbours, "ROWS", 70)
    monkeypatch.setattr(neighbours, "FIRST", 32)
    monkeypatch.setattr(neighbours, "MOST", 90)
    rows = _rows(total, 24)

    pairs, cosines = nearest(rows, count=7)

    assert {tuple(pair) for pair in pairs.tolist()} == _brute(rows, min(7, total - 1))
    assert np.allclose(cosines, (rows[pairs[:, 0]] * rows[pairs[:, 1]]).sum(axis=1), atol=1e-5)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert pairs.tolist() == sorted(pairs.tolist())


def test_one_row_has_no_neighbour() -> None:
    """A single row is not paired with itself."""
    pairs, cosines = nearest(_rows(1, 8), count=3)

    assert pairs.shape == (0, 2)
    assert len(cosines) == 0


def test_no_row_at_all_is_no_error() -> None:
    """Nothing gives no pairs."""
    pairs, _ = nearest(np.empty((0, 8), np.float32), count=3)

    assert pairs.shape == (0, 2)


def test_many_equal_rows_stay_few_pairs() -> None:
    """3,000 equal rows, as blank pictures give them, keep at most `count` pairs a row."""
    rows = np.tile(_rows(1, 8), (3000, 1))

    pairs, _ = nearest(rows, count=5)

    assert 1500 <= len(pairs) <= 5 * 3000


def test_memory_does_not_grow_with_the_square() -> None:
    """8,000 rows, whose products would take 256 MB, are searched in a fraction of that."""
    rows = _rows(8000, 16)
    tracemalloc.start()
    try:
        nearest(rows, count=5)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert most < 120e6


def _features(count: int) -> Features:
    random = np.random.default_rng(1)
    values = random.standard_normal((count, 500)).astype(np.float32) + 2
    blocks = (Block("stem", 0, 300), Block("final", 300, 436), Block("colours", 436, 497))
    return Features(tuple(map(str, range(count))), values, (*blocks, Block("size", 497, 500)))


def test_sketch_keeps_what_is_alike_together() -> None:
    """A row that is another one with a little noise has it as its nearest."""
    features = _features(300)
    features.values[200:250] = features.values[:50] + 0.05

    pairs, _ = nearest(sketch(features), count=1)

    assert {(row, row + 200) for row in range(50)} <= {tuple(pair) for pair in pairs.tolist()}


def test_sketch_leaves_the_last_block_and_the_size_out() -> None:
    """The final block and the size of the file change nothing."""
    features, changed = _features(50), _features(50)
    changed.values[:, 300:436] += 7
    changed.values[:, 497:] *= -3

    assert np.array_equal(sketch(features), sketch(changed))


def test_sketch_is_the_same_every_time() -> None:
    """The same features give the same rows, of length 1 and not too wide."""
    rows = sketch(_features(400))

    assert np.array_equal(rows, sketch(_features(400)))
    assert rows.shape == (400, neighbours.WIDTH)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_a_column_that_never_changes_is_no_trouble() -> None:
    """Constant columns do not blow up to noise."""
    features = _features(60)
    features.values[:, 440] = 5

    assert np.isfinite(sketch(features)).all()
