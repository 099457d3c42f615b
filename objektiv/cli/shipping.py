"""The commands `export` and `verify`: the file that ships.

In: words typed at a terminal. Out: as of cli/main, to whose commands these are added.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command()(export)
    app.command()(verify)


def export(
    run: Annotated[Path, typer.Argument(help="Run folder.", metavar="RUN", show_default=False)],
    to: Annotated[
        Path | None, typer.Option(help="New file that ends in .objektiv.", metavar="PATH")
    ] = None,
) -> None:
    """Write a run's bundle as one file: network, preprocessing, head, classes, golden images."""
    from objektiv.faces import exporting

    exporting.export(run, to)


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
