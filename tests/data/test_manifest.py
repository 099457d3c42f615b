"""Taking stock tells what looking at the pixels would tell, without looking."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from objektiv.base.progress import Event, Progress
from objektiv.data import manifest
from objektiv.data.dataset import Dataset, read
from objektiv.data.images import decode
from objektiv.data.manifest import take_stock
from objektiv.data.settings import ReadSettings
from tests.data.pictures import exif, png

PIXELS = 50_000_000


def drawn(number: int) -> bytes:
    """A PNG that no other number gives."""
    rng = np.random.default_rng(number)
    return png(rng.integers(0, 256, (5 + number % 3, 7, 3), dtype=np.uint8))


def folder(root: Path, count: int = 6) -> Path:
    """Two classes of `count` pictures together."""
    for number in range(count):
        path = root / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(drawn(number))
    return root


def stock(root: Path) -> Dataset:
    return take_stock(read(root, ReadSettings()), max_pixels=PIXELS)


def test_hash_bytes_and_dimensions_are_those_of_the_file(tmp_path: Path) -> None:
    """Each row agrees with hashlib, the file's size, and Pillow."""
    for row in stock(folder(tmp_path)).items.iter_rows(named=True):
        path = Path(row["path"])
        with Image.open(path) as picture:
            assert (row["width"], row["height"]) == picture.size
        assert row["hash"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert row["bytes"] == path.stat().st_size
        assert (row["format"], row["notes"]) == ("PNG", "")


def test_many_chunks_keep_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are shared out in chunks, and come back in the order of the dataset, each counted."""
    monkeypatch.setattr(manifest, "CHUNK", 2)
    seen: list[Event] = []
    dataset = read(folder(tmp_path, 21), ReadSettings())

    known = take_stock(dataset, max_pixels=PIXELS, progress=Progress(seen.append))

    assert known.items.drop("hash", "width", "height", "format", "notes", "bytes").equals(
        dataset.items
    )
    assert (seen[-1].done, seen[-1].total, seen[-1].finished) == (21, 21, True)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_measured_as_it_is_shown(tmp_path: Path, orientation: int) -> None:
    """Width and height are those of the decoded picture, whatever EXIF says."""
    root = folder(tmp_path)
    picture = Image.fromarray(np.zeros((4, 9, 3), np.uint8))
    picture.save(root / "a" / "turned.jpg", exif=b"Exif\0\0" + exif(orientation))

    items = stock(root).items

    (row,) = items.filter(items["id"] == "a/turned.jpg").iter_rows(named=True)
    data = (root / "a" / "turned.jpg").read_bytes()
    height, width, _ = decode(data, name="turned.jpg", max_pixels=PIXELS).pixels.shape
    assert (row["width"], row["height"]) == (width, height)


def test_what_has_no_readable_header_is_set_aside(tmp_path: Path) -> None:
    """Text, an empty file, a cut one, a bomb and a broken link go to the quarantine by reason."""
    root = folder(tmp_path)
    (root / "a" / "text.png").write_text("no picture")
    (root / "a" / "empty.png").touch()
    (root / "b" / "cut.png").write_bytes(drawn(9)[:-20])
    (root / "b" / "huge.png").write_bytes(png(np.zeros((40, 50, 3), np.uint8)))
    (root / "b" / "gone.png").symlink_to(root / "b" / "nowhere.png")

    known = take_stock(read(root, ReadSettings()), max_pixels=1000)

    reasons = dict(known.quarantine.select("id", "reason").iter_rows())
    assert reasons.pop("b/gone.png", "unreadable") == "unreadable"  # or no file to begin with
    assert reasons == {
        "a/text.png": "not-an-image",
        "a/empty.png": "empty",
        "b/cut.png": "truncated",
        "b/huge.png": "bomb",
    }
    assert len(known.items) == 6


def test_equal_bytes_under_two_labels_are_set_aside(tmp_path: Path) -> None:
    """Nobody can say which label is right, so both go."""
    root = folder(tmp_path)
    (root / "b" / "again.png").write_bytes(drawn(0))

    known = stock(root)

    assert known.quarantine["id"].to_list() == ["a/0.png", "b/again.png"]
    assert set(known.quarantine["reason"]) == {"two-labels"}


def test_a_large_file_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that gives less than was asked for is asked again."""
    once = os.read
    monkeypatch.setattr(os, "read", lambda handle, _: once(handle, 10))
    root = folder(tmp_path)

    first = stock(root).items.row(0, named=True)

    assert first["hash"] == hashlib.sha256(drawn(0)).hexdigest()


def test_a_name_that_lies_is_noted(tmp_path: Path) -> None:
    """A PNG called .jpg is read, and its notes say so."""
    root = folder(tmp_path)
    (root / "a" / "0.png").rename(root / "a" / "0.jpg")

    assert "PNG" in stock(root).items["notes"][0]
