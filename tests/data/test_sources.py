"""Which files of a folder become items, with which label and part."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.errors import DataError
from objektiv.data.settings import ReadSettings
from objektiv.data.sources import find, further_columns
from tests.data import trees


def test_items_stand_in_natural_order(tmp_path: Path) -> None:
    """Item 2 stands before item 10, and class 2 before class 10."""
    trees.tree(tmp_path, "type_10/1.png", "type_2/10.png", "type_2/9.png")

    assert trees.ids(trees.found(tmp_path)) == ["type_2/9.png", "type_2/10.png", "type_10/1.png"]


def test_new_parts_pool_the_old_ones(tmp_path: Path) -> None:
    """With `parts: new` the items of all parts are pooled, even if their classes differ."""
    trees.tree(tmp_path, "train/a/1.png", "train/b/1.png", "test/a/2.png")

    assert {entry.part for entry in trees.found(tmp_path, parts="new").entries} == {None}


def test_parts_with_different_classes_are_refused(tmp_path: Path) -> None:
    """Parts that lack a class are told, each with the classes it lacks."""
    files = ("train/a/1.png", "train/b/1.png", "val/a/2.png", "test/c/3.png", "test/b/3.png")
    trees.tree(tmp_path, *files)

    with pytest.raises(DataError) as caught:
        trees.found(tmp_path)

    assert caught.value.value == "train has no c; validation has no b, c; test has no a"
    assert "--parts new" in caught.value.next


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    """A table that is only a header is named, and told to have no row."""
    table = tmp_path / "labels.csv"
    table.write_text("path,label\n", encoding="utf-8")

    with pytest.raises(DataError, match=r"no image in .*labels\.csv: the table has no row"):
        trees.found(tmp_path, labels=table)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """A folder without images gets a message with the layouts that are read."""
    with pytest.raises(DataError, match="there is no image in .*the folder is empty.*root/class/"):
        trees.found(tmp_path)

    (tmp_path / "cat").mkdir()
    with pytest.raises(DataError, match="class folders without an image: 1 .cat."):
        trees.found(tmp_path)

    with pytest.raises(
        DataError, match="outside class folders, not read: 2 .*into a folder with the name"
    ):
        trees.found(trees.tree(tmp_path, "1.png", "2.png"))


def test_a_missing_folder_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    """A folder that is not there is told, with the one that may have been meant."""
    (tmp_path / "malaria").mkdir()

    with pytest.raises(DataError, match="no such folder: .*malria.*did you mean 'malaria'"):
        trees.found(tmp_path / "malria")
    with pytest.raises(DataError, match="no such folder: .*check the path"):
        trees.found(tmp_path / "gone" / "malria")


@pytest.mark.parametrize(("name", "advice"), [("l.csv", "--labels"), ("d.zip", "unpack")])
def test_a_file_instead_of_a_folder_is_refused(tmp_path: Path, name: str, advice: str) -> None:
    """A table or an archive in place of the folder is told what to do with it."""
    trees.tree(tmp_path, name)

    with pytest.raises(DataError, match=f"the data is a file, not a folder: .*{advice}"):
        trees.found(tmp_path / name)


def test_a_table_gives_items_in_its_folder(tmp_path: Path) -> None:
    """Rows of a table become items with label, group and part, the folder becomes the root."""
    trees.tree(tmp_path, "x/10.png", "x/9.png")
    table = tmp_path / "labels.csv"
    table.write_text("path,label,group,split\nx/10.png,a,p1,Valid\nx/9.png,a,p2,train\n")

    listing = trees.found(tmp_path / "anywhere", labels=table)

    assert listing.root == tmp_path.resolve()
    assert [(e.id, e.label, e.group, e.part) for e in listing.entries] == [
        ("x/9.png", "a", "p2", "train"),
        ("x/10.png", "a", "p1", "validation"),
    ]
    assert Path(listing.entries[0].path).is_file()
    assert {e.part for e in trees.found(tmp_path, labels=table, parts="new").entries} == {None}


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    """A table without rows is no dataset."""
    (tmp_path / "labels.csv").write_text("path,label\n")

    with pytest.raises(DataError, match="there is no image in"):
        trees.found(tmp_path, labels=tmp_path / "labels.csv")


def test_real_folders_are_read(real_data: Path) -> None:
    """Real data sets give their known numbers of items, classes and parts."""
    pets, screws = trees.found(real_data / "pets"), trees.found(real_data / "screws")

    assert (len(pets.entries), len({e.label for e in pets.entries})) == (160, 5)
    assert {e.part for e in pets.entries} == {"train", "validation"}
    assert [len(screws.entries), screws.entries[0].label] == [81, "type_001"]


def test_a_manifest_in_the_root_is_obeyed(tmp_path: Path) -> None:
    """A manifest.csv gives labels, groups and parts unasked; what it misses is noted."""
    for name in ("x/1.png", "x/2.png", "y/3.png", "4.png", "new.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "videos.csv").touch()
    text = "path,label,group,split\nx/1.png,a/b,g,train\nx/2.png,b,g,train\n4.png,b,h,test\n"
    text += "y/gone.png,b,h,test\n../outside.png,b,h,test\nx/../y/3.png,a/b,h,test\n"
    (tmp_path / "manifest.csv").write_text(text, encoding="utf-8")

    listing = trees.found(tmp_path, parts="new")

    assert [(e.id, e.label, e.group) for e in listing.entries] == [
        ("4.png", "b", "h"),
        ("x/1.png", "a/b", "g"),
        ("x/2.png", "b", "g"),
    ]
    assert listing.notes == (
        "manifest.csv is obeyed: labels, groups, parts",
        "files that manifest.csv does not list, not read: 2 (new.png, y/3.png)",
        "files that manifest.csv lists and that are gone: 3 (../outside.png, x/../y/3.png, "
        "y/gone.png)",
    )


def test_another_manifest_is_none(tmp_path: Path) -> None:
    """A manifest.csv of other columns is a text file like any other; --labels wins over ours."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").touch()
    (tmp_path / "manifest.csv").write_text("file,sha256\na/1.png,00\n", encoding="utf-8")
    assert [e.label for e in trees.found(tmp_path).entries] == ["a"]

    (tmp_path / "manifest.csv").write_text("path,label\na/1.png,m\n", encoding="utf-8")
    (tmp_path / "t.csv").write_text("path,label\na/1.png,t\n", encoding="utf-8")
    assert [e.label for e in trees.found(tmp_path).entries] == ["m"]
    assert [e.label for e in trees.found(tmp_path, labels=tmp_path / "t.csv").entries] == ["t"]


