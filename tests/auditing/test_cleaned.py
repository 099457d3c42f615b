"""The cleaned table: what stays, what goes, and what is flagged."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from objektiv.auditing.cleaned import clean
from tests.auditing.test_parts import _dataset


def test_of_copies_the_one_in_test_stays() -> None:
    """A near copy in train of what is in test goes, whichever comes first in the folder."""
    dataset = _dataset([("a", "train"), ("a", "test"), ("b", "train"), ("b", "test")])

    cleaned = clean(dataset, ["one", "one", None, None], {})

    assert cleaned.kept["path"].to_list() == ["i1", "i2", "i3"]
    assert cleaned.left_out.rows() == [("i0", "a", "a copy of i1")]


def test_of_exact_copies_one_stays() -> None:
    """The same bytes count once, also inside one part and without parts."""
    dataset = _dataset([("a", None), ("a", None), ("a", None), ("b", None)])
    same = replace(dataset, items=dataset.items.with_columns(hash=pl.Series(["x", "x", "y", "z"])))

    cleaned = clean(same, ["one", "one", "one", None], {})

    assert cleaned.left_out.rows() == [("i1", "a", "a copy of i0")]
    assert cleaned.kept["group"].to_list() == ["i0", "i0", "i3"]


def test_near_copies_in_one_part_become_a_group() -> None:
    """Frames of a film are not thrown away; a group that was named stays and takes them in."""
    dataset = _dataset([("a", None)] * 3 + [("b", None)] * 2)
    grouped = replace(
        dataset, items=dataset.items.with_columns(group=pl.Series(["P1", "P1", "P2", "P3", "P4"]))
    )

    cleaned = clean(grouped, [None, "one", "one", None, None], {})

    assert cleaned.left_out.is_empty()
    names = cleaned.kept["group"].to_list()
    assert names[0] == names[1] == names[2]
    assert len(set(names)) == 3
    assert "2 near copies are kept" in cleaned.notes[0]


def test_copies_under_two_labels_stay() -> None:
    """Which one is right only a person can say."""
    dataset = _dataset([("a", None), ("b", None)])

    cleaned = clean(dataset, ["one", "one"], {"i0": "look"})

    assert cleaned.kept.rows() == [("i0", "a", "i0", "look"), ("i1", "b", "i0", "")]
    assert cleaned.kept.columns == ["path", "label", "group", "flag"]


def test_quarantine_is_left_out_with_its_reason() -> None:
    """Every file that was set aside stands in the second table."""
    dataset = _dataset([("a", None), ("b", None), ("b", None)])
    gone = pl.DataFrame({"id": ["i1"], "reason": ["empty"], "message": ["i1: the file is empty"]})

    cleaned = clean(dataset.without(gone), [None, None], {})

    assert cleaned.left_out.rows() == [("i1", "b", "empty")]


def test_parts_are_kept_only_where_they_can_be_used() -> None:
    """Groups in two parts, or a part without a class: the column goes and a note says why."""
    whole = _dataset([("a", "train"), ("b", "train"), ("a", "test"), ("b", "test")])
    torn = replace(whole, items=whole.items.with_columns(group=pl.lit("one")))
    lacking = _dataset([("a", "train"), ("b", "train"), ("a", "test")])

    kept = clean(whole, [None] * 4, {})
    assert kept.kept["split"].to_list() == ["train", "train", "test", "test"]
    for dataset, note in ((torn, "1 groups lie in several"), (lacking, "test lacks a class")):
        cleaned = clean(dataset, [None] * len(dataset.items), {})
        assert "split" not in cleaned.kept.columns
        assert note in cleaned.notes[0]
