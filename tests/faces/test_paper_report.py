"""The report on paper says what the page says."""

from __future__ import annotations

from objektiv.faces.paper_page import read_page
from objektiv.faces.paper_report import report_paper
from objektiv.faces.report import page
from tests.faces.conftest import MakeReport


def test_every_section_is_there_but_the_commands(make_report: MakeReport) -> None:
    """In the order of the page, after the result and the notes."""
    found = read_page(page(make_report()))
    titles = [section.title for section in report_paper(found).sections]
    own = [part.title for anchor, part in found.sections.items() if anchor != "next"]

    assert titles == ["The result", "Worth knowing", *own]


def test_without_notes_there_is_no_section_for_them(make_report: MakeReport) -> None:
    """No empty heading."""
    found = read_page(page(make_report(notes=[])))

    assert "Worth knowing" not in [s.title for s in report_paper(found).sections]
