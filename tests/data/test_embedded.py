"""Folders that objektiv fills itself are whole, labelled, used again and never overwritten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from objektiv.base.errors import DataError
from objektiv.base.progress import Event, Progress
from objektiv.data.embedded import ABOUT, write_pictures

NAMES = {"a/1.png": b"one", "b/2.png": b"two"}


def write(folder: Path, *, seed: int = 0, progress: Progress | None = None) -> Path:
    return write_pictures(
        folder,
        NAMES.items(),
        about={"what": "test pictures", "version": 1, "settings": {"seed": seed}},
        total=len(NAMES),
        progress=progress or Progress(),
    )


def contents(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_pictures_and_a_note_are_written(tmp_path: Path) -> None:
    """The folder holds the pictures and says what they are, and nothing lies beside it."""
    folder = write(tmp_path / "deep" / "new")

    found = contents(folder)
    note = json.loads(found.pop(ABOUT))
    assert found == NAMES
    assert (note["what"], note["settings"], note["pictures"]) == ("test pictures", {"seed": 0}, 2)
    assert [path.name for path in folder.parent.iterdir()] == ["new"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    """A folder that somebody made for it is used."""
    (tmp_path / "empty").mkdir()

    assert len(contents(write(tmp_path / "empty"))) == 3


def test_a_folder_with_a_ledger_is_used_again(tmp_path: Path) -> None:
    """What training writes beside the pictures does not make them others."""
    folder = write(tmp_path / "new")
    (folder / ".objektiv").mkdir()
    (folder / ".objektiv" / "ledger.jsonl").write_text("{}")

    assert write(folder) == folder


def test_a_complete_folder_is_used_again(tmp_path: Path) -> None:
    """The second time no picture is made."""
    folder = write(tmp_path / "pictures")
    before = contents(folder)

    def none() -> Iterator[tuple[str, bytes]]:
        raise AssertionError("a picture was asked for")
        yield

    again = write_pictures(
        folder,
        none(),
        about={"what": "test pictures", "version": 1, "settings": {"seed": 0}},
        total=2,
        progress=Progress(),
    )

    assert again == folder
    assert contents(folder) == before


@pytest.mark.parametrize("change", ["other", "altered", "missing", "added", "note", "file"])
def test_other_content_is_never_overwritten(tmp_path: Path, change: str) -> None:
    """Other settings, altered, missing or added pictures, and a foreign folder are refused."""
    folder = tmp_path / "pictures"
    if change == "file":
        folder.write_bytes(b"mine")
    else:
        write(folder)
    if change == "altered":
        (folder / "a" / "1.png").write_bytes(b"uno")
    elif change == "missing":
        (folder / "a" / "1.png").unlink()
    elif change == "added":
        (folder / "mine.txt").write_bytes(b"mine")
    elif change == "note":
        (folder / ABOUT).write_bytes(b"{")
    before = contents(folder)

    with pytest.raises(DataError, match=r"pictures is there already .*: test pictures, .*'seed': "):
        write(folder, seed=int(change == "other"))

    assert contents(folder) == before


def test_a_stopped_writing_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C between two pictures leaves no folder and no litter, and the next try succeeds."""

    def stop(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        write(tmp_path / "pictures", progress=Progress(stop))

    assert caught.type is KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    assert len(contents(write(tmp_path / "pictures"))) == 3
