"""The part of the command line that begins with `objektiv models`.

In: words typed at a terminal. Out: text on the terminal. Heavy parts are imported inside the
commands that use them, so that `--help` is instant.
Try: `objektiv models --help`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from objektiv.faces.options import settings_options
from objektiv.zoo.settings import AddSettings

app = typer.Typer(help="List, add and remove pretrained networks; list what can be trained.")
Network = Annotated[
    str,
    typer.Argument(
        help="A name of the list, `timm:NAME`, or one of your own for an ONNX file.",
        metavar="NAME",
        show_default=False,
    ),
]


@app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure images/s of those that are ready, here.")
    ] = False,
) -> None:
    """List pretrained networks and what can be trained by name; add and remove networks."""
    if context.invoked_subcommand is None:
        from objektiv.faces import models

        models.list_all(measure=measure)


@app.command("add")
@settings_options(AddSettings)
def add_network(name: Network, settings: AddSettings) -> None:
    """Make a pretrained network ready: fetch it, or take its weights from a file."""
    from objektiv.faces import models

    models.add(name, settings)


@app.command("remove")
def remove_network(name: Network) -> None:
    """Delete a pretrained network from the store."""
    from objektiv.faces import models

    models.remove(name)
