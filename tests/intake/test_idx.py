"""IDX files: what they say is compared with what is there."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from objektiv.base.errors import DataError
from objektiv.intake import idx
from objektiv.intake.idx import FASHION, is_idx, pairs_of, read

PICTURES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def idx_bytes(array: np.ndarray, *, kind: int = 8) -> bytes:
    """The bytes of an IDX file of unsigned bytes."""
    head = bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


def _save(folder: Path, prefix: str, pictures: np.ndarray, *, packed: bool = True) -> None:
    labels = np.arange(len(pictures), dtype=np.uint8)
    for name, array in (("images-idx3", pictures), ("labels-idx1", labels)):
        data = idx_bytes(array)
        path = folder / f"{prefix}-{name}-ubyte{'.gz' * packed}"
        path.write_bytes(gzip.compress(data) if packed else data)


@pytest.mark.parametrize("packed", [True, False])
def test_pairs_are_found_by_name(tmp_path: Path, packed: bool) -> None:
    """Images and labels of train and t10k become the parts train and test, packed or plain."""
    _save(tmp_path, "train", PICTURES, packed=packed)
    _save(tmp_path, "t10k", PICTURES[:1], packed=packed)

    pairs, classes, notes = pairs_of(tmp_path)

    assert [(pair.part, len(pair.x)) for pair in pairs] == [("test", 1), ("train", 2)]
    assert (pairs[1].x == PICTURES).all() and pairs[1].y.tolist() == [0, 1]
    assert (classes, notes) == ([], [])
    one = next(p for p in tmp_path.iterdir() if p.name.startswith("train-images"))
    assert is_idx(tmp_path) and is_idx(one) and not is_idx(tmp_path / "x")
    assert [pair.part for pair in pairs_of(one)[0]] == ["train"]


def test_a_name_without_part_gives_none(tmp_path: Path) -> None:
    """Where the name tells no part there is none."""
    _save(tmp_path, "letters", PICTURES)

    assert [pair.part for pair in pairs_of(tmp_path)[0]] == [None]


def test_images_without_labels_are_noted(tmp_path: Path) -> None:
    """A file whose partner is missing is left out and said; alone it is refused."""
    _save(tmp_path, "train", PICTURES)
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(PICTURES)))
    _, _, notes = pairs_of(tmp_path)
    assert notes == ["t10k-images-idx3-ubyte.gz has no labels beside it: left out"]

    for path in tmp_path.glob("train*"):
        path.unlink()
    with pytest.raises(DataError, match="t10k-images.* has no labels beside it"):
        pairs_of(tmp_path)


def test_numbers_of_more_bytes_are_read(tmp_path: Path) -> None:
    """Other types of the format are read in their own byte order."""
    (tmp_path / "x").write_bytes(idx_bytes(np.array([1, 70_000], ">i4"), kind=12))

    assert read(tmp_path / "x", dimensions=1).tolist() == [1, 70_000]


WHOLE = idx_bytes(PICTURES)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "begins with"),
        (b"\x01" + WHOLE[1:], "begins with"),
        (WHOLE[:2] + b"\x07" + WHOLE[3:], "begins with"),
        (idx_bytes(PICTURES[0]), "it has 2 dimensions and not 3"),
        (WHOLE[:10], "ends inside its header"),
        (WHOLE[:-1], "promises 2 x 3 x 4, 24 bytes; 23 are there"),
        (WHOLE + b"x", "promises 2 x 3 x 4, 24 bytes; (25|more) are there"),
        (WHOLE[:4] + b"\xff" * 12, "4294967295 x 4294967295.*At most"),
    ],
    ids=range(8),
)
def test_broken_files_are_refused(tmp_path: Path, data: bytes, told: str, packed: bool) -> None:
    """Wrong magic, cut files and huge shapes are refused before anything is made."""
    (tmp_path / "x.gz").write_bytes(gzip.compress(data) if packed else data)

    with pytest.raises(DataError, match=rf"x\.gz cannot be read as IDX files: .*{told}"):
        read(tmp_path / "x.gz", dimensions=3)


@pytest.mark.parametrize("lost", [1, 8, 20])
def test_packed_files_that_are_cut_off_are_refused(tmp_path: Path, lost: int) -> None:
    """A download that broke off is refused, not read as far as it goes."""
    (tmp_path / "x.gz").write_bytes(gzip.compress(WHOLE)[:-lost])

    with pytest.raises(DataError, match=r"x\.gz cannot be read"):
        read(tmp_path / "x.gz", dimensions=3)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """Only so much is unpacked as the header promises."""
    (tmp_path / "x.gz").write_bytes(gzip.compress(WHOLE + bytes(50_000_000)))

    with pytest.raises(DataError, match="24 bytes; more are there"):
        read(tmp_path / "x.gz", dimensions=3)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A path without a file is told by name."""
    with pytest.raises(DataError, match="none cannot be read as IDX"):
        read(tmp_path / "none", dimensions=1)


def test_fashion_mnist_is_known_by_its_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ten names are given to Fashion-MNIST only, not to another set under its file names."""
    _save(tmp_path, "train", PICTURES)
    assert pairs_of(tmp_path)[1] == []

    digest = "b413f47d13ee2fe6c845b2ee141af81de858df4ec549a58b7970bb96645bc8d2"  # of bytes 0, 1
    monkeypatch.setattr(idx, "FASHION_LABELS", {"train": digest})
    assert pairs_of(tmp_path)[1] == list(FASHION)


def test_fashion_mnist_is_read(real_data: Path) -> None:
    """The four files give 60,000 and 10,000 pictures with their ten names."""
    pairs, classes, notes = pairs_of(real_data / "fashion_mnist")

    assert {pair.part: pair.x.shape for pair in pairs} == {
        "train": (60_000, 28, 28),
        "test": (10_000, 28, 28),
    }
    assert classes == list(FASHION) and notes == []
    for pair in pairs:
        assert np.bincount(pair.y).tolist() == [len(pair.y) // 10] * 10
