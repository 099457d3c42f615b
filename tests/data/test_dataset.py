"""The dataset: groups, facts, quarantine, counts and what cannot be trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from objektiv.base.errors import DataError, SettingsError
from objektiv.data.dataset import FACTS, ITEMS, QUARANTINE, Dataset, read, require_trainable
from objektiv.data.settings import ReadSettings

CONFLICT = (
    "{}: equal files lie in two classes: the same bytes as {}. Only one label can be right. "
    "Next: delete the copies whose label is wrong; the other images go on"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Classes type_2 (4 files of 2 patients) and type_10 (3 files of 2 patients)."""
    for name in ("type_2/C1_a", "type_2/C1_b", "type_2/C2_a", "type_2/C2_b"):
        _write(tmp_path / f"{name}.png")
    for name in ("type_10/C1_c", "type_10/C3_a", "type_10/C3_b"):
        _write(tmp_path / f"{name}.png")
    return tmp_path


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(path.name.encode())


def _read(root: Path, **values: Any) -> Dataset:
    return read(root, ReadSettings(**values))


def _facts(dataset: Dataset, **hashes: str) -> pl.DataFrame:
    """Facts in which the stems named in `hashes` have these hashes, all others one of their own."""
    ids = dataset.items["id"].to_list()
    return pl.DataFrame(
        {
            "id": ids,
            "hash": [hashes.get(Path(i).stem, i) for i in ids],
            "width": range(len(ids)),
            "height": [7] * len(ids),
            "format": ["PNG"] * len(ids),
            "notes": [""] * len(ids),
        }
    )


def test_a_dataset_is_read_without_opening_images(root: Path) -> None:
    """Files that are no images are items all the same: nobody has looked yet."""
    dataset = _read(root)

    assert dataset.root == root.resolve()
    assert dataset.classes == ("type_2", "type_10")
    assert dict(dataset.items.schema) == ITEMS
    assert dict(dataset.quarantine.schema) == QUARANTINE
    assert dataset.items.row(0, named=True) == {
        "id": "type_2/C1_a.png",
        "path": str(root.resolve() / "type_2/C1_a.png"),
        "label": "type_2",
        "group": None,
        "part": None,
    }


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"C\d+", ["C1", "C1", "C2", "C2", "C1", "C3", "C3"]),
        (r"C(\d+)_", ["1", "1", "2", "2", "1", "3", "3"]),
        (r"(?:C)\d", ["C1", "C1", "C2", "C2", "C1", "C3", "C3"]),
    ],
)
def test_groups_come_from_the_name(root: Path, pattern: str, expected: list[str]) -> None:
    """The first capture group, or the whole match, found in the stem is the group."""
    assert _read(root, group=pattern).items["group"].to_list() == expected


def test_folder_and_suffix_are_no_part_of_the_name(root: Path) -> None:
    """The pattern is not searched in folders or suffixes."""
    for pattern in ("type", "png"):
        with pytest.raises(DataError, match="7 of 7 names do not match"):
            _read(root, group=pattern)


@pytest.mark.parametrize("pattern", ["C[13]_a", "(C[13])?_a|_.(x)?"])
def test_names_without_a_group_are_refused(root: Path, pattern: str) -> None:
    """Names that do not match, or only beside the capture group, are counted and shown."""
    with pytest.raises(DataError) as caught:
        _read(root, group=pattern)

    assert str(caught.value) == (
        f"5 of 7 names do not match the group pattern '{pattern}': type_2/C1_b.png, "
        "type_2/C2_a.png, type_2/C2_b.png and 2 more. The pattern must be found in every file's "
        "name without its suffix. Next: correct --group or rename these files"
    )


def test_groups_come_from_the_table(root: Path) -> None:
    """A table's column gives the groups, and a pattern beside it is one too many."""
    table = root / "labels.csv"
    table.write_text("path,label,group\ntype_2/C1_a.png,x,p1\ntype_10/C3_a.png,y,p2\n")

    assert _read(root, labels=table).items["group"].to_list() == ["p1", "p2"]
    with pytest.raises(SettingsError, match="groups are given twice"):
        _read(root, labels=table, group="C")


