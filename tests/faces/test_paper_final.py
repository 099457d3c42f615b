"""The final report has the chapters that the course asks for, and the run's tables in them."""

from __future__ import annotations

from objektiv.base.language import speaking
from objektiv.faces.paper_facts import Facts
from objektiv.faces.paper_final import final_report
from objektiv.faces.paper_page import read_page
from objektiv.faces.papers import Paper
from objektiv.faces.report import page
from objektiv.faces.sections import Table
from tests.faces.conftest import MakeReport


def _report(make_report: MakeReport) -> Paper:
    data = make_report()
    return final_report(Facts(read_page(page(data)), data))


def test_chapters_are_those_of_the_course(make_report: MakeReport) -> None:
    """From the introduction to the bibliography."""
    chapters = [s.title for s in _report(make_report).sections if s.level == 1]

    assert chapters == [
        "Introduction",
        "Related work",
        "Approach",
        "Implementation",
        "Results",
        "Reflection",
        "Outlook",
        "Bibliography",
        "Appendix: how it was made",
    ]


def test_scores_stand_in_the_results(make_report: MakeReport) -> None:
    """The table of the report, not another one."""
    scores = next(s for s in _report(make_report).sections if s.title == "The scores")
    table = next(b for b in scores.blocks if isinstance(b, Table))

    assert table.rows[0][1].startswith("80.0 %")


def test_it_leaves_about_twelve_pages_to_write(make_report: MakeReport) -> None:
    """There is a prompt for each part that the student has to think about."""
    assert _report(make_report).prompts() >= 15


def test_german_chapters_are_german(make_report: MakeReport) -> None:
    """All of them."""
    with speaking("de"):
        chapters = [s.title for s in _report(make_report).sections if s.level == 1]

    assert chapters[:3] == ["Einleitung", "Verwandte Arbeiten", "Vorgehen"]
