"""The command `predictions`: what the server has answered and stored.

In: words typed at a terminal. Out: a table on the terminal, or a file that `evaluate` reads.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import polars as pl


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(predictions)


def predictions(
    store: Annotated[
        str,
        typer.Argument(
            help="The store: an SQLite file, or postgresql://USER@HOST/DATABASE.",
            metavar="STORE",
            show_default=False,
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            help="New table (.csv, .parquet) of one model's predictions, as `evaluate` reads it "
            "once its column label is filled.",
            metavar="FILE",
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Table that labels stored pictures: label, and hash (the picture's SHA-256) or "
            "id; with --to, only these are written.",
            metavar="FILE",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(help="Only of the model whose SHA-256 begins so.", metavar="SHA256")
    ] = "",
) -> None:
    """Show what a server has stored, or write it as a table to be labelled and judged.

    Needs objektiv[store].
    """
    from objektiv.base.errors import UsageError
    from objektiv.faces.terminal import print_line
    from objektiv.serving import store_read

    if labels is not None and to is None:
        raise UsageError(
            "labels are for a table that is written",
            value=labels,
            allowed="--labels stands beside --to",
            next="add `--to judged.csv`",
        )
    table = store_read.read_store(store, model=model)
    if to is None:
        _show(table)
        return
    judged = store_read.to_judge(table, labels=labels)
    store_read.save(judged, to)
    step = "" if labels else "fill the column label, then "
    print_line(f"{len(judged):,} predictions: {to}", sys.stdout)
    print_line(f"Next: {step}objektiv evaluate {to}", sys.stdout)


def _show(table: pl.DataFrame) -> None:
    """A line a model, in the order of their first predictions."""
    from objektiv.faces.terminal import print_line, print_table

    if table.is_empty():
        print_line("Nothing is stored yet.", sys.stdout)
        return
    rows = [
        (
            str(part["model"][-1]),
            str(part["model_sha256"][0])[:12],
            f"{len(part):,}",
            f"{len(part) - part['abstain_reason'].null_count():,}",
            f"{median(part['milliseconds']):.1f}",
            f"{max(part['time']):%Y-%m-%d %H:%M} UTC",
        )
        for part in table.partition_by("model_sha256", maintain_order=True)
    ]
    head = ("model", "sha256", "predictions", "not answered", "median ms", "last")
    print_table(head, rows, stream=sys.stdout)
    print_line("Next: objektiv predictions STORE --to predictions.csv --model SHA256", sys.stdout)
