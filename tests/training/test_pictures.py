"""Pictures in memory and the order of their batches."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from objektiv.base.errors import ImageError
from objektiv.base.progress import Event, Progress
from objektiv.data.images import to_square
from objektiv.training import pictures
from objektiv.training.pictures import Batches, Pictures, Reading, Squares

HOW = Reading(size=32, fit="letterbox", max_pixels=10_000)


@pytest.fixture
def numbered() -> Pictures:
    """Twenty-one squares of one pixel whose level is their row."""
    squares = np.repeat(np.arange(21, dtype=np.uint8)[:, None, None, None], 3, axis=3)
    return pictures.of_arrays(squares, np.arange(21) % 3)


def _seen(batches: Batches, epoch: int, start: int = 0) -> list[list[int]]:
    return [b.squares[:, 0, 0, 0].tolist() for b in batches.epoch(epoch, start=start)]


def test_files_become_rounded_squares(tmp_path: Path) -> None:
    """Each file is resized as the graph does it and rounded to 8 bits."""
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{n}.png" for n in range(5)]
    drawn = [rng.integers(0, 256, (20 + n, 30, 3), dtype=np.uint8) for n in range(5)]
    for path, pixels in zip(paths, drawn, strict=True):
        cv2.imwrite(str(path), pixels[:, :, ::-1])
    told: list[Event] = []
    found = pictures.read(paths, [0, 1, 0, 1, 0], HOW, progress=Progress(told.append))

    expected = [np.rint(to_square(p, size=32, fit="letterbox")) for p in drawn]
    assert np.array_equal(found.squares, np.stack(expected))
    assert (found.size, len(found), found.labels.tolist()) == (32, 5, [0, 1, 0, 1, 0])
    assert (told[-1].done, told[-1].finished) == (5, True)


def test_unreadable_file_is_an_error(tmp_path: Path) -> None:
    """A file that cannot be decoded ends the reading."""
    (tmp_path / "a.png").write_bytes(b"no picture")

    with pytest.raises(ImageError, match="a.png"):
        pictures.read([tmp_path / "a.png"], [0], HOW, progress=Progress())


def test_too_many_pictures_lie_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, numbered: Pictures
) -> None:
    """Where memory is too small for them, the squares are mapped from a file."""
    monkeypatch.setattr(pictures, "usable_memory", lambda: 1000)
    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 40, 3), 9, np.uint8))
    found = pictures.read([tmp_path / "a.png"], [0], HOW, progress=Progress())

    assert isinstance(found.squares, np.memmap)
    assert (found.squares == 9).all()


def test_order_is_a_function_of_seed_and_epoch(numbered: Pictures) -> None:
    """The same seed and epoch give the same order, others another; all pictures come once."""
    first = _seen(Batches(numbered, size=5, seed=1), 0)
    again = Batches(numbered, size=5, seed=1, workers=7)

    assert _seen(again, 1) != first
    assert _seen(again, 0) == first
    assert _seen(Batches(numbered, size=5, seed=2), 0) != first
    assert sorted(sum(first, [])) == list(range(21))
    assert _seen(again, 0, start=2) == first[2:]


def test_last_single_picture_joins_the_batch_before(numbered: Pictures) -> None:
    """Twenty-one pictures in fives are three batches of five and one of six."""
    batches = Batches(numbered, size=5, seed=1)

    assert [len(b) for b in _seen(batches, 0)] == [5, 5, 5, 6]
    assert len(batches) == 4
    assert [len(b) for b in _seen(Batches(numbered, size=4, seed=1), 0)] == [4, 4, 4, 4, 5]
    assert [len(b) for b in _seen(Batches(numbered, size=6, seed=1), 0)] == [6, 6, 6, 3]
    assert len(_seen(Batches(numbered.only(np.array([3])), size=6, seed=1), 0)) == 1


def test_changes_are_functions_of_epoch_and_picture(numbered: Pictures) -> None:
    """A picture is changed by its epoch and row, whatever batch it is in."""

    def change(square: Squares, out: Squares, epoch: int, row: int) -> None:
        out[:] = square + 100 * epoch

    half = numbered.only(np.arange(10, 20))
    seen = _seen(Batches(half, size=3, seed=1, change=change, workers=3), 2)

    assert sorted(sum(seen, [])) == [n + 200 for n in range(10, 20)]
    assert numbered.squares.max() == 20


def test_classes_of_unequal_size_can_count_the_same() -> None:
    """Balanced weights are scikit-learn's, and 1 on average."""
    squares = np.zeros((4, 1, 1, 3), np.uint8)
    found = pictures.of_arrays(squares, [0, 0, 0, 1]).balanced(2)

    assert found.weights.tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])
    assert found.only(np.array([2, 3])).balanced(2).weights[2:].tolist() == [1, 1]


def test_pictures_stand_in_order(numbered: Pictures) -> None:
    """Without a draw the pictures come as they stand."""
    batches = pictures.in_order(numbered, size=8)

    assert [b.labels.tolist() for b in batches][2] == [1, 2, 0, 1, 2]


def test_error_in_a_thread_arrives(numbered: Pictures) -> None:
    """What fails while a batch is drawn ends the epoch."""

    def change(square: Squares, out: Squares, epoch: int, row: int) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        _seen(Batches(numbered, size=5, seed=1, change=change), 0)
