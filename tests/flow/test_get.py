"""Datasets by name, from an address, from a file: whole or not at all, and never over another."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from objektiv.base.errors import DataError, MachineError, UsageError
from objektiv.base.progress import Progress
from objektiv.flow import get as module
from objektiv.flow.get import Got, get
from objektiv.intake.catalog import CATALOG, Remote
from objektiv.intake.settings import GetSettings
from tests.intake.hostile import tar_of, zip_of
from tests.intake.loopback import Behaviour, server

CELLS = [
    ("cell_images/Parasitized/C1.png", b"1"),
    ("cell_images/Parasitized/C10.png", b"22"),
    ("cell_images/Uninfected/C2.png", b"3"),
    ("cell_images/Uninfected/Thumbs.db", b"4"),
]
ZIP = zip_of(CELLS)
SHA256 = hashlib.sha256(ZIP).hexdigest()


@pytest.fixture
def web() -> Iterator[Behaviour]:
    """A server with a small archive of cells."""
    with server() as behaviour:
        behaviour.data = ZIP
        yield behaviour


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that we stand in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def malaria(web: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue's malaria, as if the small archive were the published one."""
    remote = Remote("cell_images.zip", web.url + "cell_images.zip", len(ZIP), SHA256)
    entry = replace(CATALOG.get("malaria"), files=(remote,), images=3)
    monkeypatch.setitem(CATALOG._entries, "malaria", entry)


def _get(what: str, source: Path | None = None, **values: Any) -> Got:
    return get(what, GetSettings(**values), source=source, progress=Progress())


def _names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.usefixtures("malaria")
def test_a_name_is_downloaded_checked_and_unpacked(here: Path) -> None:
    """The catalogue's entry becomes class folders with its origin, and nothing else is left."""
    got = _get("malaria")

    assert (here / got.folder) == here / "malaria"
    assert got.counts == {"Parasitized": 2, "Uninfected": 1}
    assert _names(here) == [
        "malaria/ORIGIN.json",
        "malaria/Parasitized/C1.png",
        "malaria/Parasitized/C10.png",
        "malaria/Uninfected/C2.png",
    ]
    about = json.loads((here / "malaria" / "ORIGIN.json").read_text())
    assert about["licence"] and about["citation"] and about["date"]
    assert about["sources"][0]["sha256"] == SHA256
    assert about["sources"][0]["checked"] == "as published"
    assert got.notes == ("Left out of cell_images.zip: 1 (Thumbs.db)",)


@pytest.mark.usefixtures("malaria")
def test_a_broken_download_goes_on(web: Behaviour, here: Path) -> None:
    """Cut half way, no dataset is there; the same command goes on and ends well."""
    web.cut = len(ZIP) // 2
    with pytest.raises(MachineError, match="it goes on at byte"):
        _get("malaria")
    assert not (here / "malaria").exists()
    web.cut = None

    assert _get("malaria").counts == {"Parasitized": 2, "Uninfected": 1}
    assert web.seen[-1][1] == f"bytes={len(ZIP) // 2}-"
    assert not (here / "malaria.download").exists()


