"""`objektiv report` makes the report of a finished run again, beside the first."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.faces.cli import app
from objektiv.faces.exits import run


def test_report_in_german_stands_in_a_folder_of_its_own(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first report stays; the new one is German, the console English."""
    before = (trained / "report.html").read_bytes()

    assert run(app, ["report", str(trained), "--language", "de", "--out", str(tmp_path)]) == 0

    told = capsys.readouterr().out
    assert told == f"Report: {tmp_path / 'report-001' / 'report.html'}\n"
    page = (tmp_path / "report-001" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="de">' in page and "Testbildern" in page
    assert (tmp_path / "report-001" / "figures" / "reliability.csv").exists()
    assert (trained / "report.html").read_bytes() == before


def test_a_folder_that_is_not_there_is_told(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where --data names nothing, it ends before anything is written."""
    given = ["report", str(trained), "--data", "nowhere", "--out", str(tmp_path)]

    assert run(app, given) == 3

    assert "nowhere" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what is needed."""
    assert run(app, ["report", str(tmp_path)]) == 4

    assert "holds no finished run" in capsys.readouterr().err
