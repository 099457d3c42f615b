"""The commands `export` and `verify`: the file that ships.

In: words typed at a terminal. Out: as of cli/main, to whose commands these are added.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from objektiv.cli.options import settings_options
from objektiv.flow.settings import ExportSettings


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command()(export)
    app.command()(verify)


@settings_options(ExportSettings)
def export(
    run: Annotated[Path, typer.Argument(help="Run folder.", metavar="RUN", show_default=False)],
    settings: ExportSettings,
    to: Annotated[
        Path | None,
        typer.Option(
            help="New file that ends in .objektiv, with --folder a new folder.", metavar="PATH"
        ),
    ] = None,
    folder: Annotated[
        bool, typer.Option("--folder", help="Write a folder instead of one file.")
    ] = False,
) -> None:
    """Write a run's bundle as one file: network, preprocessing, head, classes, golden images.

    In shorter numbers the change of accuracy is measured, told in the model card, and refused
    above --max-loss.
    """
    from objektiv.faces import exporting

    exporting.export(run, to, settings, form="folder" if folder else "file")


def verify(
    bundle: Annotated[
        Path,
        typer.Argument(
            help="Bundle: a .objektiv file or its folder.", metavar="BUNDLE", show_default=False
        ),
    ],
    engine: Annotated[
        Literal["openvino", "onnxruntime", "both"],
        typer.Option(
            help="What computes: openvino, as objektiv does; onnxruntime, as others may; or both, "
            "compared with each other.",
            metavar="openvino|onnxruntime|both",
        ),
    ] = "openvino",
) -> None:
    """Check a bundle: hashes, graph, golden images, batches, preprocessing; exit code 4 if wrong.

    ONNX Runtime needs objektiv[ort].
    """
    from objektiv.faces import exporting

    raise typer.Exit(exporting.verify(bundle, engine))
