"""`objektiv report` makes the report of a finished run again, beside the first."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base import extras
from objektiv.cli.exits import run
from objektiv.cli.main import app


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


def test_documents_are_made_where_they_are_asked_for(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """PDF and papers lie beside the page, and the console says where."""
    for module in ("docx", "pptx", "fpdf"):
        pytest.importorskip(module, reason="the extra office is not installed")
    given = ["report", str(trained), "--out", str(tmp_path), "--pdf", "--deliverables"]

    assert run(app, given) == 0

    folder = tmp_path / "report-001"
    told = capsys.readouterr().out.splitlines()
    assert told[1:] == [f"PDF: {folder / 'report.pdf'}", f"To write on: {folder / 'deliverables'}"]
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert (folder / "deliverables" / "talk.pptx").is_file()


def test_without_the_extra_nothing_is_written(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The message has the command that installs it."""
    monkeypatch.setattr(extras, "missing_packages", lambda extra: ("fpdf2",))

    assert run(app, ["report", str(trained), "--out", str(tmp_path), "--pdf"]) == 5

    assert 'pip install "objektiv[office]"' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


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