@pytest.mark.usefixtures("malaria")
def test_what_was_downloaded_serves_when_unpacking_failed(
    web: Behaviour, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failure behind the download, the next call asks the server for nothing."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, "_write_origin", full)
        with pytest.raises(MachineError, match="No space left on device"):
            _get("malaria")
    assert _names(here) == ["malaria.download/cell_images.zip"]

    assert sum(_get("malaria").counts.values()) == 3
    assert len(web.seen) == 1


@pytest.mark.usefixtures("malaria")
def test_a_wrong_checksum_leaves_nothing(web: Behaviour, here: Path) -> None:
    """Other bytes than the published ones are refused and not unpacked."""
    web.data = ZIP + b"x"
    with pytest.raises(DataError, match=f"{SHA256} is expected"):
        _get("malaria")

    assert _names(here) == []


@pytest.mark.usefixtures("malaria")
def test_an_archive_is_handed_in(web: Behaviour, here: Path, tmp_path: Path) -> None:
    """With the published archive at hand nothing is asked of the network; it stays where it is."""
    archive = tmp_path / "from the stick.zip"
    archive.write_bytes(ZIP)
    got = _get("malaria", archive)

    assert sum(got.counts.values()) == 3 and got.sources[0].checked == "as published"
    assert web.seen == [] and archive.is_file()


@pytest.mark.usefixtures("malaria")
def test_another_archive_is_not_handed_in(here: Path, tmp_path: Path) -> None:
    """An archive that is not the published one is refused, with the way to use it all the same."""
    archive = tmp_path / "cells.zip"
    archive.write_bytes(zip_of(CELLS[:3]))
    with pytest.raises(DataError, match=rf"{SHA256} is expected.*objektiv get .*cells\.zip"):
        _get("malaria", archive)
    assert _names(here) == []

    got = _get(str(archive))
    assert got.folder == Path("cells") and got.entry is None
    assert got.counts == {"Parasitized": 2, "Uninfected": 1}


def test_an_unpacked_folder_is_handed_in(here: Path, tmp_path: Path) -> None:
    """A folder cannot be compared with the archive; its counts are, and both are told."""
    for name, data in CELLS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    got = _get("malaria", tmp_path / "cell_images")

    assert got.counts == {"Parasitized": 2, "Uninfected": 1}
    assert got.sources[0].checked == "not compared with the published file"
    assert any("27,558 images in 2 classes, here are 3 in 2" in note for note in got.notes)


def test_an_address_gives_a_dataset(web: Behaviour, here: Path) -> None:
    """A file from an address is unpacked under its name; its SHA-256 is told and kept."""
    got = _get(web.url + "some%20cells.zip?download=1")

    assert got.folder == Path("some cells")
    assert got.sources[0].sha256 == SHA256
    assert got.sources[0].checked == "no checksum was given"
    assert sorted(p.name for p in here.iterdir()) == ["some cells"]


@pytest.mark.parametrize("path", ["", "%2e%2e", "..%2f..%2fevil", "a%5c..%5cCON", "%00.zip"])
def test_an_address_cannot_choose_the_place(web: Behaviour, here: Path, path: str) -> None:
    """What an address ends in never leads out of the folder."""
    got = _get(f"{web.url}{path}")

    assert got.folder.parent == Path()
    assert [p.name for p in here.iterdir()] == [got.folder.name]
    assert sorted(p.name for p in here.parent.iterdir()) == ["here"]


def test_a_checksum_can_be_asked_for(web: Behaviour, here: Path) -> None:
    """With --sha256 another file is refused, from an address and from the disk."""
    (here / "a.zip").write_bytes(ZIP)
    for what in (web.url + "b.zip", "a.zip"):
        with pytest.raises(DataError, match="is not the file it should be"):
            _get(what, sha256="0" * 64)
        assert sum(_get(what, sha256=SHA256.upper()).counts.values()) == 3


@pytest.mark.parametrize("data", [zip_of(CELLS[:3]), tar_of(CELLS[:3], mode="w:gz")])
def test_a_local_archive_gives_a_dataset(here: Path, data: bytes) -> None:
    """A zip or tar of class folders becomes a dataset of its name."""
    (here / "cells.tar.gz").write_bytes(data)
    got = _get("cells.tar.gz")

    assert got.folder == Path("cells")
    assert got.counts == {"Parasitized": 2, "Uninfected": 1}


def test_nothing_is_overwritten(here: Path) -> None:
    """A folder or file of the dataset's name stays as it is, and another name can be given."""
    (here / "cells.zip").write_bytes(ZIP)
    (here / "cells").mkdir()
    (here / "cells" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        _get("cells.zip")

    assert (here / "cells" / "mine.txt").read_text() == "mine"
    assert _get("cells.zip", to=Path("deep/cells-2")).folder == Path("deep/cells-2")


def test_an_archive_without_classes_is_told(here: Path) -> None:
    """Files without class folders are unpacked, and a note says that no class was found."""
    (here / "a.zip").write_bytes(zip_of([("1.png", b""), ("2.png", b"")]))
    got = _get("a.zip")

    assert got.counts == {}
    assert any("No classes were found" in note for note in got.notes)


def test_a_hostile_archive_leaves_nothing(here: Path) -> None:
    """A refused archive leaves neither folder nor temporary files."""
    (here / "a.zip").write_bytes(zip_of([("a/1.png", b""), ("../evil.png", b"")]))
    with pytest.raises(DataError, match="leaves the folder"):
        _get("a.zip")

    assert _names(here.parent) == ["here/a.zip"]


@pytest.mark.parametrize("what", ["malarai", "fashion_mnist", "cats_dogs"])
def test_an_unknown_name_is_answered_with_the_near_one(here: Path, what: str) -> None:
    """A slip of the keyboard is answered with the name that was meant."""
    with pytest.raises(UsageError, match="did you mean '(malaria|fashion-mnist|cats-dogs)'"):
        _get(what)


@pytest.mark.parametrize("what", ["ftp://example.org/a.zip", "file:///etc/passwd"])
def test_other_addresses_are_refused(here: Path, what: str) -> None:
    """An address that is none of the web is refused before anything is made."""
    with pytest.raises(UsageError, match="this address is not read"):
        _get(what)

    assert _names(here) == []


def test_only_known_datasets_can_be_handed_in(here: Path, tmp_path: Path) -> None:
    """--from belongs to a name of the catalogue, and to something that is there."""
    with pytest.raises(UsageError, match="no dataset has this name"):
        _get("cells.zip", tmp_path)
    with pytest.raises(UsageError, match="no such file or folder to hand in"):
        _get("malaria", tmp_path / "nothing")
    with pytest.raises(UsageError, match="has several files"):
        (here / "a.gz").write_bytes(b"")
        _get("fashion-mnist", here / "a.gz")


def test_a_file_packed_anew_is_known_by_its_content(tmp_path: Path) -> None:
    """A gz whose content is the published one is accepted, another and a damaged one are not."""
    data = b"content" * 100
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(data, mtime=1))
    remote = Remote("a.gz", "http://127.0.0.1/a.gz", 1, "0" * 64, hashlib.sha256(data).hexdigest())

    assert module._compared(remote, path, GetSettings()).checked.startswith("packed anew")
    for wrong in (gzip.compress(b"other"), path.read_bytes()[:-9], b"", b"text"):
        path.write_bytes(wrong)
        with pytest.raises(DataError, match="is not the file it should be"):
            module._compared(remote, path, GetSettings())


def _arrays() -> bytes:
    """An .npz of six grey pictures with the labels cat and dog."""
    buffer = io.BytesIO()
    pictures = np.arange(6 * 8 * 8, dtype=np.uint8).reshape(6, 8, 8)
    np.savez(buffer, X=pictures, y=np.array(["cat", "dog"] * 3))
    return buffer.getvalue()


def test_arrays_become_pictures(here: Path) -> None:
    """Arrays are converted: class folders, a manifest and the origin, whole."""
    (here / "pets.npz").write_bytes(_arrays())
    got = _get("pets.npz", to=Path("set"))

    assert got.counts == {"cat": 3, "dog": 3}
    assert {"ORIGIN.json", "manifest.csv"} <= set(_names(here / "set"))
    assert len(_names(here / "set")) == 8


def test_arrays_in_an_archive_become_pictures(here: Path) -> None:
    """An archive of arrays is unpacked and converted, and its arrays are not left in the set."""
    (here / "a.zip").write_bytes(zip_of([("deep/pets.npz", _arrays()), ("deep/notes.txt", b"x")]))
    got = _get("a.zip")

    assert got.counts == {"cat": 3, "dog": 3}
    assert [name for name in _names(here / "a") if name.endswith((".npz", ".txt"))] == []
    assert [p.name for p in (here / "a").iterdir() if p.name[0] == "."] == []


@pytest.mark.slow
def test_real_fashion_mnist_is_handed_in(real_data: Path, here: Path) -> None:
    """The four files, though packed anew, are the published ones: 7,000 pictures of each class."""
    got = _get("fashion-mnist", real_data / "fashion_mnist")

    assert set(got.counts.values()) == {7000} and len(got.counts) == 10
    assert all("content as published" in source.checked for source in got.sources)


def test_real_malaria_is_handed_in(real_data: Path, here: Path) -> None:
    """The 6,000 real cells are copied into two classes of 3,000."""
    got = _get("malaria", real_data / "malaria")

    assert got.counts == {"Parasitized": 3000, "Uninfected": 3000}
