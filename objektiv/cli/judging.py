"""The commands `evaluate` and `compare`: what models, ours or others, are worth.

In: words typed at a terminal. Out: as of cli/main, to whose commands these are added.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from objektiv.cli.options import settings_options
from objektiv.flow.settings import EvaluateSettings

Bundle = typer.Option(help="Bundle: a .objektiv file or its folder.", metavar="PATH")
TABLES = "tables of predictions (.csv, .parquet)"


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command()(evaluate)
    app.command()(compare)


@settings_options(EvaluateSettings)
def evaluate(
    data: Annotated[
        Path,
        typer.Argument(
            help="Folder of labelled images, or a table of predictions (.csv, .parquet).",
            metavar="DATA",
            show_default=False,
        ),
    ],
    settings: EvaluateSettings,
    bundle: Annotated[Path | None, Bundle] = None,
) -> None:
    """Score a bundle on another folder of labelled images, or any tool's table of predictions.

    A table has a row an image: id, label, and a column for each class with its probability; or
    one column `probability`, of the class named by --positive. group, part and more may be there.
    """
    from objektiv.faces import using

    using.evaluate(data, bundle, settings)


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help=f"Run folders, or {TABLES}; two or more.", metavar="RUN...", show_default=False
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(help="Folder that gets a new numbered folder with the page.", metavar="PATH"),
    ] = Path("compared"),
) -> None:
    """Put finished runs side by side and test which is better: accuracy, size, time, speed."""
    from objektiv.faces import comparing

    comparing.compare(runs, out)
