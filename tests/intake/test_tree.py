"""Trees of pictures: whole or not at all, named safely, with a manifest that is read back."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from objektiv.base import files
from objektiv.base.errors import Cancelled, DataError, MachineError
from objektiv.base.progress import Event, Progress
from objektiv.data.dataset import read
from objektiv.data.images import decode
from objektiv.data.settings import ReadSettings
from objektiv.intake import tree
from objektiv.intake.tree import Shot, write_tree


def _pixels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (9, 7, 3)).astype(np.uint8)


def _shots(count: int, labels: int = 2) -> Iterator[Shot]:
    for number in range(count):
        yield Shot(f"c{number % labels}", f"p_{number:03d}", _pixels(number))


def _write(target: Path, shots: list[Shot] | Iterator[Shot]) -> dict[str, int]:
    listed = list(shots)
    return write_tree(target, listed, total=len(listed), progress=Progress())


def test_pictures_come_back_as_they_were(tmp_path: Path) -> None:
    """RGB, grey and 16-bit pixels are kept without loss, in the folder of their label."""
    grey = _pixels(1)[:, :, 0]
    wide = (grey.astype(np.uint16) * 257) ^ 3

    counts = _write(
        tmp_path / "out", [Shot("a", "rgb", _pixels(0)), Shot("b", "g", grey), Shot("b", "w", wide)]
    )

    def back(path: str) -> np.ndarray:
        return np.asarray(cv2.imread(str(tmp_path / "out" / path), cv2.IMREAD_UNCHANGED))

    assert counts == {"a": 1, "b": 2}
    assert (back("a/rgb.png")[:, :, ::-1] == _pixels(0)).all()
    assert (back("b/g.png") == grey).all()
    assert (back("b/w.png") == wide).all() and back("b/w.png").dtype == np.uint16
    data = (tmp_path / "out" / "a" / "rgb.png").read_bytes()
    assert (decode(data, name="x.png", max_pixels=100).pixels == _pixels(0)).all()


def test_manifest_is_read_back(tmp_path: Path) -> None:
    """Labels, groups and parts of the manifest are those of the dataset; its note says so."""
    shots = [
        Shot("T-shirt/top", "a", _pixels(0), group="v1.mp4", part="train", origin={"frame": 3}),
        Shot("Coat", "b", _pixels(1), group="v2.mp4", part="train"),
        Shot("T-shirt/top", "c", _pixels(2), group="v3.mp4", part="test"),
        Shot("Coat", "d", _pixels(3), group="v4.mp4", part="test"),
    ]
    _write(tmp_path / "out", shots)

    dataset = read(tmp_path / "out", ReadSettings())

    assert (tmp_path / "out" / "manifest.csv").read_text(encoding="utf-8").splitlines()[:2] == [
        "path,label,group,split,frame",
        "T-shirt_top/a.png,T-shirt/top,v1.mp4,train,3",
    ]
    assert dataset.classes == ("Coat", "T-shirt/top")
    assert dict(dataset.items.select("id", "group").iter_rows()) == {
        "Coat/b.png": "v2.mp4",
        "Coat/d.png": "v4.mp4",
        "T-shirt_top/a.png": "v1.mp4",
        "T-shirt_top/c.png": "v3.mp4",
    }
    assert dataset.items["part"].to_list() == ["train", "test", "train", "test"]
    assert dataset.notes == ("manifest.csv is obeyed: labels, groups, parts",)


def test_columns_without_values_are_left_away(tmp_path: Path) -> None:
    """Where nothing has a group or a part the manifest has no such column."""
    _write(tmp_path / "out", [Shot("a", "x", _pixels(0))])

    text = (tmp_path / "out" / "manifest.csv").read_text(encoding="utf-8")
    assert text == "path,label\na/x.png,a\n"


def test_names_that_meet_are_told_apart(tmp_path: Path) -> None:
    """Labels and names that a system without case would mix up get names of their own."""
    shots = [
        Shot(label, name, _pixels(0)) for label in ("Cat", "cat", "c:t", "c*t") for name in "xX"
    ]
    _write(tmp_path / "out", [*shots, Shot("manifest.csv", "x", _pixels(0))])

    found = sorted(p.relative_to(tmp_path / "out").as_posix() for p in tmp_path.rglob("*.png"))
    assert len({path.casefold() for path in found}) == 9
    counts = read(tmp_path / "out", ReadSettings()).counts()["items"]
    assert sorted(counts) == [1, 2, 2, 2, 2]


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    """What a spreadsheet would run is written so that it does not."""
    _write(
        tmp_path / "out", [Shot("=cmd()", "-x", _pixels(0), group="+g", origin={"source": "@s"})]
    )

    text = (tmp_path / "out" / "manifest.csv").read_text(encoding="utf-8")
    assert text == "path,label,group,source\n_=cmd()/_-x.png,_=cmd(),./+g,./@s\n"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A target that holds anything is refused before a picture is made; an empty one is filled."""
    (tmp_path / "out").mkdir()
    _write(tmp_path / "out", _shots(1))

    with pytest.raises(DataError, match="out is there already"):
        _write(tmp_path / "out", iter(()))
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file is there already"):
        _write(tmp_path / "file", iter(()))


