"""The command line: one function a command reads its options and calls one face.

In: words typed at a terminal. Out: text on the terminal, and the exit codes of cli/exits.
Heavy parts are imported inside the commands that use them, so that `--help` is instant.
Try: `objektiv --help`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from objektiv.base.errors import UsageError
from objektiv.cli import (
    explaining,
    judging,
    looking,
    reports,
    searches,
    serving,
    shipping,
    stored,
    studio,
)
from objektiv.cli.exits import run
from objektiv.cli.judging import Bundle
from objektiv.cli.networks import networks
from objektiv.cli.options import Data, settings_options
from objektiv.data.settings import SmearSettings
from objektiv.flow.settings import (
    AugmentDataSettings,
    CheckDataSettings,
    DivideSettings,
    ExploreSettings,
    PredictSettings,
    TrainSettings,
)
from objektiv.intake.catalog import CATALOG
from objektiv.intake.settings import GetSettings

app = typer.Typer(
    name="objektiv",
    help="From a folder of images to a tested, explained and deployed classifier.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
@settings_options(GetSettings)
def get(
    what: Annotated[
        str,
        typer.Argument(
            help=f"{', '.join(CATALOG)}; an http(s) address; an archive, arrays (.npy, .npz, IDX), "
            "a video or a folder of them.",
            metavar="WHAT",
            show_default=False,
        ),
    ],
    settings: GetSettings,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="The dataset's archive, or the folder it was unpacked into, instead of the "
            "download.",
            metavar="PATH",
        ),
    ] = None,
) -> None:
    """Get a dataset: download or take a file, verify, unpack, say whose it is."""
    from objektiv.faces import getting

    getting.get(what, settings, source)


@app.command()
@settings_options(ExploreSettings)
def explore(data: Data, settings: ExploreSettings) -> None:
    """Show what a folder of images holds: samples, counts, sizes, colours and a map."""
    from objektiv.faces import exploring

    exploring.explore(data, settings)


@app.command()
@settings_options(AugmentDataSettings)
def augment(data: Data, settings: AugmentDataSettings) -> None:
    """Show what random changes make of the pictures, and which could occur in reality.

    Without operators it recommends some; the settings of those that are given are tried as a whole.
    """
    from objektiv.faces import augmenting

    augmenting.augment(data, settings)


@app.command()
@settings_options(TrainSettings)
def train(
    data: Data,
    settings: TrainSettings,
    resume: Annotated[
        Path | None, typer.Option(help="Run that was cut off: go on with it.", metavar="RUN")
    ] = None,
) -> None:
    """Train, test and package a classifier on a folder of images."""
    from objektiv.faces import console

    if resume is None:
        console.train(data, settings)
    else:
        console.resume(data, resume, settings)


@app.command()
@settings_options(TrainSettings)
def plan(data: Data, settings: TrainSettings) -> None:
    """Say before you train what each model would take here: time, memory, disk."""
    from objektiv.faces import planning

    planning.plan(data, settings)


searches.register(app)
reports.register(app)


@app.command()
@settings_options(CheckDataSettings)
def check(
    data: Data,
    settings: CheckDataSettings,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Also write a cleaned table that `train --labels` reads."),
    ] = False,
) -> None:
    """Find what is wrong with the data: bad files, copies, leaks, wrong labels, shortcuts.

    No picture is changed; the check goes on the ledger in DATA. Exit code 1 where a finding is an
    error, else 0.
    """
    from objektiv.faces import checking

    raise typer.Exit(checking.check(data, settings, fixing="write" if fix else "report"))


@app.command()
@settings_options(DivideSettings)
def split(
    data: Data,
    settings: DivideSettings,
    honest: Annotated[
        bool,
        typer.Option(
            "--honest", help="Also train both ways: what would a random split have claimed?"
        ),
    ] = False,
    near_copies: Annotated[
        bool,
        typer.Option("--near-copies", help="Also look for near copies, and keep them in one part."),
    ] = False,
) -> None:
    """Divide images into train, validation and test; groups and copies stay whole."""
    from objektiv.faces import splitting

    splitting.split(data, settings, honest=honest, near_copies=near_copies)


@app.command()
@settings_options(SmearSettings)
def demo(
    settings: SmearSettings,
    dataset: Annotated[
        Literal["smear", "digits"],
        typer.Option(
            help="smear: a synthetic blood smear; digits: scikit-learn's real digits.",
            metavar="smear|digits",
        ),
    ] = "smear",
    folder: Annotated[
        Path, typer.Option(help="Folder for the pictures and the run.", metavar="PATH")
    ] = Path("objektiv-demo"),
    bank: Annotated[
        Path | None,
        typer.Option(
            help="Folder in which features are kept for the next time; by default in --folder.",
            metavar="PATH",
        ),
    ] = None,
) -> None:
    """Draw example pictures and go the whole way with them, in under a minute."""
    from objektiv.faces import console

    console.demo(dataset, folder, settings, bank=bank)


judging.register(app)


@app.command()
@settings_options(PredictSettings)
def predict(
    images: Annotated[
        list[Path],
        typer.Argument(help="Images, or folders of images.", metavar="IMAGES", show_default=False),
    ],
    settings: PredictSettings,
    bundle: Annotated[Path | None, Bundle] = None,
    run: Annotated[
        Path | None, typer.Option(help="Run folder whose bundle is used.", metavar="PATH")
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="Pretrained network, for its own classes; see `objektiv models`.", metavar="TEXT"
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One line of JSON an image.")] = False,
) -> None:
    """Name what images show."""
    from objektiv.faces import using

    given = {"bundle": bundle, "run": run, "backbone": backbone}
    chosen = [name for name, value in given.items() if value is not None]
    if len(chosen) != 1:
        raise UsageError(
            "one model is needed to predict",
            value=f"{len(chosen)} given" + f" ({', '.join(chosen)})" * bool(chosen),
            allowed="Exactly one of --bundle, --run and --backbone",
            next="for example `objektiv predict IMAGE --backbone lite0`",
        )
    model = using.open_model(bundle=bundle, run=run, backbone=backbone)
    raise typer.Exit(using.predict(model, images, settings, as_json=json))


shipping.register(app)
serving.register(app)
studio.register(app)
stored.register(app)
explaining.register(app)
looking.register(app)
app.add_typer(networks, name="models")


@app.command()
def bank(
    folder: Annotated[
        Path | None, typer.Option(help="The bank; by default the user's.", metavar="PATH")
    ] = None,
    prune: Annotated[
        float | None,
        typer.Option(min=0, metavar="DAYS", help="Delete what no run has used for so many days."),
    ] = None,
) -> None:
    """Show what the feature bank holds, and prune it."""
    from objektiv.faces import inspect

    inspect.bank(folder, prune)


@app.command()
def doctor() -> None:
    """Tell versions, precision, extras and what is missing."""
    from objektiv.faces import inspect

    inspect.doctor()


def main() -> NoReturn:
    """Run the command line; every way out has its exit code."""
    sys.exit(run(app, sys.argv[1:]))
