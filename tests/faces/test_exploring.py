"""What `objektiv explore` prints and writes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from objektiv.base.errors import MachineError
from objektiv.cli import main as cli
from objektiv.cli.exits import run
from objektiv.faces import exploring
from tests.flow import drawn


def _explore(data: Path, bank: Path, out: Path, *words: str) -> int:
    options = ["--bank", str(bank), "--out", str(out), "--precision", "fp32", *words]
    return run(cli.app, ["explore", str(data), *options])


def test_explore_prints_counts_and_writes_numbered_folders(
    shapes: Path, bank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second call writes beside the first; the next command is told."""
    assert _explore(shapes, bank, tmp_path, "--group", drawn.GROUP) == 0
    said = capsys.readouterr().out
    assert "60 pictures of 2 classes from 10 groups." in said
    assert "stripe" in said and "objektiv check" in said

    assert _explore(shapes, bank, tmp_path, "--rows", "1", "--columns", "2") == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["shapes-001", "shapes-002"]
    assert (tmp_path / "shapes-002" / "samples.png").stat().st_size < (
        tmp_path / "shapes-001" / "samples.png"
    ).stat().st_size


def test_bad_files_are_counted(
    shapes: Path, bank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be read is set aside with its reason; the rest goes on."""
    data = tmp_path / "data"
    shutil.copytree(shapes, data)
    (data / "disc" / "empty.png").touch()

    assert _explore(data, bank, tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert "Set aside: 1 file (1 empty); listed in quarantine.csv." in said


def test_nothing_half_written_stays(
    shapes: Path,
    bank: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where writing fails, the new folder goes again."""

    def refuse(explored: object, folder: Path) -> Path:
        (folder / "samples.png").touch()
        raise MachineError("the disk is full", value="0 bytes", allowed="Room", next="make some")

    monkeypatch.setattr(exploring, "save", refuse)

    assert _explore(shapes, bank, tmp_path) == MachineError.exit_code
    assert "the disk is full" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_a_data_error(
    bank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, nothing written."""
    assert _explore(tmp_path / "nowhere", bank, tmp_path / "out") == 3
    assert "Next:" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_page_is_not_written_among_the_data(
    shapes: Path, bank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There its pictures would be a class the next time: exit code 2, nothing written."""
    assert _explore(shapes, bank, shapes / "explored") == 2
    assert "Next:" in capsys.readouterr().err
    assert not (shapes / "explored").exists()
