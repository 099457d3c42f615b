"""The commands that look into a network and fool it: `attack` and `dream`.

In: words typed at a terminal. Out: as of cli/main, to whose commands these are added.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from objektiv.cli.options import settings_options
from objektiv.explaining.attack_settings import AttackSettings, DreamSettings

Backbone = typer.Option(
    help="Pretrained network with its own classes instead of a bundle.", metavar="NAME"
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(attack)
    app.command()(dream)


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


@settings_options(DreamSettings)
def dream(
    settings: DreamSettings,
    bundle: Annotated[
        Path | None,
        typer.Argument(
            help="Bundle, unless --backbone is given.", metavar="[BUNDLE]", show_default=False
        ),
    ] = None,
    backbone: Annotated[str | None, Backbone] = None,
    label: Annotated[
        str | None,
        typer.Option(help="Class to be ideal, such as tabby or zebra of lite0.", metavar="CLASS"),
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(help="Channel of a map inside the network to be ideal.", metavar="MAP:N"),
    ] = None,
) -> None:
    """Show what a network takes for the ideal picture of a class or channel.

    Needs objektiv[torch].
    """
    from objektiv.explaining.dream import Wish
    from objektiv.faces import dreaming

    dreaming.dream(bundle, Wish(label=label, channel=channel), settings, backbone=backbone)