def test_one_class_stands_against_all_others(root: Path) -> None:
    """It keeps its name and its files; all others are one class."""
    _write(root / "type_3" / "C4_a.png")

    dataset = _read(root, against_all="type_10")

    assert dataset.classes == ("other", "type_10")
    assert dict(dataset.counts().select("label", "items").iter_rows()) == {
        "other": 5,
        "type_10": 3,
    }
    own = dataset.items.filter(pl.col("label") == "type_10")["id"].to_list()
    assert own == [i for i in dataset.items["id"] if i.startswith("type_10/")]


@pytest.mark.parametrize(
    ("name", "hint"), [("type_11", "did you mean 'type_10'"), ("other", "choose one of them")]
)
def test_a_class_that_is_not_there_cannot_stand_against_all(
    root: Path, name: str, hint: str
) -> None:
    """The nearest class is named."""
    with pytest.raises(SettingsError, match=hint):
        _read(root, against_all=name)


def test_facts_are_joined_in_order(root: Path) -> None:
    """Facts come to their items by id, in any order, and can be replaced."""
    dataset = _read(root)
    facts = _facts(dataset)

    known = dataset.with_facts(facts.reverse()).with_facts(facts)

    assert dict(known.items.schema) == ITEMS | FACTS
    assert known.items["id"].to_list() == dataset.items["id"].to_list()
    assert known.items["width"].to_list() == list(range(7))
    assert "hash" not in dataset.items.columns


def test_facts_that_do_not_fit_are_refused(root: Path) -> None:
    """Facts that lack an item or tell one twice are refused, those of other files ignored."""
    dataset = _read(root)
    facts = _facts(dataset)

    with pytest.raises(DataError, match="facts do not fit the 7 items: type_2/C1_a.png"):
        dataset.with_facts(facts[1:])
    with pytest.raises(DataError, match="type_2/C1_a.png"):
        dataset.with_facts(pl.concat([facts, facts[:1]]))
    assert len(dataset.with_facts(pl.concat([facts, facts[:1].with_columns(id=pl.lit("x"))])).items)


def test_quarantine_moves_items(root: Path) -> None:
    """What goes into quarantine leaves the items and keeps their order, reason and message."""
    dataset = _read(root).with_facts(_facts(_read(root)))
    rows = {"id": ["type_10/C1_c.png", "type_2/C1_a.png"], "reason": ["empty", "bomb"]}

    left = dataset.without(pl.DataFrame({**rows, "message": ["m1", "m2"]}))

    assert len(left.items) == 5 and len(dataset.items) == 7
    assert (
        left.quarantine.select("id", "label", "reason", "message").rows()
        == [
            ("type_2/C1_a.png", "type_2", "bomb", "m2"),
            ("type_10/C1_c.png", "type_10", "empty", "m1"),
        ]
        or left.quarantine["id"].to_list() == rows["id"]
    )
    assert left.classes == dataset.classes


def test_quarantine_of_nothing_changes_nothing(root: Path) -> None:
    """An empty table moves no item."""
    empty = pl.DataFrame(schema={"id": pl.String, "reason": pl.String, "message": pl.String})

    assert _read(root).without(empty).items.equals(_read(root).items)


def test_equal_files_under_two_labels_are_set_aside(root: Path) -> None:
    """Copies of one file in two classes all go, equal files in one class stay."""
    dataset = _read(root)
    facts = _facts(dataset, C1_a="h", C1_c="h", C2_a="same", C2_b="same")

    left = dataset.with_facts(facts).without_conflicts()

    assert left.quarantine.select("id", "reason", "message").rows() == [
        (
            "type_2/C1_a.png",
            "two-labels",
            CONFLICT.format("type_2/C1_a.png", "type_10/C1_c.png (type_10)"),
        ),
        (
            "type_10/C1_c.png",
            "two-labels",
            CONFLICT.format("type_10/C1_c.png", "type_2/C1_a.png (type_2)"),
        ),
    ]
    assert {"type_2/C2_a.png", "type_2/C2_b.png"} <= set(left.items["id"])
    assert left.without_conflicts().items.equals(left.items)


