"""The command `report`: papers about a finished run.

In: words typed at a terminal. Out: as of cli/main, to whose commands this is added.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from objektiv.cli.options import settings_options
from objektiv.flow.settings import ReportSettings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


@settings_options(ReportSettings)
def report(
    run: Annotated[Path, typer.Argument(help="Run folder.", metavar="RUN", show_default=False)],
    settings: ReportSettings,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also write the report as PDF.")] = False,
    deliverables: Annotated[
        bool,
        typer.Option(
            "--deliverables",
            help="Also write what a course asks for, with the run's facts in it and the rest for "
            "you to write: status paper and final report for Word, talk for PowerPoint, each as "
            "Markdown too.",
        ),
    ] = False,
) -> None:
    """Make the report of a finished run again, in English or German."""
    from objektiv.faces import reporting

    reporting.report(run, settings, pdf=pdf, deliverables=deliverables)
