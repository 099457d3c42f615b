"""The command `studio`, as words at a terminal.

In: options. Out: pages in a browser until Ctrl-C; one line on standard output once they are there.
Try: `objektiv studio --help`.
"""

from __future__ import annotations

import sys

import typer

from objektiv.cli.options import settings_options
from objektiv.studio.settings import StudioSettings


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(studio)


@settings_options(StudioSettings)
def studio(settings: StudioSettings) -> None:
    """Open the workbench in a browser: pictures, training, results, trying, exporting."""
    from objektiv.faces.terminal import print_line
    from objektiv.studio.run import run

    def ready(address: str) -> None:
        print_line(f"The studio is at {address} until Ctrl-C.", sys.stdout)
        sys.stdout.flush()

    run(settings, ready=ready)
