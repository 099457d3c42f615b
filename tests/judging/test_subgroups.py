"""Scores by a column: each value against the rest."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.predictions import Predictions
from objektiv.judging.subgroups import MOST, Subgroups, subgroups
from tests.judging.made import ill_or_well


def right_and_wrong(*told: tuple[str, int, int]) -> tuple[Predictions, pl.DataFrame]:
    """Healthy items of (scanner, items, right), and the table of their scanners."""
    chances, values = [], []
    for name, items, right in told:
        chances += [0.1 if k < right else 0.9 for k in range(items)]
        values += [name] * items
    p = ill_or_well(chances, np.zeros(len(chances)))
    return p, pl.DataFrame({"id": p.ids, "scanner": values})


def by(p: Predictions, table: pl.DataFrame, name: str = "scanner") -> Subgroups:
    """The one column."""
    return subgroups(p, table, [name], positive="ill")[0]


def test_a_difference_has_the_interval_of_newcombe() -> None:
    """56 of 70 against 48 of 80: 0.20, from 0.0524 to 0.3339 (Newcombe 1998, table II)."""
    first = by(*right_and_wrong(("a", 70, 56), ("b", 80, 48))).rows[0]

    assert isinstance(first.difference, Interval)
    assert first.difference.estimate == pytest.approx(0.2)
    assert first.difference.low == pytest.approx(0.0524, abs=5e-5)
    assert first.difference.high == pytest.approx(0.3339, abs=5e-5)


def test_each_value_has_its_scores() -> None:
    """Accuracy and specificity are those of its items; without a positive one no sensitivity."""
    row = by(*right_and_wrong(("a", 70, 56), ("b", 80, 48))).rows[1]
    wanted = binomtest(48, 80).proportion_ci(method="wilson")

    assert (row.value, row.items, row.few) == ("b", 80, False)
    assert (row.accuracy.low, row.accuracy.high) == pytest.approx((wanted.low, wanted.high))
    assert row.specificity == row.accuracy
    assert row.sensitivity == NotDefined("no item of ill")


def test_few_items_are_marked_and_order_is_natural() -> None:
    """Rows stand in natural order; fewer than 30 items are marked."""
    rows = by(*right_and_wrong(("s10", 40, 30), ("s2", 29, 20))).rows

    assert [(row.value, row.few) for row in rows] == [("s2", True), ("s10", False)]


def test_rare_values_beyond_the_limit_are_counted() -> None:
    """Of 40 values the most frequent have a row, and the others are told as a number."""
    found = by(*right_and_wrong(*((f"v{k}", 2 + (k < MOST), 1) for k in range(40))))

    assert (len(found.rows), found.left_out) == (MOST, 40 - MOST)
    assert {row.items for row in found.rows} == {3}


def test_many_numbers_are_told_by_quarters() -> None:
    """A column of many different numbers becomes four ranges of about as many items."""
    p, _ = right_and_wrong(("a", 100, 60))
    texts = [str(k) if k else "" for k in range(100)]
    found = by(p, pl.DataFrame({"id": p.ids, "width": texts}), "width")

    assert [row.items for row in found.rows] == pytest.approx([25] * 4 + [1], abs=1)
    assert found.rows[0].value.startswith("1 to ")
    assert found.rows[-1].value == "(empty)"
    assert sum(row.items for row in found.rows) == 100


def test_numbers_that_are_few_stay_as_they_are() -> None:
    """A column of two numbers, also as text, keeps them; an empty cell is a value."""
    p, _ = right_and_wrong(("a", 6, 3))
    table = pl.DataFrame({"id": p.ids, "dose": ["1", "1", "2", "2", "", None]})

    assert [row.value for row in by(p, table, "dose").rows] == ["1", "2", "(empty)"]


def test_items_that_the_table_lacks_are_empty() -> None:
    """An item without a row counts as empty; rows of other items do nothing."""
    p, _ = right_and_wrong(("a", 3, 2))
    table = pl.DataFrame({"id": ["0", "1", "elsewhere"], "scanner": ["x", "x", "y"]})

    assert [(r.value, r.items) for r in by(p, table).rows] == [("(empty)", 1), ("x", 2)]


def test_one_value_has_no_rest() -> None:
    """Where all items have one value there is nothing to compare with."""
    row = by(*right_and_wrong(("a", 5, 3))).rows[0]

    assert row.difference == NotDefined("there are no other items")


def test_groups_are_regarded() -> None:
    """A row of few groups has a wider interval, and its number of groups."""
    p = ill_or_well([0.1, 0.9] * 40, np.zeros(80), groups=[f"g{k // 10}" for k in range(80)])
    table = pl.DataFrame({"id": p.ids, "scanner": ["a"] * 40 + ["b"] * 40})
    row = by(p, table).rows[0]

    assert row.groups == 4
    assert row.accuracy.warning
    assert row.accuracy.method.startswith("Wilson with the effective")
