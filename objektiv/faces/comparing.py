"""What `compare` prints, and its page.

In: run folders. Out: a table on standard output, and a page with the same table and two figures:
accuracy against training time and against size.
Try: `objektiv compare runs/cells-001 runs/cells-002`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from objektiv.base import files
from objektiv.faces.curves import Point, scatter_plot
from objektiv.faces.report import environment
from objektiv.faces.sections import Table
from objektiv.faces.terminal import print_line, print_table
from objektiv.faces.words import (
    NONE,
    count,
    duration,
    percent,
    percent_range,
    points,
    points_range,
)
from objektiv.flow.compare import Compared, Comparison
from objektiv.flow.compare import compare as compare_step
from objektiv.flow.run import typed

PAGE = "comparison.html"
HEAD = (
    "run",
    "model",
    "accuracy",
    "95 %",
    "to the first",
    "bundle",
    "parameters",
    "trainable",
    "training",
    "images/s",
)
PAGE_HEAD = (
    "run",
    "model",
    "accuracy",
    "to the first",
    "bundle",
    "parameters",
    "training",
    "images/s",
)
NAMES = 2


def compare(folders: Sequence[Path], out: Path) -> None:
    """Print the table and write the page into a new numbered folder below `out`."""
    compared = compare_step(folders)
    print_table(HEAD, [_cells(row, k) for k, row in enumerate(compared.rows)], stream=sys.stdout)
    print()
    for told in sentences(compared):
        print_line(told, sys.stdout)
    folder = files.new_numbered_folder(out, "comparison")
    files.write_text(folder / PAGE, page(compared, title=folder.name))
    print_line(f"Page: {folder / PAGE}", sys.stdout)


def _cells(row: Compared, place: int) -> tuple[str, ...]:
    if place == 0:
        beside = NONE
    elif row.difference:
        beside = f"{points(row.difference.estimate)} ({points_range(row.difference)})"
    else:
        beside = "other items"
    return (
        row.name,
        row.model,
        percent(row.scores.accuracy.estimate),
        percent_range(row.scores.accuracy),
        beside,
        NONE if row.bytes is None else megabytes(row.bytes),
        _whole(row.parameters),
        _whole(row.trainable),
        NONE if row.train_seconds is None else duration(row.train_seconds),
        NONE if row.images_per_second is None else f"{row.images_per_second:,.0f}",
    )


def _folded(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The same for a page, where intervals and what learnt stand in small below."""
    name, model, accuracy, span, beside, size, parameters, trainable, *speeds = cells
    estimate, _, ends = beside.removesuffix(")").partition(" (")
    return (
        name,
        model,
        f"{accuracy}\n{span}",
        f"{estimate}\n{ends}" if ends else beside,
        size,
        f"{parameters}\n{trainable} learnt",
        *speeds,
    )


def megabytes(size: int) -> str:
    """`18.6 MB`, in millions of bytes."""
    return f"{size / 1e6:,.1f} MB"


def _whole(number: int | None) -> str:
    return NONE if number is None else f"{number:,}"


def sentences(compared: Comparison) -> list[str]:
    """What the differences prove, and which runs cannot be compared item by item."""
    first, *others = compared.rows
    told = []
    beaten = [r.name for r in others if r.difference and r.difference.high < 0]
    close = [r.name for r in others if r.difference and r.difference.high >= 0]
    if beaten:
        told.append(f"{first.name} is shown to be better than {', '.join(beaten)}.")
    if close:
        told.append(f"{first.name} is not shown to be better than {', '.join(close)}.")
    cached = [r.name for r in compared.rows if r.known]
    if cached:
        told.append(
            f"The time of {', '.join(cached)} leaves out looking at pictures that the bank knew."
        )
    told += [f"{r.name} is not compared item by item: {r.differs}." for r in others if r.differs]
    if not compared.same_items:
        told.append(
            "Accuracies on other items differ by chance too; train with one split.csv by --split."
        )
    return told


def page(compared: Comparison, *, title: str) -> str:
    """The page as text."""
    rows = compared.rows
    figures = []
    for across, values in (
        ("training, seconds", [row.train_seconds for row in rows]),
        ("bundle, MB", [row.bytes / 1e6 if row.bytes else None for row in rows]),
    ):
        found = [
            Point(f"{row.name} ({row.model})", max(x, 1e-3), row.scores.accuracy)
            for row, x in zip(rows, values, strict=True)
            if x is not None
        ]
        if found:
            figures.append(scatter_plot(found, across=across))
    table = Table(
        "The most accurate first; differences in percentage points, paired by test item",
        PAGE_HEAD,
        tuple(_folded(_cells(row, k)) for k, row in enumerate(rows)),
        names=NAMES,
        marked=(0,),
    )
    runs = count(len(rows), "run")
    about = f"{runs}, tested on {count(rows[0].scores.items, 'picture')}"
    template = environment().get_template("compare.html")
    return template.render(
        title=title,
        about=about if compared.same_items else f"{runs}, not all tested on the same pictures",
        table_of_runs=table,
        figures=figures,
        told=sentences(compared),
        next_commands=[f"objektiv export {typed(rows[0].run.folder)}"],
    )
