"""What `objektiv augment` prints and writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from objektiv.auditing.operators import OPERATORS
from objektiv.base.errors import MachineError
from objektiv.cli import main as cli
from objektiv.cli.exits import run
from objektiv.faces import augmenting
from objektiv.features import engine
from tests.features.conftest import compile_once
from tests.flow import drawn

FLIPS = {name: OPERATORS[name] for name in ("horizontal_flip", "vertical_flip")}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two strengths in all, so that it is short."""
    monkeypatch.setattr(engine, "_compile", compile_once)
    with mock.patch.dict(OPERATORS, FLIPS, clear=True):  # type: ignore[arg-type]
        yield


def _augment(data: Path, folder: Path, *words: str) -> int:
    options = ["--bank", str(folder / "bank"), "--out", str(folder / "out"), "--size", "32"]
    options += ["--precision", "fp32", "--sample", "20", "--group", drawn.GROUP]
    return run(cli.app, ["augment", str(data), *options, *words])


def test_augment_prints_ranges_and_writes_numbered_folders(
    shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is recommended, that it is no proof, and the next command."""
    assert _augment(shapes, tmp_path) == 0
    said = capsys.readouterr().out
    assert "20 pictures augmented at 2 strengths of 2 operators" in said
    assert "evidence, not proof" in said
    assert "Next: objektiv train" in said and "--horizontal-flip yes" in said

    assert _augment(shapes, tmp_path, "--rotation", "30", "--zoom", "0.1") == 0
    said = capsys.readouterr().out
    assert "The settings asked for:" in said
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["shapes-001", "shapes-002"]


def test_nothing_half_written_stays(
    shapes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where writing fails, the new folder goes again."""

    def refuse(found: object, folder: Path) -> Path:
        (folder / "views.png").touch()
        raise MachineError("the disk is full", value="0 bytes", allowed="Room", next="make some")

    monkeypatch.setattr(augmenting, "save", refuse)

    assert _augment(shapes, tmp_path) == MachineError.exit_code
    assert "the disk is full" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("words", [("--rotation", "200"), ("--zoom", "2,1"), ("--sample", "3")])
def test_a_value_that_does_not_fit_is_refused(
    shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, str]
) -> None:
    """Exit code 2, the setting is named, nothing written."""
    assert _augment(shapes, tmp_path, *words) == 2
    assert words[0].removeprefix("--") in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_page_is_not_written_among_the_data(
    shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There its pictures would be a class the next time: exit code 2."""
    assert _augment(shapes, tmp_path, "--out", str(shapes / "augmented")) == 2
    assert "lies among the data" in capsys.readouterr().err
