"""Findings and the order they are read in."""

from __future__ import annotations

from objektiv.auditing.findings import (
    Finding,
    Severity,
    counted,
    examples,
    no_items,
    urgency,
)


def _finding(severity: Severity, title: str) -> Finding:
    return Finding("kind", severity, title, "evidence", no_items(), "command")


def test_errors_come_first_and_equals_keep_their_order() -> None:
    """Sorted by urgency, errors lead, notes end, and nothing else moves."""
    found = [_finding("note", "a"), _finding("error", "b"), _finding("note", "c")]

    assert [f.title for f in sorted(found, key=urgency)] == ["b", "a", "c"]


def test_examples_tell_how_many_are_not_shown() -> None:
    """Three names are shown, the others counted."""
    assert examples(["a", "b"]) == "a, b"
    assert examples(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_counts_have_the_right_plural() -> None:
    """One is singular, thousands have a comma."""
    assert counted(1, "file") == "1 file"
    assert counted(1200, "class", "classes") == "1,200 classes"


def test_a_finding_without_items_has_an_empty_table() -> None:
    """The table has the column id all the same."""
    assert no_items().columns == ["id"]
