"""A run's documents are written whole, once, and in the language that is spoken."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("docx", reason="the extra office is not installed")
pytest.importorskip("pptx", reason="the extra office is not installed")
pytest.importorskip("fpdf", reason="the extra office is not installed")

from objektiv.base.errors import MachineError
from objektiv.base.language import speaking
from objektiv.faces.deliverables import write_deliverables, write_pdf
from tests.faces.conftest import MakeReport

PAPERS = {"status_paper.docx", "status_paper.md", "talk.pptx", "talk.md", "final_report.docx"}


def test_three_papers_lie_in_the_folder_with_their_figures(
    make_report: MakeReport, tmp_path: Path
) -> None:
    """Word and PowerPoint, each as Markdown too, whose figures are there."""
    folder = tmp_path / "papers"
    write_deliverables(make_report(), folder)
    text = (folder / "talk.md").read_text(encoding="utf-8")

    assert {p.name for p in folder.iterdir()} == {*PAPERS, "final_report.md", "figures"}
    for file in (folder / "figures").iterdir():
        assert file.stat().st_size > 1000
    assert "(figures/result-1.png)" in text
    assert (folder / "figures" / "result-1.png").is_file()


def test_what_somebody_has_written_on_is_not_overwritten(
    make_report: MakeReport, tmp_path: Path
) -> None:
    """A folder that holds anything is refused."""
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "status_paper.docx").write_text("my work", encoding="utf-8")

    with pytest.raises(MachineError, match="cannot write"):
        write_deliverables(make_report(), folder)

    assert (folder / "status_paper.docx").read_text(encoding="utf-8") == "my work"


def test_german_papers_are_german(make_report: MakeReport, tmp_path: Path) -> None:
    """Titles and prompts."""
    with speaking("de"):
        write_deliverables(make_report(), tmp_path / "papers")
    text = (tmp_path / "papers" / "status_paper.md").read_text(encoding="utf-8")

    assert text.startswith("# Statuspapier: ")
    assert "Hier schreiben:" in text


def test_the_report_is_written_as_pdf(make_report: MakeReport, tmp_path: Path) -> None:
    """One file, whole."""
    write_pdf(make_report(groups=25), tmp_path / "report.pdf")
    data = (tmp_path / "report.pdf").read_bytes()

    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
