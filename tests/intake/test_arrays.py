"""Arrays of pictures and labels become shots; what does not fit is refused with both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from objektiv.base.errors import DataError
from objektiv.intake.arrays import Pair, is_arrays, kind_and_part, pairs_of, shots
from objektiv.intake.tree import Shot

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 5, 4)).astype(np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def _pair(x: Any, y: Any = LABELS, *, part: str | None = None, groups: Any = None) -> Pair:
    return Pair(part, np.asarray(x), np.asarray(y), "X.npy", "y.npy", groups)


def _shots(*pairs: Pair, classes: list[str] | None = None) -> list[Shot]:
    found, total, _ = shots(pairs, classes=classes, max_pixels=10_000)
    listed = list(found)
    assert len(listed) == total
    return listed


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("X_train", ("X", "train")),
        ("y_test", ("y", "test")),
        ("x", ("X", None)),
        ("train_images", ("X", "train")),
        ("val_labels", ("y", "validation")),
        ("X-valid", ("X", "validation")),
        ("group_test", ("group", "test")),
        ("classes", ("classes", None)),
        ("weights", None),
        ("X_train_small", None),
        ("train", None),
        ("train_test_X", None),
        ("arr_0", None),
    ],
)
def test_names_say_what_an_array_is(name: str, meant: tuple[str, str | None] | None) -> None:
    """The names that Keras, MedMNIST and notebooks use are known, others are not guessed."""
    assert kind_and_part(name) == meant


def test_a_folder_and_an_archive_give_the_same(tmp_path: Path) -> None:
    """Parts come from the names, in a folder as in an .npz."""
    arrays = {"X_train": GREY, "y_train": LABELS, "X_test": GREY[:2], "y_test": LABELS[:2]}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    np.savez(tmp_path / "all.npz", **arrays)

    for path in (tmp_path, tmp_path / "all.npz"):
        pairs, classes, notes = pairs_of(path)
        found = {pair.part: (pair.x.shape, pair.y.tolist()) for pair in pairs}
        assert found == {"train": ((6, 5, 4), [0, 1, 2, 0, 1, 2]), "test": ((2, 5, 4), [0, 1])}
        assert (classes, notes) == ([], [])
    assert pairs_of(tmp_path / "X_test.npy")[0][0].part == "test"
    assert len(pairs_of(tmp_path / "X_test.npy")[0]) == 1
    assert is_arrays(tmp_path) and is_arrays(tmp_path / "all.npz")
    assert not is_arrays(tmp_path / "none.npz")


def test_labels_without_pictures_are_noted(tmp_path: Path) -> None:
    """As in the thesis: labels of a part that has no pictures are left out and said."""
    for name, array in {"y_train": LABELS, "X_test": GREY, "y_test": LABELS}.items():
        np.save(tmp_path / f"{name}.npy", array)
    np.save(tmp_path / "weights.npy", LABELS)

    pairs, _, notes = pairs_of(tmp_path)
    found, _, more = shots(pairs, classes=None, max_pixels=100)

    assert sorted(notes) == [
        "other arrays, not read: weights.npy",
        "y_train.npy (6 rows) has no pictures beside it: left out",
    ]
    assert more == ["only the test part has pictures: they come without part, to be split anew"]
    assert {shot.part for shot in found} == {None}


def test_nothing_of_use_is_refused(tmp_path: Path) -> None:
    """Labels alone, or arrays under other names, are refused with the names that are read."""
    np.save(tmp_path / "y.npy", LABELS)
    with pytest.raises(DataError, match=r"y\.npy \(6 rows\) has no pictures.*X_train and y_train"):
        pairs_of(tmp_path)

    np.savez(tmp_path / "a.npz", arr_0=GREY, arr_1=LABELS)
    with pytest.raises(DataError, match="other arrays, not read: a.npz: arr_0, a.npz: arr_1"):
        pairs_of(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x=GREY, images=GREY, y=LABELS)
    with pytest.raises(DataError, match="b.npz: x and b.npz: images mean the same"):
        pairs_of(tmp_path / "b.npz")


def test_origin_part_and_group_are_kept() -> None:
    """Each shot says where it came from; file names count within the part."""
    first, *_, last = _shots(
        _pair(GREY, part="train", groups=np.array(list("aabbcc"))),
        _pair(GREY[:2], [2, 0], part="test"),
    )

    assert (first.name, first.part, first.group, first.label) == ("train_00000", "train", "a", "0")
    assert dict(first.origin) == {"source": "X.npy", "row": 0}
    assert (last.name, last.part, last.group, last.label) == ("test_00001", "test", None, "0")
    assert (first.pixels == GREY[0]).all()


@pytest.mark.parametrize(
    ("x", "pixels"),
    [
        (GREY, GREY[1]),
        (GREY[..., None], GREY[1]),
        (GREY[:, None], GREY[1]),
        (np.stack([GREY, GREY // 2, GREY // 3], axis=3), None),
        (np.stack([GREY, GREY // 2, GREY // 3], axis=1), None),
        (GREY.astype(np.int64), GREY[1]),
        (GREY.astype(np.float64), GREY[1]),
        (GREY.astype(np.float32) / 255, GREY[1]),
        (GREY / 255, GREY[1]),
        (GREY > 127, (GREY[1] > 127) * 255),
        ((GREY > 127).astype(np.int8), (GREY[1] > 127) * 255),
        (GREY.astype(">u2") * 200, GREY[1].astype(np.uint16) * 200),
    ],
    ids=range(12),
)
def test_shapes_and_ranges_are_understood(x: Any, pixels: Any) -> None:
    """Colours first or last, numbers of any kind and 0 to 1 give the pixels that are meant."""
    if pixels is None:
        pixels = np.stack([GREY[1], GREY[1] // 2, GREY[1] // 3], axis=2)

    found = _shots(_pair(x))[1].pixels

    assert found.dtype == (np.uint16 if pixels.max() > 255 else np.uint8)
    assert found.shape == pixels.shape and (found == pixels).all()


def test_the_range_is_that_of_all_parts() -> None:
    """A dark test part is not made bright because it stands alone."""
    dark = np.full((2, 5, 4), 1, np.uint8)

    *_, last = _shots(_pair(GREY, part="train"), _pair(dark, [0, 1], part="test"))

    assert last.pixels.max() == 1


@pytest.mark.parametrize(
    ("x", "told"),
    [
        (np.where(np.arange(120).reshape(6, 5, 4) == 47, np.nan, 0.5), "value nan in picture 2"),
        (np.full((6, 5, 4), np.inf), "value inf in picture 0"),
        (GREY.astype(float) - 100, "value -.* in picture 0"),
        (GREY.astype(int) * -1, "value -.* in picture 0"),
        (GREY.astype(float) * 3, "its largest value is 7.*scale the values to 0 to 1"),
        (GREY.astype(int) * 1000, "its largest value is 2.*scale the values"),
        (np.zeros((6, 784)), "its shape is 6 x 784"),
        (np.zeros((6, 5, 4, 2)), "its shape is 6 x 5 x 4 x 2"),
        (np.zeros((6, 5, 4, 4)), "its shape is 6 x 5 x 4 x 4"),
        (np.zeros((0, 5, 4)), "its shape is 0 x 5 x 4"),
        (np.zeros((6, 0, 4)), "its shape is 6 x 0 x 4"),
        (np.zeros((6, 300, 200), np.uint8), "at most 10,000 pixels"),
        (np.array(["a"] * 6), "its values are <U1"),
        (np.zeros((6, 5, 4), complex), "its values are complex128"),
    ],
    ids=range(14),
)
def test_what_are_no_pictures_is_refused(x: Any, told: str) -> None:
    """NaN, standardised values, tables and huge pictures are refused with the place."""
    with pytest.raises(DataError, match=told):
        _shots(_pair(x))


def test_lengths_that_differ_are_told() -> None:
    """Where X and y differ in length, both lengths are in the message."""
    with pytest.raises(DataError, match=r"X\.npy and y\.npy .*: 6 pictures and 5 labels"):
        _shots(_pair(GREY, LABELS[:5]))
    with pytest.raises(DataError, match="6 pictures and 3 groups"):
        _shots(_pair(GREY, groups=np.arange(3)))


@pytest.mark.parametrize(
    ("y", "meant"),
    [
        (LABELS, ["0", "1", "2"]),
        (LABELS[:, None].astype(np.uint8), ["0", "1", "2"]),
        (LABELS.astype(float), ["0", "1", "2"]),
        (LABELS > 0, ["0", "1", "1"]),
        (np.array(["a", " b", "ü"] * 2), ["a", "b", "ü"]),
        (np.array([b"a", b"b", b"\xff"] * 2), ["a", "b", "\\xff"]),
    ],
    ids=range(6),
)
def test_labels_of_all_kinds_are_read(y: Any, meant: list[str]) -> None:
    """Whole numbers of any type and texts are labels."""
    assert [shot.label for shot in _shots(_pair(GREY, y))][:3] == meant


def test_numbers_get_their_names() -> None:
    """Names of classes take the place of numbers, also of those written as text; not of texts."""
    names = ["cat", "dog", "emu"]

    for y in (LABELS, LABELS.astype(str)):
        assert [s.label for s in _shots(_pair(GREY, y), classes=names)][:3] == names
    texts = np.array(["x", "1", "2"] * 2)
    assert [s.label for s in _shots(_pair(GREY, texts), classes=names)][:3] == ["x", "1", "2"]


@pytest.mark.parametrize(
    ("y", "classes", "told"),
    [
        ([0, 1, 2, 3, 0, 1], ["a", "b", "c"], "label 3 in row 3. There are 3 classes: 0 to 2"),
        ([0, 1, -1, 0, 1, 2], None, "label '-1' in row 2"),
        ([0, 1, 0.5, 0, 1, 2], None, "label 0.5 in row 2"),
        ([0, 1, np.nan, 0, 1, 2], None, "label nan in row 2"),
        (["a", "", "b", "a", "a", "a"], None, "label '' in row 1"),
        (np.eye(6), None, "its shape is 6 x 6.*argmax"),
    ],
    ids=range(6),
)
def test_labels_out_of_range_are_refused(y: Any, classes: list[str] | None, told: str) -> None:
    """A label that names no class is refused with its row."""
    with pytest.raises(DataError, match=told):
        _shots(_pair(GREY, y), classes=classes)


def test_the_thesis_is_read(real_data: Path) -> None:
    """The thesis' folder gives its 4,500 test pictures and says that the training ones lack."""
    pairs, _, notes = pairs_of(real_data / "screws_thesis")
    found, total, _ = shots(pairs, classes=None, max_pixels=10_000)

    assert total == 4500
    assert sorted({shot.label for shot in found}) == list("01234")
    assert notes == ["y_train.npy (10,500 rows) has no pictures beside it: left out"]
