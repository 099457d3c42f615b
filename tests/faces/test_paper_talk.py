"""The talk takes 20 to 25 minutes and shows the run's own figures."""

from __future__ import annotations

import pytest

from objektiv.faces.paper_facts import Facts
from objektiv.faces.paper_page import read_page
from objektiv.faces.paper_talk import talk
from objektiv.faces.papers import Paper
from objektiv.faces.report import page
from tests.faces.conftest import MakeReport


def _talk(make_report: MakeReport, **fields: object) -> Paper:
    data = make_report(**fields)
    return talk(Facts(read_page(page(data)), data))


@pytest.mark.parametrize("classes", [("cat", "dog"), ("a", "b", "c")])
def test_it_takes_twenty_to_twenty_five_minutes(
    make_report: MakeReport, classes: tuple[str, ...]
) -> None:
    """The minutes of the slides add up, whatever the run holds."""
    assert 20 <= sum(s.minutes for s in _talk(make_report, classes=classes).sections) <= 25


def test_result_mistakes_and_reliability_are_shown(make_report: MakeReport) -> None:
    """As the figures of the report."""
    files = [figure.file for figure in _talk(make_report).figures()]

    assert {"result-1.png", "mistakes-1.jpg", "reliability-1.png"} <= set(files)


def test_no_slide_is_empty(make_report: MakeReport) -> None:
    """Each has something to show or to write."""
    assert all(section.blocks for section in _talk(make_report).sections)
