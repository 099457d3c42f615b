"""Datasets as arrays: the pixels of training, with labels, ids and groups in the same order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from objektiv.base.errors import DataError
from objektiv.base.progress import Progress
from objektiv.data.dataset import Dataset, read
from objektiv.data.images import to_square
from objektiv.data.settings import ArraySettings, ReadSettings, SplitSettings
from objektiv.data.split import split
from objektiv.intake.arrays import pairs_of, shots
from objektiv.intake.numpy_files import arrays_in
from objektiv.intake.to_arrays import write_arrays
from objektiv.intake.tree import Shot, write_tree

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 20, 30, 3)).astype(np.uint8)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """24 pictures of two classes in twelve groups."""
    made = [
        Shot(("cat", "dog")[n % 2], f"p{n:02d}", PIXELS[n], group=f"g{n % 12}") for n in range(24)
    ]
    write_tree(tmp_path / "data", made, total=24, progress=Progress())
    return read(tmp_path / "data", ReadSettings())


def test_pictures_are_those_of_training(dataset: Dataset, tmp_path: Path) -> None:
    """Each row is the network's square of its file, rounded; labels are numbers of classes."""
    shapes = write_arrays(dataset, tmp_path / "out", ArraySettings(size=16, fit="stretch"))

    found = {name: arrays_in(tmp_path / "out" / f"{name}.npy")[name] for name in ("X", "y", "id")}
    assert shapes == {"X": (24, 16, 16, 3)} and found["X"].dtype == np.uint8
    for row, name in enumerate(found["id"]):
        number = int(str(name)[-6:-4])
        square = to_square(PIXELS[number], size=16, fit="stretch")
        assert (found["X"][row] == np.rint(square)).all()
        assert found["y"][row] == number % 2
    assert arrays_in(tmp_path / "out" / "classes.npy")["classes"].tolist() == ["cat", "dog"]


@pytest.mark.parametrize("name", ["out", "out.npz"])
def test_a_split_gives_an_array_a_part_and_is_read_back(
    dataset: Dataset, tmp_path: Path, name: str
) -> None:
    """A folder and an .npz hold the same, and the way back finds labels, groups and parts."""
    made = split(dataset, SplitSettings(folds=2))

    shapes = write_arrays(dataset, tmp_path / name, ArraySettings(size=8), split=made)
    pairs, classes, notes = pairs_of(tmp_path / name)
    back, total, _ = shots(pairs, classes=classes, max_pixels=1000)

    assert {key: shape[0] for key, shape in shapes.items()} == {
        f"X_{part}": len(made.ids(part)) for part in ("train", "validation", "test")
    }
    assert (total, classes, notes) == (24, ["cat", "dog"], [])
    found = sorted((shot.label, str(shot.group), str(shot.part)) for shot in back)
    parts = dict(made.table.select("id", "part").iter_rows())
    rows = dataset.items.select("id", "label", "group").iter_rows()
    assert found == sorted((label, group, parts[i]) for i, label, group in rows)


def test_grey_has_no_colours(dataset: Dataset, tmp_path: Path) -> None:
    """Grey pictures have two dimensions, and grey stays as it was."""
    import cv2

    shapes = write_arrays(
        dataset, tmp_path / "out", ArraySettings(size=20, fit="crop", colour="grey")
    )

    found = arrays_in(tmp_path / "out" / "X.npy")["X"]
    first = int(arrays_in(tmp_path / "out" / "id.npy")["id"][0][-6:-4])
    meant = cv2.cvtColor(PIXELS[first][:, 5:25], cv2.COLOR_RGB2GRAY)
    assert shapes == {"X": (24, 20, 20)}
    assert np.abs(found[0].astype(int) - meant).max() <= 1


def test_a_picture_that_cannot_be_read_is_named(dataset: Dataset, tmp_path: Path) -> None:
    """Bad files are named, and no arrays appear with a row that is made up."""
    Path(dataset.items["path"][3]).write_bytes(b"no picture")

    for name in ("out", "out.npz"):
        with pytest.raises(DataError, match=r"1 of 24 pictures cannot be read: cat/p06\.png"):
            write_arrays(dataset, tmp_path / name, ArraySettings())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data"]


def test_nothing_is_overwritten(dataset: Dataset, tmp_path: Path) -> None:
    """A target that is there is refused."""
    write_arrays(dataset, tmp_path / "out.npz", ArraySettings(size=8))

    with pytest.raises(DataError, match=r"out\.npz is there already"):
        write_arrays(dataset, tmp_path / "out.npz", ArraySettings())
