"""The command line: reads options, calls one step, prints what came back, exits with its code.

In: words typed at a terminal. Out: text on the terminal, and the exit codes of base/errors.
Heavy parts are imported inside the commands that use them, so that `--help` is instant.
Try: `objektiv --help`.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from objektiv.base.errors import Cancelled, ObjektivError, UsageError
from objektiv.data.settings import SmearSettings
from objektiv.faces.options import settings_options
from objektiv.flow.settings import EvaluateSettings, TrainSettings

app = typer.Typer(
    name="objektiv",
    help="From a folder of images to a tested, explained and deployed classifier.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Data = Annotated[
    Path,
    typer.Argument(help="Folder with a folder of images for each class.", show_default=False),
]


@app.command()
@settings_options(TrainSettings)
def train(data: Data, settings: TrainSettings) -> None:
    """Train, test and package a classifier on a folder of images."""
    from objektiv.faces import console

    console.train(data, settings)


@app.command()
@settings_options(SmearSettings)
def demo(
    settings: SmearSettings,
    dataset: Annotated[
        Literal["smear", "digits"],
        typer.Option(help="smear: a synthetic blood smear; digits: scikit-learn's real digits."),
    ] = "smear",
    folder: Annotated[Path, typer.Option(help="Folder for the pictures and the run.")] = Path(
        "objektiv-demo"
    ),
    bank: Annotated[
        Path | None, typer.Option(help="Folder in which features are kept for the next time.")
    ] = None,
) -> None:
    """Draw example pictures and go the whole way with them, in under a minute."""
    from objektiv.faces import console

    console.demo(dataset, folder, settings, bank=bank)


@app.command()
@settings_options(EvaluateSettings)
def evaluate(
    data: Data,
    bundle: Annotated[Path, typer.Option(help="Bundle: a .objektiv file or its folder.")],
    settings: EvaluateSettings,
) -> None:
    """Score a bundle on another folder of labelled images."""
    from objektiv.faces import using

    using.evaluate(data, bundle, settings)


@app.command()
def predict(
    images: Annotated[
        list[Path], typer.Argument(help="Images, or folders of images.", show_default=False)
    ],
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle: a .objektiv file or its folder.")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Run folder whose bundle is used.")] = None,
    backbone: Annotated[
        str | None, typer.Option(help="Pretrained network, for its own 1,000 classes.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One line of JSON an image.")] = False,
    top: Annotated[int, typer.Option(min=1, max=1000, help="Classes shown an image.")] = 3,
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
    raise typer.Exit(using.predict(model, images, as_json=json, top=top))


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Run folder.", show_default=False)],
    to: Annotated[Path | None, typer.Option(help="New file that ends in .objektiv.")] = None,
) -> None:
    """Write a run's bundle as one file: network, preprocessing, head, classes, golden images."""
    from objektiv.faces import using

    using.export(run, to)


@app.command()
def bank(
    folder: Annotated[Path | None, typer.Option(help="The bank; by default the user's.")] = None,
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
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    try:
        code = app(arguments or ["--help"], prog_name="objektiv", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except ObjektivError as error:
        _say(f"objektiv: {error}")
        return error.exit_code
    except typer.TyperException as error:  # Typer's own copy of Click, not the package
        command = getattr(getattr(error, "ctx", None), "command_path", "objektiv")
        told = error.format_message()
        stop = "" if told.endswith((".", "?")) else "."
        _say(f"objektiv: {told}{stop} Next: see `{command} --help`")
        return UsageError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _say("objektiv: stopped. What was finished is kept; run the same command again to go on.")
        return Cancelled.exit_code
    except BrokenPipeError:
        return 0  # the reader of our output, such as `head`, has seen enough
    except Exception:  # whatever is left is a mistake of ours, and must not show a traceback
        return _own_mistake()


def _say(text: str) -> None:
    from objektiv.faces.terminal import print_line

    print_line(text, sys.stderr)


def _own_mistake() -> int:
    with tempfile.NamedTemporaryFile(
        "w", prefix="objektiv-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        log.write(traceback.format_exc())
    _say(
        f"objektiv: this is a mistake in objektiv: {sys.exc_info()[1]!r}. The details are in "
        f"{log.name}. Next: report it with that file; `objektiv doctor` tells the versions"
    )
    return ObjektivError.exit_code
