"""The command `models` and what stands behind it, as words at a terminal.

In: options. Out: calls of faces/models.
Try: `objektiv models --help`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from objektiv.cli.options import settings_options
from objektiv.zoo.settings import AddSettings

networks = typer.Typer(help="List, add and remove pretrained networks; list what can be trained.")
Network = Annotated[
    str,
    typer.Argument(
        help="A name of the list, `timm:NAME`, or one of your own for an ONNX file.",
        metavar="NAME",
        show_default=False,
    ),
]


@networks.callback(invoke_without_command=True)
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


@networks.command("add")
@settings_options(AddSettings)
def add_network(name: Network, settings: AddSettings) -> None:
    """Make a pretrained network ready: fetch it, or take its weights from a file."""
    from objektiv.faces import models

    models.add(name, settings)


@networks.command("remove")
def remove_network(name: Network) -> None:
    """Delete a pretrained network from the store."""
    from objektiv.faces import models

    models.remove(name)
