"""Decisions are told in whole sentences, with what they were chosen on."""

from __future__ import annotations

import io
import re

import polars as pl

from objektiv.faces.decisions import group_lines, operating_lines, print_decisions
from objektiv.flow.judge import Judgement, judge
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.threshold import Threshold
from tests.flow.test_judge import MIXED, SCANNERS, judged
from tests.judging.made import drawn


def printed(judgement: Judgement) -> str:
    """What goes to the terminal."""
    stream = io.StringIO()
    print_decisions(judgement, stream)
    return stream.getvalue()


def test_the_operating_point_tells_how_it_came_about() -> None:
    """Threshold, demand, what it was chosen on, and its worth on test with intervals."""
    first, second, *_ = operating_lines(judged())

    assert re.match(
        r"Operating point: ill from probability 0\.\d{4} on, chosen for a sensitivity of 90\.0 % "
        r"on 180 pictures that are not test \(there sensitivity 9\d\.\d %",
        first,
    )
    assert re.match(r"On test: sensitivity \d+\.\d % \(95 % interval .*specificity", second)


def test_what_it_means_is_told_in_whole_pictures() -> None:
    """Each prevalence has a line with counts that sum to the total."""
    lines = [line for line in operating_lines(judged()) if line.startswith("Of 1,000 pictures")]

    assert len(lines) >= 2
    for line in lines:
        told = r"(\d+) found, (\d+) missed; (\d+) called so for nothing, (\d+) cleared"
        numbers = re.search(told, line)
        assert numbers
        assert sum(map(int, numbers.groups())) == 1_000


def test_groups_are_told_as_a_whole() -> None:
    """The share, what it was chosen on, the counts and the worst groups."""
    lines = group_lines(judged())

    assert lines[0].startswith("Whole groups: ill where at least")
    assert lines[-1].startswith("Worst groups: ")
    assert " right)" in lines[-1]


def test_nothing_is_printed_unasked() -> None:
    """Without a demand and columns the console stays as short as it was."""
    assert printed(judged(JudgeSettings())) == ""


def test_subgroups_are_a_table() -> None:
    """Each value of a column is a line."""
    text = printed(judge(MIXED, JudgeSettings(by=("scanner",)), columns=SCANNERS))

    assert re.search(r"^scanner +items +accuracy", text, re.MULTILINE)
    assert re.search(r"^a +30 +\d", text, re.MULTILINE)
    assert "(few)" not in text


def test_a_demand_that_cannot_be_met_is_told() -> None:
    """Where there is nothing to choose on, the reason stands in place of figures."""
    text = printed(judge(drawn(1, 40), JudgeSettings(sensitivity=0.9)))

    assert text.startswith("Operating point not defined: no items beside the test part")


def test_few_pictures_of_a_value_are_marked() -> None:
    """A value with few pictures is marked, and the mark is explained."""
    table = pl.DataFrame({"id": MIXED.ids, "scanner": ["a"] * 230 + ["b"] * 10})
    text = printed(judge(MIXED, JudgeSettings(by=("scanner",)), columns=table))

    assert "b (few)" in text
    assert "(few) marks values" in text


def test_the_threshold_of_a_bundle_is_told_as_such() -> None:
    """What was chosen elsewhere is told without figures of what it was chosen on."""
    given = Threshold("ill", 0.3, "given")
    first, *_ = operating_lines(judge(drawn(1, 60), JudgeSettings(), threshold=given))

    assert first == "Operating point: ill from probability 0.3000 on, as the bundle has it."
