"""The command `explain`: why a model says what it says of a picture.

In: words typed at a terminal. Out: as of cli/main, to whose commands this is added.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from objektiv.cli.options import settings_options
from objektiv.flow.settings import ExplainSettings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


@settings_options(ExplainSettings)
def explain(
    model: Annotated[
        Path,
        typer.Argument(
            help="Bundle (.objektiv file or its folder), or a run folder.",
            metavar="MODEL",
            show_default=False,
        ),
    ],
    images: Annotated[
        list[Path],
        typer.Argument(
            help="Images, or folders of images.", metavar="IMAGES...", show_default=False
        ),
    ],
    settings: ExplainSettings,
) -> None:
    """Show where a model looks: heat maps, how far to trust them, and pictures that are alike.

    Writes the maps as PNG, the numbers as JSON and one page. A run also gives the nearest pictures
    that it learnt from.
    """
    from objektiv.faces import explain as face

    raise typer.Exit(face.explain(model, images, settings))
