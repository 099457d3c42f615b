"""Groups from a table and from folders; an item without its group is never passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.errors import DataError, SettingsError
from objektiv.data.dataset import read
from objektiv.data.settings import ReadSettings

FILES = ("a/p1/1.png", "a/p1/2.png", "a/p2/1.png", "b/p1/1.png", "b/p3/x/1.png")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes whose images lie in folders of patients."""
    for name in FILES:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "data"


def groups(root: Path, **settings: object) -> dict[str, str]:
    """The group of each id."""
    items = read(root, ReadSettings.model_validate(settings)).items
    return dict(items.select("id", "group").iter_rows())


def test_folders_below_the_class_are_groups(root: Path) -> None:
    """The first folder below that of the class is the group, the same in every class."""
    assert list(groups(root, group_by="folder").values()) == ["p1", "p1", "p2", "p1", "p3"]


def test_folders_are_groups_below_parts_too(tmp_path: Path) -> None:
    """In train/class/patient/image the patient is the group, also where parts are pooled."""
    whole = tmp_path / "whole"
    for name in FILES:
        for part in ("train", "test"):
            (whole / part / name).parent.mkdir(parents=True, exist_ok=True)
            (whole / part / name).touch()

    found = groups(whole, group_by="folder", parts="new")

    assert found["train/a/p1/1.png"] == found["test/b/p1/1.png"] == "p1"
    assert set(found.values()) == {"p1", "p2", "p3"}


def test_a_table_of_labels_groups_by_its_folders(root: Path) -> None:
    """Where no folder is called like the class, the whole folder of the file is the group."""
    table = root / "labels.csv"
    table.write_text("path,label\na/p1/1.png,x\nb/p1/1.png,y\n")

    assert list(groups(root, labels=table, group_by="folder").values()) == ["a/p1", "b/p1"]


def test_an_image_directly_in_its_class_has_no_folder(root: Path) -> None:
    """It is named, with what is expected."""
    (root / "a" / "lone.png").touch()

    with pytest.raises(DataError, match=r"1 of 6 images lie in no folder .*: a/lone\.png\. With "):
        groups(root, group_by="folder")


def test_a_table_gives_groups_by_path(root: Path) -> None:
    """Each path has its group; other columns, and images that are not here, do no harm."""
    table = root.parent / "groups.csv"
    lines = [f"{name};{number % 2};x" for number, name in enumerate([*FILES, "gone.png"])]
    table.write_text("\n".join(["path;group;remark", *lines]))

    assert list(groups(root, groups=table).values()) == ["0", "1", "0", "1", "0"]


def test_a_table_gives_groups_by_pattern(root: Path) -> None:
    """Patterns with * and ? name many images at once; saying the same twice is no conflict."""
    table = root.parent / "groups.csv"
    table.write_text("pattern,group\n?/p1/*,one\na/p1/*,one\n*/p[23]/*,other\n")

    assert list(groups(root, groups=table).values()) == ["one", "one", "other", "one", "other"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("path,group\na/p1/1.png,x\n", r"gives 4 of 5 images no group: a/p1/2\.png, .* and 1 more"),
        ("pattern,group\n*,x\na/*,y\n", r"gives 3 of 5 images several groups: a/p1/1\.png, "),
        ("path,label\na,b\n", "header of .* does not fit: path, label. Needed: path,group or pat"),
        ("path,pattern,group\na,b,c\n", "header of .* does not fit"),
        ("", "header of .* does not fit: no columns"),
        ("path,group\n,x\na/p1/1.png,\n", "2 bad rows: no path or no group in line 2, 3"),
        ('path,group\n"a,x\n', "cannot be read as CSV: line 2"),
    ],
)
def test_a_table_that_does_not_name_each_image_once_is_refused(
    root: Path, text: str, told: str
) -> None:
    """Images without a group or with two are counted and shown; so are bad tables."""
    table = root.parent / "groups.csv"
    table.write_text(text)

    with pytest.raises(DataError, match=told):
        groups(root, groups=table)


def test_two_ways_to_group_are_one_too_many(root: Path) -> None:
    """Both are named."""
    with pytest.raises(SettingsError, match=r"twice: --group 'p\\d' and --group-by folder\. One"):
        groups(root, group=r"p\d", group_by="folder")


def test_a_pattern_without_match_is_answered_with_one_that_matches(root: Path) -> None:
    """Where the names show groups, the error says by which pattern."""
    for number in range(40):
        (root / "ab"[number % 2] / f"P{number // 4}_{number}.png").touch()
    for name in FILES:
        (root / name).unlink()

    with pytest.raises(DataError, match=r"40 of 40 .* 'X'.* Next: try --group 'P\\d\+', which giv"):
        groups(root, group="X")