@pytest.mark.parametrize("at", [0, 1, 150, 299])
def test_a_failure_half_way_leaves_nothing(tmp_path: Path, at: int) -> None:
    """Where the source fails, no folder appears and no temporary one stays."""

    def failing() -> Iterator[Shot]:
        for number, shot in enumerate(_shots(300)):
            if number == at:
                raise DataError("broken", value=at, allowed="x", next="y")
            yield shot

    with pytest.raises(DataError, match="broken"):
        write_tree(tmp_path / "out", failing(), total=300, progress=Progress())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("after", [1, 140, 300])
def test_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Where the disk is full at any picture, one message tells it and nothing is left."""
    count = 0

    def failing(pixels: np.ndarray) -> bytes:
        nonlocal count
        count += 1
        if count >= after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return b"x"

    monkeypatch.setattr(tree, "png", failing)
    with pytest.raises(MachineError, match=r"cannot write .*out: No space left.* MB are free"):
        _write(tmp_path / "out", _shots(300))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("operation", ["rename", "mkdir"])
def test_a_refusal_at_the_end_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    """Where the last step fails, the folder does not appear."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    if operation == "rename":
        monkeypatch.setattr(files.os, "rename", refuse)
    else:
        monkeypatch.setattr(tree.Path, "mkdir", refuse)
    with pytest.raises(MachineError, match="cannot write"):
        _write(tmp_path / "out", _shots(10))
    assert list(tmp_path.iterdir()) == []


def test_a_really_limited_disk_is_told(tmp_path: Path) -> None:
    """A real limit of the system on the size of files ends as a message, with nothing left."""
    pytest.importorskip("resource", reason="Windows has no such limit")
    program = f"""
import resource, numpy as np
from pathlib import Path
from objektiv.base import errors
from objektiv.base.progress import Progress
from objektiv.intake.tree import Shot, write_tree
noise = np.random.default_rng(0).integers(0, 256, (100, 100), np.uint8)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    target = Path({str(tmp_path / "out")!r})
    write_tree(target, [Shot("a", "b", noise)], total=1, progress=Progress())
except errors.MachineError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "File too large" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_tree_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelling ends the writing and removes what was written."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "cancel").touch()
    monkeypatch.setattr("objektiv.base.progress.WRITE_EVERY", 0)

    with pytest.raises(Cancelled, match="pictures was stopped"):
        write_tree(
            tmp_path / "out", _shots(300), total=300, progress=Progress(folder=tmp_path / "run")
        )
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_progress_counts_pictures(tmp_path: Path) -> None:
    """The step ends with as many pictures as there are."""
    events: list[Event] = []

    write_tree(tmp_path / "out", _shots(300), total=300, progress=Progress(events.append))

    assert (events[-1].done, events[-1].total, events[-1].finished) == (300, 300, True)


def test_further_tables_lie_beside_the_manifest(tmp_path: Path) -> None:
    """Tables handed in appear with the pictures."""
    write_tree(
        tmp_path / "out", _shots(1), total=1, progress=Progress(), tables={"videos.csv": "ü\n"}
    )

    assert (tmp_path / "out" / "videos.csv").read_bytes() == "ü\n".encode()
