"""A split becomes folders, whole or not at all, and nothing of the user's is touched."""

from __future__ import annotations

import csv
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from objektiv.base.errors import Cancelled, DataError, MachineError, UsageError
from objektiv.base.progress import Event, Progress
from objektiv.data import hand_on as module
from objektiv.data.dataset import Dataset, read
from objektiv.data.hand_on import hand_on
from objektiv.data.settings import ReadSettings, SplitSettings
from objektiv.data.split import Split, split

By = Literal["copy", "hardlink", "symlink"]
WAYS: tuple[By, ...] = ("copy", "hardlink", "symlink")


def dataset(root: Path, **settings: object) -> Dataset:
    """Ten files each of two classes; what is in them does not matter here."""
    for number in range(20):
        path = root / "ab"[number % 2] / f"P{number // 2}_{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(number))
    return read(root, ReadSettings.model_validate(settings))


def below(folder: Path) -> dict[str, str]:
    """Every file but the manifest, with its text."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix == ".png")
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


@pytest.mark.parametrize("by", WAYS)
def test_every_item_lies_in_the_folder_of_its_part_and_class(tmp_path: Path, by: By) -> None:
    """Whatever way the files come, each is there once, with its bytes, and the data as before."""
    data = dataset(tmp_path / "data")
    made = split(data, SplitSettings())

    told = hand_on(data, made, tmp_path / "out", by=by)

    folders = {"train": "train", "validation": "val", "test": "test"}
    expected = {
        f"{folders[part]}/{id}": (tmp_path / "data" / id).read_text()
        for id, part, _ in made.table.iter_rows()
    }
    assert below(tmp_path / "out") == expected
    assert (told.files, told.copied, told.why) == (20, 0, "")
    assert len(below(tmp_path / "data")) == 20
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out"]


def test_links_are_links(tmp_path: Path) -> None:
    """A hard link is the same file, a symbolic one points to it, a copy is another."""
    data = dataset(tmp_path / "data")
    made = split(data, SplitSettings())
    for by in WAYS:
        hand_on(data, made, tmp_path / by, by=by)
    name = f"train/{made.ids('train')[0]}"
    source = tmp_path / "data" / made.ids("train")[0]

    assert (tmp_path / "hardlink" / name).samefile(source)
    assert not (tmp_path / "hardlink" / name).is_symlink()
    assert (tmp_path / "symlink" / name).is_symlink()
    assert (tmp_path / "symlink" / name).samefile(source)
    assert not (tmp_path / "copy" / name).samefile(source)


@pytest.mark.parametrize("by", WAYS)
def test_a_link_in_the_data_is_followed(tmp_path: Path, by: By) -> None:
    """What is handed on is the picture a link leads to; no link to a link is counted as a file."""
    dataset(tmp_path / "data")
    (tmp_path / "data" / "a" / "link.png").symlink_to(tmp_path / "data" / "a" / "P0_0.png")
    data = read(tmp_path / "data", ReadSettings())

    hand_on(data, split(data, SplitSettings()), tmp_path / "out", by=by)

    (found,) = (tmp_path / "out").rglob("link.png")
    assert found.read_text() == "0"
    assert found.is_symlink() == (by == "symlink")


@pytest.mark.parametrize("by", WAYS)
def test_folders_read_back_as_the_same_parts(tmp_path: Path, by: By) -> None:
    """What was handed on is a dataset whose given parts are those of the split."""
    data = dataset(tmp_path / "data")
    made = split(data, SplitSettings())

    hand_on(data, made, tmp_path / "out", by=by)
    items = read(tmp_path / "out", ReadSettings()).items

    parts = {id.partition("/")[2]: part for id, part in items.select("id", "part").iter_rows()}
    assert parts == dict(made.table.select("id", "part").iter_rows())


def test_the_manifest_keeps_groups_and_origin(tmp_path: Path) -> None:
    """A row a file: its new path, label, group, part and where it came from."""
    data = dataset(tmp_path / "data", group=r"P\d+")
    made = split(data, SplitSettings())

    hand_on(data, made, tmp_path / "out", by="copy")

    with (tmp_path / "out" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["path", "label", "group", "split", "source"]
    for row in rows:
        assert (tmp_path / "out" / row["path"]).read_text() == (
            tmp_path / "data" / row["source"]
        ).read_text()
        assert row["path"] == f"{row['split']}/{row['source']}"
        assert row["source"].startswith(f"{row['label']}/{row['group']}_")


def test_names_that_collide_get_a_number(tmp_path: Path) -> None:
    """Parts that are pooled and drawn anew may bring two files of one name into one folder."""
    for part in ("train", "test"):
        for number in range(12):
            path = tmp_path / "data" / part / "ab"[number % 2] / f"{number // 2}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{part} {number}")
    data = read(tmp_path / "data", ReadSettings(parts="new"))

    hand_on(data, split(data, SplitSettings()), tmp_path / "out", by="copy")

    assert sorted(below(tmp_path / "out").values()) == sorted(below(tmp_path / "data").values())
    assert any(name.endswith("-2.png") for name in below(tmp_path / "out"))


def test_folders_below_the_class_stay(tmp_path: Path) -> None:
    """class/patient/image becomes part/class/patient/image."""
    for number in range(12):
        path = tmp_path / "data" / "ab"[number % 2] / f"p{number // 2}" / "1.png"
        path.parent.mkdir(parents=True)
        path.write_text(str(number))
    data = read(tmp_path / "data", ReadSettings())

    hand_on(data, split(data, SplitSettings()), tmp_path / "out", by="copy")

    assert {name.split("/", 1)[1] for name in below(tmp_path / "out")} == set(data.items["id"])


def failing(number: int, after: int) -> Callable[[str, str], None]:
    """A link or copy that ends with an error of the system after so many files."""
    done: list[str] = []

    def put(source: str, target: str) -> None:
        if len(done) == after:
            raise OSError(number, os.strerror(number), source)
        done.append(shutil.copyfile(source, target))

    return put


@pytest.mark.parametrize("by", WAYS)
def test_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: By
) -> None:
    """The error is the machine's (exit code 5), and no folder stands there, half or whole."""
    data = dataset(tmp_path / "data")
    monkeypatch.setitem(module.LINKS, by, failing(errno.ENOSPC, 7))

    with pytest.raises(MachineError, match=r"out: No space .* MB are free") as caught:
        hand_on(data, split(data, SplitSettings()), tmp_path / "out", by=by)

    assert caught.value.exit_code == 5
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_files_that_cannot_be_linked_are_copied_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another disk takes no hard link: the files come all the same, and the result says how."""
    data = dataset(tmp_path / "data")
    monkeypatch.setitem(module.LINKS, "hardlink", failing(errno.EXDEV, 7))

    told = hand_on(data, split(data, SplitSettings()), tmp_path / "out", by="hardlink")

    assert len(below(tmp_path / "out")) == 20
    assert (told.copied, told.why) == (13, os.strerror(errno.EXDEV))


def test_a_file_that_went_away_leaves_nothing(tmp_path: Path) -> None:
    """A file deleted since the data was read stops the whole, with its reason."""
    data = dataset(tmp_path / "data")
    made = split(data, SplitSettings())
    (tmp_path / "data" / made.ids("test")[0]).unlink()

    with pytest.raises(MachineError, match="No such file"):
        hand_on(data, made, tmp_path / "out", by="copy")

    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_stopping_leaves_nothing(tmp_path: Path) -> None:
    """A cancel half way removes what was there."""
    data = dataset(tmp_path / "data")

    def stop(event: Event) -> None:
        raise Cancelled("stopped", value=event.done, allowed="All is kept", next="again")

    with pytest.raises(Cancelled, match="stopped: 1"):
        hand_on(
            data, split(data, SplitSettings()), tmp_path / "out", by="copy", progress=Progress(stop)
        )

    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder that holds anything is refused and stays; an empty one may be used."""
    data = dataset(tmp_path / "data")
    made = split(data, SplitSettings())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()

    for name in ("full", "file"):
        with pytest.raises(UsageError, match="stands there already: .*nothing is overwritten"):
            hand_on(data, made, tmp_path / name, by="copy")
    hand_on(data, made, tmp_path / "empty", by="copy")

    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]
    assert len(below(tmp_path / "empty")) == 20


@pytest.mark.parametrize("place", ["data/out", "data", "."])
def test_folders_inside_or_around_the_data_are_refused(tmp_path: Path, place: str) -> None:
    """They would be classes the next time the data is read."""
    data = dataset(tmp_path / "data")

    with pytest.raises(UsageError, match="cannot lie inside the data, nor around it"):
        hand_on(data, split(data, SplitSettings()), tmp_path / place, by="copy")


@pytest.mark.parametrize("label", ["a/b", "..", ".hidden"])
def test_a_label_that_is_no_folder_is_refused(tmp_path: Path, label: str) -> None:
    """A label of a table may be anything, but not a way out of the target."""
    dataset(tmp_path / "data")
    lines = [f"{'ab'[n % 2]}/P{n // 2}_{n}.png,{label if n % 2 else 'good'}" for n in range(20)]
    table = tmp_path / "data" / "labels.csv"
    table.write_text("\n".join(["path,label", *lines]))
    data = read(tmp_path / "data", ReadSettings(labels=table))
    made: Split = split(data, SplitSettings())

    with pytest.raises(DataError, match="a label is no name for a folder: '"):
        hand_on(data, made, tmp_path / "out", by="copy")

    assert not (tmp_path / "out").exists()
