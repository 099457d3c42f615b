"""Thumbnails are read once and found again in the bank."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from objektiv.auditing import thumbnails as module
from objektiv.auditing.likeness import thumbnail, tint
from objektiv.auditing.thumbnails import Thumbnails, thumbnails
from objektiv.base.errors import ImageError
from objektiv.base.files import sha256
from objektiv.base.progress import Progress
from objektiv.data.drawing import png
from objektiv.data.images import decode


@pytest.fixture
def table(tmp_path: Path) -> pl.DataFrame:
    """Five pictures of noise on a disk."""
    rng = np.random.default_rng(3)
    rows = []
    for number in range(5):
        path = tmp_path / f"{number}.png"
        path.write_bytes(png(rng.integers(256, size=(70, 90, 3), dtype=np.uint8)))
        rows.append((path.name, str(path), sha256(path.read_bytes())))
    return pl.DataFrame(rows, schema=["id", "path", "hash"], orient="row")


def _of(table: pl.DataFrame, bank: Path | None) -> Thumbnails:
    return thumbnails(table, bank=bank, max_pixels=10_000, progress=Progress())


def test_they_are_those_of_the_files(table: pl.DataFrame) -> None:
    """Each row is the thumbnail and the tint of its own file."""
    found = _of(table, None)
    for row, path in enumerate(table["path"]):
        pixels = decode(Path(path).read_bytes(), name=path, max_pixels=10_000).pixels
        assert (found.pictures[row] == thumbnail(pixels)).all()
        assert found.tints[row] == pytest.approx(tint(pixels), abs=1e-3)


def test_what_the_bank_has_is_not_read_again(
    table: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second time no file is opened, in whatever order they are asked for."""
    first = _of(table, tmp_path / "bank")

    def refuse(*_: object, **__: object) -> bytes:
        raise AssertionError("opened")

    monkeypatch.setattr(module, "read_bytes", refuse)
    again = _of(table.reverse(), tmp_path / "bank")

    assert (again.pictures[::-1] == first.pictures).all()
    assert (again.tints[::-1] == first.tints).all()


def test_what_was_read_before_a_failure_is_kept(table: pl.DataFrame, tmp_path: Path) -> None:
    """A file that has gone is told, and the others need not be read again."""
    Path(table["path"][4]).unlink()
    with pytest.raises(ImageError, match=r"4\.png"):
        _of(table, tmp_path / "bank")
    for path in table["path"][:4]:
        Path(path).unlink()

    assert len(_of(table.head(4), tmp_path / "bank").pictures) == 4
