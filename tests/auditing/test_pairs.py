"""Findings about copies."""

from __future__ import annotations

import polars as pl

from objektiv.auditing.copies import PAIRS
from objektiv.auditing.pairs import copy_findings

ITEMS = pl.DataFrame({"id": ["a1", "a2", "a3", "b1"], "label": ["a", "a", "a", "b"]})


def _pairs(*rows: tuple[str, str, float]) -> pl.DataFrame:
    return pl.DataFrame([(*row, 1.0) for row in rows], schema=PAIRS, orient="row")


def test_copies_under_one_label_are_a_warning() -> None:
    """Exact and near pairs are counted apart, pictures once."""
    (finding,) = copy_findings(ITEMS, _pairs(("a1", "a2", 1.0), ("a1", "a3", 0.98)))

    assert (finding.kind, finding.severity) == ("copies", "warning")
    assert "3 pictures of 4" in finding.evidence
    assert "1 pair byte for byte, 1 re-encoded" in finding.evidence
    assert finding.items.select("id", "b").rows() == [("a1", "a2"), ("a1", "a3")]


def test_copies_under_two_labels_are_an_error() -> None:
    """The pair is named with both labels."""
    (finding,) = copy_findings(ITEMS, _pairs(("a1", "b1", 0.97)))

    assert (finding.kind, finding.severity) == ("near-two-labels", "error")
    assert "a1 (a) and b1 (b)" in finding.evidence


def test_without_pairs_there_is_no_finding() -> None:
    """Nothing is said of nothing."""
    assert copy_findings(ITEMS, _pairs()) == []
