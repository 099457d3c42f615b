"""Is the model worse for some? Scores by the values of a column, each against the rest.

In: test Predictions and columns of their items. Out: a Subgroups a column.
Try: `subgroups(p.only("test"), table, ["scanner"], positive="ill")[0].rows`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.base.language import say
from objektiv.base.names import natural_key
from objektiv.judging.intervals import Interval, NotDefined, proportion, share
from objektiv.judging.predictions import Predictions

FEW = 30  # items below which a row is marked
MOST = 30  # values of a column that get a row; the most frequent
QUARTERS = 4  # parts into which a column of many numbers is cut
MANY = 10  # different numbers above which it is
ABSENT = say("(empty)")
Flags = NDArray[np.bool_]
Groups = NDArray[np.int64] | None


@dataclass(frozen=True)
class Subgroup:
    """The test items that have one value of a column.

    `difference`: accuracy here minus accuracy of all other items. `few`: too few to tell much.
    """

    value: str
    items: int
    groups: int | None
    few: bool
    accuracy: Interval
    sensitivity: Interval | NotDefined
    specificity: Interval | NotDefined
    difference: Interval | NotDefined


@dataclass(frozen=True)
class Subgroups:
    """One column; `left_out`: values beyond the MOST most frequent, which have no row.

    Of many rows some differ by chance: of 20 with no true difference one, on average, has an
    interval that lies beside 0.
    """

    column: str
    rows: tuple[Subgroup, ...]
    left_out: int


def subgroups(
    test: Predictions, columns: pl.DataFrame, names: Sequence[str], *, positive: str | None
) -> tuple[Subgroups, ...]:
    """The rows of each named column; `columns` has an `id` and these columns."""
    own = pl.DataFrame({"id": test.ids}, schema={"id": pl.String})
    table = own.join(
        columns.with_columns(pl.col("id").cast(pl.String)).unique("id"),
        on="id",
        how="left",
        maintain_order="left",
    )
    return tuple(_of_column(test, table[name], positive) for name in names)


def _of_column(test: Predictions, column: pl.Series, positive: str | None) -> Subgroups:
    values = np.array(_texts(column), dtype=object)
    counts = Counter(values.tolist())
    kept = sorted((v for v, _ in counts.most_common(MOST)), key=natural_key)
    rows = tuple(_row(test, values == value, value, positive) for value in kept)
    return Subgroups(column.name, rows, left_out=len(counts) - len(kept))


def _texts(column: pl.Series) -> list[str]:
    """Each value as text; many numbers as their quarter, ends counting to the lower one."""
    empty = column.is_null() | (column.cast(pl.String) == "")
    numbers = column.cast(pl.Float64, strict=False).fill_nan(None)
    whole = numbers.null_count() == empty.sum() and not empty.all()
    if not whole or numbers.n_unique() <= MANY:
        return [ABSENT if v in (None, "") else str(v) for v in column]
    known = numbers.drop_nulls().to_numpy()
    edges = np.quantile(known, np.linspace(0, 1, QUARTERS + 1), method="nearest")
    edges = np.unique(edges)
    ends = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    ranges = [say("{low:g} to {high:g}", low=a, high=b) for a, b in ends]
    found = []
    for value in numbers:
        at = int(np.searchsorted(edges[1:-1], value, side="left")) if value is not None else -1
        found.append(ABSENT if value is None else ranges[at] if ranges else f"{value:g}")
    return found


def _row(test: Predictions, own: Flags, value: str, positive: str | None) -> Subgroup:
    groups, correct = test.group_numbers, test.correct
    inside = None if groups is None else groups[own]
    accuracy = proportion(correct[own], inside)
    difference: Interval | NotDefined = NotDefined(say("there are no other items"))
    if not own.all():
        rest = proportion(correct[~own], None if groups is None else groups[~own])
        difference = _apart(accuracy, rest)
    return Subgroup(
        value,
        items=int(own.sum()),
        groups=accuracy.groups,
        few=int(own.sum()) < FEW,
        accuracy=accuracy,
        sensitivity=_of_kind(test, own, positive, sought=positive),
        specificity=_of_kind(test, own, positive, sought=None),
        difference=difference,
    )


def _of_kind(
    test: Predictions, own: Flags, positive: str | None, *, sought: str | None
) -> Interval | NotDefined:
    """Sensitivity where `sought` is the positive class, else specificity."""
    if positive is None:
        return NotDefined(say("no positive class is named"))
    k, groups = test.classes.index(positive), test.group_numbers
    rows = own & ((test.labels == k) if sought else (test.labels != k))
    right = (test.predicted == k) if sought else (test.predicted != k)
    none = (
        say("no item of {name}", name=positive)
        if sought
        else say("no item of another kind than {name}", name=positive)
    )
    return share(right[rows], None if groups is None else groups[rows], none=none)


def _apart(a: Interval, b: Interval) -> Interval:
    """The interval of a difference of two shares, from the intervals of each.

    Source: R. G. Newcombe, Stat. Med. 17 (1998) 873, method 10. Where a group has items on both
    sides it is wider than it must be.
    """
    gap = a.estimate - b.estimate
    low = gap - math.hypot(a.estimate - a.low, b.high - b.estimate)
    high = gap + math.hypot(a.high - a.estimate, b.estimate - b.low)
    groups = None if a.groups is None or b.groups is None else min(a.groups, b.groups)
    method = "Newcombe" if groups is None else "Newcombe with the effective number of items, t"
    return Interval(gap, low, high, method, groups, a.warning or b.warning)
