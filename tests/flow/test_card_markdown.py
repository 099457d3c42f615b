"""Names are no markup in the card, and figures say what they are."""

from __future__ import annotations

from objektiv.base.language import speaking
from objektiv.flow.card_markdown import harmless, listed, score_row, section, share, table
from objektiv.judging.intervals import Interval, NotDefined

VALUE = Interval(0.9621, 0.9301, 0.98, "wilson", None, None)


def test_a_class_name_is_no_markup() -> None:
    """A class called like a tag or a cell's end is shown, not obeyed, where Markdown is shown."""
    assert harmless("<img onerror=x> | a") == "&lt;img onerror=x> &#124; a"
    assert harmless("a*b[c](d)\u202e") == r"a\*b\[c\](d)\\u202e"


def test_empty_parts_are_left_out() -> None:
    """No empty bullet, no gap."""
    assert section("A", "b", "", "c") == "## A\n\nb\n\nc"
    assert listed("a", "", "b") == "- a\n- b"


def test_numbers_stand_right_in_a_table() -> None:
    """The first column holds words."""
    lines = table(["score", "value"], [["accuracy", "0.9"]]).splitlines()

    assert lines == ["| score | value |", "| :--- | ---: |", "| accuracy | 0.9 |"]


def test_a_score_has_its_interval_or_the_reason_why_not() -> None:
    """Never 0, never an empty field without a word."""
    assert score_row("accuracy", VALUE) == ["accuracy", "0.962", "0.930 to 0.980"]
    assert score_row("x", None, "5") == ["x", "5", "not defined here", ""]
    told = score_row("x", NotDefined("no test item is of ill|"))
    assert told == ["x", "not defined: no test item is of ill&#124;", ""]


def test_german_has_a_decimal_comma() -> None:
    """In scores and shares."""
    with speaking("de"):
        assert score_row("a", VALUE)[1:] == ["0,962", "0,930 bis 0,980"]
        assert share(0.985) == "98,5 %"


def test_shares_have_no_idle_digits() -> None:
    """`98 %`, not `98.0000 %`."""
    assert [share(s) for s in (0.98, 0.005, 0.03452, 1.0)] == ["98 %", "0.5 %", "3.45 %", "100 %"]
