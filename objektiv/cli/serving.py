"""The command `serve`, as words at a terminal.

In: options. Out: a server that runs until Ctrl-C; one line on standard output once it answers,
one line of JSON on standard error for each request.
Try: `objektiv serve --help`.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from objektiv.cli.options import settings_options
from objektiv.serving.settings import ServeSettings


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(serve)


@settings_options(ServeSettings)
def serve(
    bundles: Annotated[
        list[str],
        typer.Argument(
            help="Bundles, or NAME=BUNDLE to choose the name of a model.",
            metavar="BUNDLES",
            show_default=False,
        ),
    ],
    settings: ServeSettings,
) -> None:
    """Answer over HTTP what pictures show; only for this machine, unless told otherwise."""
    from objektiv.faces.terminal import print_line
    from objektiv.serving.run import serve as run

    def ready(address: str) -> None:
        print_line(
            f"Serving at {address} until Ctrl-C. What it understands: {address}/", sys.stdout
        )
        sys.stdout.flush()

    run(bundles, settings, log_to=sys.stderr, ready=ready)