def test_an_empty_manifest_is_told(tmp_path: Path) -> None:
    """Where no file of the manifest is there, the notes say what was looked for."""
    (tmp_path / "manifest.csv").write_text("path,label\na/1.png,m\n", encoding="utf-8")

    with pytest.raises(DataError, match=r"gone: 1 \(a/1\.png\)"):
        trees.found(tmp_path)


def test_a_table_outside_the_data_folder_names_paths_inside_it(tmp_path: Path) -> None:
    """Paths begin in the data folder; a table inside it is read from its own folder."""
    inside = tmp_path / "data" / "a" / "1.png"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(b"picture")
    for table, path in ((tmp_path / "labels.csv", "a/1.png"), (inside.parent / "own.csv", "1.png")):
        table.write_text(f"path,label\n{path},cat\n", encoding="utf-8")

        (entry,) = find(tmp_path / "data", ReadSettings(labels=table)).entries

        assert Path(entry.path) == inside.resolve()


def test_only_a_check_reads_loose_pictures_and_uneven_parts(tmp_path: Path) -> None:
    """Who trains is refused what who checks is shown."""
    for name in ("loose/1.png", "parts/train/a/1.png", "parts/train/b/2.png", "parts/test/a/3.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")

    for folder, labels in (("loose", ["loose"]), ("parts", ["a", "a", "b"])):
        found = find(tmp_path / folder, ReadSettings(), purpose="check")
        assert sorted(entry.label for entry in found.entries) == labels
        with pytest.raises(DataError, match="no image|same classes"):
            find(tmp_path / folder, ReadSettings())


def test_further_columns_are_those_of_the_table_that_is_obeyed(tmp_path: Path) -> None:
    """They come from --labels, else from manifest.csv, and without a table there are none."""
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.png").write_bytes(b"x")

    assert further_columns(tmp_path, ReadSettings()) == {}
    (tmp_path / "manifest.csv").write_text("path,label,site\ncat/a.png,cat,north\n")
    assert further_columns(tmp_path, ReadSettings()) == {"site": {"cat/a.png": "north"}}
    (tmp_path / "own.csv").write_text("path,label,scanner\ncat/a.png,cat,s1\n")
    labels = ReadSettings(labels=tmp_path / "own.csv")
    assert further_columns(tmp_path, labels) == {"scanner": {"cat/a.png": "s1"}}
