"""The commands that look into a network and fool it: `attack`.

In: words typed at a terminal. Out: as of cli/main, to whose commands these are added.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from objektiv.cli.options import settings_options
from objektiv.explaining.attack_settings import AttackSettings

Backbone = typer.Option(
    help="Pretrained network with its own classes instead of a bundle.", metavar="NAME"
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(attack)


@settings_options(AttackSettings)
def attack(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Bundle, unless --backbone is given; then images, or folders of images.",
            metavar="[BUNDLE] IMAGES",
            show_default=False,
        ),
    ],
    settings: AttackSettings,
    backbone: Annotated[str | None, Backbone] = None,
) -> None:
    """Change pictures until the network errs, or as a lab changes them: what does it bear?

    pgd and fgsm need objektiv[torch]; square and natural do not.
    """
    from objektiv.faces import attacking

    attacking.attack(paths, settings, backbone=backbone)
