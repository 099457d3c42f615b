"""The commands `tune` and `curve`: many trainings at once.

In: words typed at a terminal. Out: as of cli/main, to whose commands these are added.
"""

from __future__ import annotations

import typer

from objektiv.cli.options import Data, settings_options
from objektiv.flow.settings import CurveSettings, TuneSettings


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command()(tune)
    app.command()(curve)


@settings_options(TuneSettings)
def tune(data: Data, settings: TuneSettings) -> None:
    """Try many settings, rank them by validation, and judge the best once on test."""
    from objektiv.faces import tuning

    tuning.tune(data, settings)


@settings_options(CurveSettings)
def curve(data: Data, settings: CurveSettings) -> None:
    """Accuracy by number of images, what more of them would give, and by resolution."""
    from objektiv.faces import curving

    curving.curve(data, settings)
