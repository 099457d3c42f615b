"""The status paper has the parts that the course asks for."""

from __future__ import annotations

from objektiv.faces.paper_facts import STEPS, Facts
from objektiv.faces.paper_page import read_page
from objektiv.faces.paper_status import status_paper
from objektiv.faces.papers import Prompt
from objektiv.faces.report import page
from objektiv.faces.sections import Table
from tests.faces.conftest import MakeReport


def test_chapters_are_those_of_the_course(make_report: MakeReport) -> None:
    """Problem, worth, metrics, approach along the workflow, who does what, status, problems."""
    data = make_report()
    paper = status_paper(Facts(read_page(page(data)), data))
    chapters = [s.title for s in paper.sections if s.level == 1]

    assert chapters == [
        "The problem",
        "Why it is a problem, and what a solution is worth",
        "How success is measured",
        "The way along the workflow",
        "Who does what",
        "Where we stand",
        "Problems",
    ]
    assert [s.title for s in paper.sections if s.level == 2] == list(STEPS)


def test_who_does_what_is_a_table_to_fill_in(make_report: MakeReport) -> None:
    """A row a step; only the steps are given."""
    data = make_report()
    paper = status_paper(Facts(read_page(page(data)), data))
    blocks = next(s for s in paper.sections if s.title == "Who does what").blocks
    table = next(b for b in blocks if isinstance(b, Table))

    assert [row[0] for row in table.rows] == list(STEPS)
    assert {cell for row in table.rows for cell in row[1:]} == {""}


def test_every_chapter_is_left_to_write(make_report: MakeReport) -> None:
    """The facts stand there, the thoughts are asked for."""
    data = make_report()
    paper = status_paper(Facts(read_page(page(data)), data))

    for section in paper.sections:
        if section.level == 1:
            assert any(isinstance(b, Prompt) for b in section.blocks), section.title
