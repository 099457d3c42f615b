"""Which files of class folders become items, with which label and part."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from objektiv.base.errors import DataError
from objektiv.data.folders import shown
from tests.data import trees


def test_folders_are_classes(tmp_path: Path) -> None:
    """Each folder is a class, each file below it an item, however deep and whatever its suffix."""
    trees.tree(tmp_path, "cat/1.png", "cat/more/2.JPG", "dog/3", "dog/4.xyz")

    listing = trees.found(tmp_path)

    assert [(e.id, e.label, e.part) for e in listing.entries] == [
        ("cat/1.png", "cat", None),
        ("cat/more/2.JPG", "cat", None),
        ("dog/3", "dog", None),
        ("dog/4.xyz", "dog", None),
    ]
    assert all(Path(e.path) == tmp_path.resolve() / e.id for e in listing.entries)
    assert listing.notes == ()


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Validation"])
def test_part_folders_give_parts(tmp_path: Path, name: str) -> None:
    """The folders train, val and test give the parts; val has three spellings."""
    trees.tree(tmp_path, *(f"{p}/{c}/1.png" for p in ("train", name, "test") for c in "ab"))

    parts = {entry.id.split("/")[0]: entry.part for entry in trees.found(tmp_path).entries}

    assert parts == {"train": "train", name: "validation", "test": "test"}
    assert {e.label for e in trees.found(tmp_path).entries} == {"a", "b"}


def test_a_class_may_be_called_test(tmp_path: Path) -> None:
    """A folder named like a part beside other classes is a class."""
    trees.tree(tmp_path, "test/1.png", "control/1.png")

    assert {(e.label, e.part) for e in trees.found(tmp_path).entries} == {
        ("test", None),
        ("control", None),
    }


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("train/a/1.png", "test/a/1.png", "old/a/1.png"), "test, train beside old"),
        (("val/a/1.png", "valid/a/1.png"), "one part twice: val, valid"),
    ],
)
def test_layouts_that_can_be_read_two_ways_are_refused(
    tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    """Parts beside other folders, or the same part twice, are a question and not a guess."""
    with pytest.raises(DataError, match=message):
        trees.found(trees.tree(tmp_path, *names))


def test_what_systems_leave_behind_is_not_looked_at(tmp_path: Path) -> None:
    """Hidden files and folders, notebooks' checkpoints and thumbnails are no items."""
    trees.tree(tmp_path, ".git/x.png", ".ipynb_checkpoints/x.png", "__MACOSX/cat/x.png")
    trees.tree(tmp_path, "cat/.hidden.png", "cat/Thumbs.db", "cat/.ipynb_checkpoints/1.png")
    trees.tree(tmp_path, "cat/1.png")

    assert trees.ids(trees.found(tmp_path)) == ["cat/1.png"]
    assert trees.found(tmp_path).notes == ()


def test_what_is_left_out_is_noted(tmp_path: Path) -> None:
    """Text files, loose images and empty classes are counted, with the first of them."""
    trees.tree(tmp_path, "a/1.png", "a/1.txt", "a/2.JSON", "a/3.csv", "a/b/4.md", "loose.png")
    (tmp_path / "empty").mkdir()

    assert trees.found(tmp_path).notes == (
        "images outside class folders, not read: 1 (loose.png)",
        "text files, not read: 4 (a/1.txt, a/2.JSON, a/3.csv, ...)",
        "class folders without an image: 1 (empty)",
    )
    assert trees.ids(trees.found(tmp_path)) == ["a/1.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_to_files_are_read_and_links_to_folders_are_not(tmp_path: Path) -> None:
    """A picture may lie anywhere, as `split --by symlink` leaves it; folders could loop."""
    root = trees.tree(tmp_path / "root", "a/1.png", "b/1.png")
    trees.tree(tmp_path, "secret/2.png")
    (root / "a" / "out.png").symlink_to(tmp_path / "secret/2.png")
    (root / "a" / "loop").symlink_to(root)
    (root / "a" / "in.png").symlink_to(root / "b/1.png")
    (root / "a" / "dead.png").symlink_to(root / "a/gone.png")
    (root / "c").symlink_to(tmp_path / "secret")

    listing = trees.found(root)

    assert trees.ids(listing) == ["a/1.png", "a/in.png", "a/out.png", "b/1.png"]
    assert listing.notes == (
        "links to folders, not followed: 2 (c, a/loop)",
        "neither files nor folders: 1 (a/dead.png)",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not allow such names")
def test_names_that_are_not_utf8_are_set_aside(tmp_path: Path) -> None:
    """A file whose name no table can hold is listed apart, its name escaped."""
    trees.tree(tmp_path, "a/1.png")
    with open(os.fsencode(tmp_path) + b"/a/caf\xe9.png", "wb"):
        pass

    listing = trees.found(tmp_path)

    assert trees.ids(listing) == ["a/1.png"]
    assert [entry.id for entry in listing.nameless] == ["a/caf\\xe9.png"]
    assert shown("a/b.png") == "a/b.png"


def test_strange_but_valid_names_are_kept(tmp_path: Path) -> None:
    """Names with line ends, formulas, markup and letters of other alphabets stay as they are."""
    names = ["a/new\nline.png", "a/=cmd().png", "a/<img onerror=x>.png", "a/\u202egnp.png"]

    assert sorted(trees.ids(trees.found(trees.tree(tmp_path, *names)))) == sorted(names)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    """A folder that may not be read gets a message, no traceback."""
    trees.tree(tmp_path, "a/1.png")
    (tmp_path / "a").chmod(0)

    try:
        with pytest.raises(DataError, match="cannot be read: Permission denied"):
            trees.found(tmp_path)
    finally:
        (tmp_path / "a").chmod(0o700)
