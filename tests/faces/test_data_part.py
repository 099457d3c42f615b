"""What the report says of the data: counts, sizes, what was odd and what set aside."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from objektiv.data.dataset import QUARANTINE
from objektiv.faces import data_part
from tests.faces.conftest import MakeReport


def test_split_table_counts_pictures_and_groups(make_report: MakeReport) -> None:
    """Each class and part with its pictures, in brackets the groups, and sums that are true."""
    data = make_report(groups=12)

    table = data_part.split_table(data.dataset, data.split)

    assert table.head == ("class", "train", "validation", "test", "all")
    assert table.rows[0] == ("cat", "10 (6)", "10 (6)", "10 (6)", "30 (6)")
    assert table.foot == ("all", "20 (12)", "20 (12)", "20 (12)", "60 (12)")


def test_split_table_without_groups_has_no_brackets(make_report: MakeReport) -> None:
    """Where nobody named groups, none are told."""
    data = make_report()

    table = data_part.split_table(data.dataset, data.split)

    assert table.foot == ("all", "20", "20", "20", "60")
    assert "groups" not in table.caption


def test_quarantine_is_counted_in_full_and_listed_in_part(make_report: MakeReport) -> None:
    """Sixty files: the counts hold all of them, the list the first fifty and how many remain."""
    dataset = make_report().dataset
    rows = [
        (f"{n}.png", f"{n}.png", "cat", "empty" if n % 3 else "bomb", f"{n}.png: the file is odd")
        for n in range(60)
    ]
    dataset = replace(dataset, quarantine=pl.DataFrame(rows, schema=QUARANTINE, orient="row"))

    counts, listed = data_part.quarantine_tables(dataset)

    assert counts.rows == (
        ("empty", "the file is empty", "40"),
        ("bomb", "the image asks for more than is allowed", "20"),
    )
    assert len(listed.rows) == 50
    assert "and 10 more" in listed.caption
    assert listed.rows[0] == ("0.png", "the file is odd")


def test_odd_files_are_gathered_by_what_is_odd(make_report: MakeReport) -> None:
    """Notes of files become one row a kind, with an example and a count."""
    dataset = make_report().dataset
    notes = ["named .jpg, is PNG; CMYK", "CMYK", *[""] * 58]
    items = dataset.items.with_columns(notes=pl.Series(notes))

    table = data_part.odd_table(replace(dataset, items=items))

    assert table is not None
    assert table.rows == (
        ("CMYK", "cat/0.png", "2"),
        ("named .jpg, is PNG", "cat/0.png", "1"),
    )


def test_sizes_are_told_by_class(make_report: MakeReport) -> None:
    """The median of each side, and the pictures of smallest and largest area."""
    table = data_part.size_table(make_report().dataset)

    assert table is not None
    assert table.rows[0] == ("cat", "62 x 53", "60 x 50", "64 x 56")
