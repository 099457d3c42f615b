"""What fills a new dataset's folder: which files of an archive, at which place."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.errors import DataError, UsageError
from objektiv.base.progress import Progress
from objektiv.flow.contents import below_top, filling
from objektiv.intake.catalog import CATALOG, Entry
from objektiv.intake.settings import GetSettings
from tests.intake.hostile import zip_of


def _fill(path: Path, folder: Path, entry: Entry | None = None) -> tuple[list[str], list[str]]:
    """The files that came, and the notes."""
    notes: list[str] = []
    fill = filling(path, GetSettings(), entry, notes=notes, progress=Progress())
    folder.mkdir()
    fill(folder)
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return files, notes


@pytest.mark.parametrize(
    ("paths", "places"),
    [
        (["cells/a/1.png", "cells/b/2.png"], ["a/1.png", "b/2.png"]),
        (["x/y/a/1.png", "x/y/b/2.png"], ["a/1.png", "b/2.png"]),
        (["a/1.png", "b/2.png"], ["a/1.png", "b/2.png"]),
        (["cells/README.txt", "cells/a/1.png"], ["README.txt", "a/1.png"]),
        (["a/1.png", "a/2.png"], ["a/1.png", "a/2.png"]),  # one class keeps its folder
        (["x/train/a/1.png", "x/test/a/2.png"], ["train/a/1.png", "test/a/2.png"]),
        (["cells/a/1.png", "cells/cover.png"], ["a/1.png", "cover.png"]),
        (["set/X.npy", "set/y.npy"], ["X.npy", "y.npy"]),
        (["1.png"], ["1.png"]),
        ([], []),
    ],
)
def test_the_shared_top_folder_goes(paths: list[str], places: list[str]) -> None:
    """The folders that only wrap the dataset are left away, its classes and parts stay."""
    assert list(below_top(paths).values()) == places


def test_litter_gets_no_place() -> None:
    """Hidden files and what systems leave behind stay in the archive."""
    litter = ["a/Thumbs.db", "__MACOSX/a/._1.png", "a/.DS_Store", "a/desktop.ini"]

    assert below_top([*litter, "a/1.png", "b/1.png"]) == {
        "a/1.png": "a/1.png",
        "b/1.png": "b/1.png",
    }


def test_an_archive_fills_the_folder(tmp_path: Path) -> None:
    """Files stand below the folder without the top one; what was left out is told."""
    path = tmp_path / "cells.zip"
    path.write_bytes(zip_of([("c/a/1.png", b"1"), ("c/b/2.png", b"2"), ("c/b/Thumbs.db", b"")]))

    assert _fill(path, tmp_path / "out") == (
        ["a/1.png", "b/2.png"],
        ["Left out of cells.zip: 1 (Thumbs.db)"],
    )


def test_an_entry_lays_its_archive_out(tmp_path: Path) -> None:
    """The breed in a pet's file name becomes its folder."""
    path = tmp_path / "images.tar.gz"
    path.write_bytes(zip_of([("images/Maine_Coon_1.jpg", b"1"), ("images/x.mat", b"")]))
    files, notes = _fill(path, tmp_path / "out", CATALOG.get("pets"))

    assert files == ["Maine_Coon/Maine_Coon_1.jpg"]
    assert notes == ["Left out of images.tar.gz: 1 (x.mat)"]


def test_an_unpacked_folder_is_copied(tmp_path: Path) -> None:
    """What the entry knows is copied to its place; the folder stays as it was."""
    root = tmp_path / "cell_images"
    for name in ("Parasitized/C1.png", "Uninfected/C2.png", "Uninfected/Thumbs.db"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    files, notes = _fill(tmp_path, tmp_path / "out", CATALOG.get("malaria"))

    assert files == ["Parasitized/C1.png", "Uninfected/C2.png"]
    assert (tmp_path / "out" / files[0]).read_bytes() == b"Parasitized/C1.png"
    assert "Thumbs.db" in notes[0]
    assert len([p for p in root.rglob("*") if p.is_file()]) == 3


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    """A link in a folder that is handed in leads nowhere."""
    (tmp_path / "set" / "Parasitized").mkdir(parents=True)
    (tmp_path / "set" / "Parasitized" / "C1.png").write_bytes(b"1")
    (tmp_path / "set" / "Uninfected").symlink_to(tmp_path / "set" / "Parasitized")
    (tmp_path / "set" / "Parasitized" / "C2.png").symlink_to("/etc/passwd")
    files, _ = _fill(tmp_path / "set", tmp_path / "out", CATALOG.get("malaria"))

    assert files == ["Parasitized/C1.png"]


def test_two_files_for_one_place_are_refused(tmp_path: Path) -> None:
    """A folder that holds the set twice is not merged silently."""
    for top in ("one", "two"):
        (tmp_path / "set" / top / "Parasitized").mkdir(parents=True)
        (tmp_path / "set" / top / "Parasitized" / "C1.png").write_bytes(top.encode())
    with pytest.raises(DataError, match="two files for one place"):
        _fill(tmp_path / "set", tmp_path / "out", CATALOG.get("malaria"))


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    """An archive without a file that the entry knows is told with its first name."""
    path = tmp_path / "cells.zip"
    path.write_bytes(zip_of([("letters/a.txt", b"")]))
    with pytest.raises(DataError, match=r"no file of this dataset.*'letters/a\.txt'"):
        _fill(path, tmp_path / "out", CATALOG.get("malaria"))

    assert not (tmp_path / "out").exists()


def test_a_folder_of_images_needs_no_getting(tmp_path: Path) -> None:
    """A folder is used where it is, and the message says how."""
    (tmp_path / "cells" / "a").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"needs no getting.*objektiv train .*cells"):
        _fill(tmp_path / "cells", tmp_path / "out")


def test_an_unknown_file_is_told(tmp_path: Path) -> None:
    """A file of no known kind is refused with its first bytes."""
    (tmp_path / "a.doc").write_bytes(b"Dear Sir or Madam")
    with pytest.raises(DataError, match=r"nothing that can be made into a dataset: .*b'Dear Sir'"):
        _fill(tmp_path / "a.doc", tmp_path / "out")