def test_counts_tell_classes_and_parts(tmp_path: Path) -> None:
    """The counts have a row a class with the numbers of each part and of the quarantine."""
    for name in ("train/a/1", "train/a/2", "train/b/1", "test/a/1", "test/b/1"):
        _write(tmp_path / f"{name}.png")
    bad = pl.DataFrame({"id": ["train/a/2.png"], "reason": ["empty"], "message": ["m"]})

    counts = _read(tmp_path).without(bad).counts()

    assert counts.to_dicts() == [
        {"label": "a", "train": 1, "test": 1, "items": 2, "quarantine": 1},
        {"label": "b", "train": 1, "test": 1, "items": 2, "quarantine": 0},
    ]


def test_counts_without_parts_have_no_columns_of_them(root: Path) -> None:
    """Where the source gives no parts the counts name none."""
    assert _read(root).counts().rows() == [("type_2", 4, 0), ("type_10", 3, 0)]


def test_names_that_are_not_utf8_go_into_quarantine(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that cannot be named in a table is set aside from the start and counted."""
    from objektiv.data import dataset as module
    from objektiv.data.folders import Entry, Listing

    entries = (Entry("a/1.png", str(root / "a/1.png"), "a"),)
    listing = Listing(root, entries, (Entry("a/\\xe9.png", "", "a"),), ("note",))
    monkeypatch.setattr(module, "find", lambda *_, **__: listing)

    found = _read(root)

    assert found.quarantine["reason"].to_list() == ["unreadable"]
    assert found.notes == ("note",)


def test_what_can_be_trained_is_accepted(root: Path) -> None:
    """Two classes of three images pass."""
    require_trainable(_read(root))


def test_one_class_is_refused(tmp_path: Path) -> None:
    """A dataset of one class is told so, with what is missing."""
    for number in range(4):
        _write(tmp_path / f"cat/{number}.png")

    with pytest.raises(DataError, match="one class only: 'cat' with 4 images.*at least two"):
        require_trainable(_read(tmp_path))


def test_classes_with_one_or_two_images_are_refused(root: Path) -> None:
    """Classes with too few images are named with their numbers and what is needed."""
    _write(root / "new/1.png")
    bad = pl.DataFrame({"id": ["type_10/C1_c.png"], "reason": ["empty"], "message": ["m"]})

    with pytest.raises(DataError) as caught:
        require_trainable(_read(root).without(bad))

    assert caught.value.happened.endswith("has too few images of 2 of 3 classes")
    assert caught.value.value == "'new' has 1, 'type_10' has 2; in quarantine: 1"
    assert caught.value.next == "look at the first that was set aside: m"
    assert "at least 3: one each to train, validate and test" in caught.value.allowed


def test_nothing_left_is_refused(root: Path) -> None:
    """A dataset whose files all went into quarantine says how many those are."""
    dataset = _read(root)
    rows = dataset.items.select("id", reason=pl.lit("empty"), message=pl.lit("m"))

    with pytest.raises(DataError, match="no image of .* can be used: 0 images; in quarantine: 7"):
        require_trainable(dataset.without(rows))


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31m", "x" * 256])
def test_class_names_that_no_bundle_takes_are_refused(tmp_path: Path, name: str) -> None:
    """Controls and endless names in a table of labels are told before anything is computed."""
    _write(tmp_path / "1.png")
    table = tmp_path / "labels.csv"
    table.write_text(f'path,label\n1.png,"{name}"\n', encoding="utf-8")

    with pytest.raises(DataError, match="a class has a name that cannot be used: .*rename"):
        _read(tmp_path, labels=table)


def test_real_cells_have_their_patients(real_data: Path) -> None:
    """The 6,000 real cells come from 120 patients, told by their names."""
    dataset = _read(real_data / "malaria", group=r"C\d+")

    assert dataset.counts().rows() == [("Parasitized", 3000, 0), ("Uninfected", 3000, 0)]
    assert dataset.items["group"].n_unique() == 120
