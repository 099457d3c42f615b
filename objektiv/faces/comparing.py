"""What `compare` prints and writes.

In: run folders and tables of predictions. Out: tables and sentences on standard output; a page with
figures and pictures, and the same as CSV, in a new numbered folder.
Try: `objektiv compare runs/cells-001 runs/cells-002`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from objektiv.base import files
from objektiv.faces.compare_page import page
from objektiv.faces.contest import differing_told, first_differing, megabytes, p_value, verdicts
from objektiv.faces.terminal import print_line, print_table
from objektiv.faces.words import NONE, duration, percent, percent_range, points
from objektiv.flow.compare import Compared, Comparison
from objektiv.flow.compare import compare as compare_step
from objektiv.flow.run import save_table

PAGE, RUNS, PAIRS, DIFFERING = "comparison.html", "runs.csv", "pairs.csv", "differing.csv"
HEAD = (
    *("run", "model", "accuracy", "95 %", "to the first", "p", "sensitivity"),
    *("bundle", "parameters", "training", "images/s"),
)


def compare(folders: Sequence[Path], out: Path) -> None:
    """Print the table and write page and tables into a new numbered folder below `out`."""
    compared = compare_step(folders)
    rows = [_cells(row, compared, k) for k, row in enumerate(compared.rows)]
    rows += [_cells(row, compared, None) for row in compared.others]
    print_table(HEAD, rows, stream=sys.stdout)
    print()
    for told in (*verdicts(compared), *differing_told(compared)):
        print_line(told, sys.stdout)
    for row in compared.others:
        for name, what in first_differing(row):
            print_line(f"  {name}: {what}", sys.stdout)
    folder = files.new_numbered_folder(out, "comparison")
    save_table(_runs(compared), folder / RUNS)
    if compared.pairs:
        save_table(_pairs(compared), folder / PAIRS)
    if compared.others:
        save_table(_differing(compared), folder / DIFFERING)
        print_line(f"All items that differ: {folder / DIFFERING}", sys.stdout)
    files.write_text(folder / PAGE, page(compared, title=folder.name))
    print_line(f"Page: {folder / PAGE}", sys.stdout)


def _cells(row: Compared, compared: Comparison, place: int | None) -> tuple[str, ...]:
    """`place` among the rows; None for a run that was tested on other items."""
    beside, p = ("other items", NONE) if place is None else (NONE, NONE)
    if place:
        pair = compared.pair(0, place)
        back = pair.difference
        beside = f"{points(-back.estimate)} ({points(-back.high)} to {points(-back.low)})"
        p = p_value(pair)
    size, parameters = row.told("bytes"), row.told("parameters")
    seconds, speed = row.told("train_seconds"), row.told("images_per_second")
    return (
        row.name,
        row.model,
        percent(row.scores.accuracy.estimate),
        percent_range(row.scores.accuracy),
        beside,
        p,
        percent(row.sensitivity.estimate) if row.sensitivity else NONE,
        NONE if size is None else megabytes(size),
        NONE if parameters is None else f"{parameters:,}",
        NONE if seconds is None else duration(seconds),
        NONE if speed is None else f"{speed:,.0f}",
    )


def _runs(compared: Comparison) -> pl.DataFrame:
    """A line a run, in numbers."""
    told = ("bytes", "parameters", "trainable", "train_seconds", "images_per_second")
    rows = [
        {
            "run": row.name,
            "model": row.model,
            "items": row.scores.items,
            "same_items": row.differs is None,
            "accuracy": row.scores.accuracy.estimate,
            "accuracy_low": row.scores.accuracy.low,
            "accuracy_high": row.scores.accuracy.high,
            "sensitivity": row.sensitivity.estimate if row.sensitivity else None,
            "sensitivity_low": row.sensitivity.low if row.sensitivity else None,
            "sensitivity_high": row.sensitivity.high if row.sensitivity else None,
            "demanded": row.demanded,
            "only_this_right": len(row.alone) if row.differs is None else None,
            **{name: row.told(name) for name in told},
        }
        for row in (*compared.rows, *compared.others)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _pairs(compared: Comparison) -> pl.DataFrame:
    """A line for every two runs, in numbers."""
    names = [row.name for row in compared.rows]
    rows = [
        {
            "first": names[pair.a],
            "second": names[pair.b],
            "items": pair.test.items,
            "groups": pair.test.groups,
            "both_right": pair.both,
            "only_first_right": pair.test.only_a,
            "only_second_right": pair.test.only_b,
            "both_wrong": pair.neither,
            "same_class": pair.same,
            "difference": pair.difference.estimate,
            "difference_low": pair.difference.low,
            "difference_high": pair.difference.high,
            "mcnemar_exact": pair.test.exact,
            "mcnemar_mid_p": pair.test.mid_p,
            "obuchowski": pair.test.by_group,
            "p_after_holm": pair.corrected,
        }
        for pair in compared.pairs
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _differing(compared: Comparison) -> pl.DataFrame:
    """Every item that is not the same in a run."""
    found = [
        row.differs.select(pl.lit(row.name).alias("run"), "id", "what")
        for row in compared.others
        if row.differs is not None
    ]
    return pl.concat(found)
