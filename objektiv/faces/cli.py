"""The command line: reads options, calls one step, prints what came back, exits with its code.

In: words typed at a terminal. Out: text on the terminal, and the exit codes of base/errors.
Heavy parts are imported inside the commands that use them, so that `--help` is instant.
Try: `objektiv --help`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from objektiv.base.errors import Cancelled, MachineError, ObjektivError, UsageError
from objektiv.data.settings import SmearSettings
from objektiv.faces.options import settings_options
from objektiv.flow.settings import EvaluateSettings, PredictSettings, TrainSettings

app = typer.Typer(
    name="objektiv",
    help="From a folder of images to a tested, explained and deployed classifier.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Data = Annotated[
    Path,
    typer.Argument(
        help="Folder with a folder of images for each class.", metavar="DATA", show_default=False
    ),
]
Bundle = typer.Option(help="Bundle: a .objektiv file or its folder.", metavar="PATH")


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


@app.command()
@settings_options(EvaluateSettings)
def evaluate(
    data: Data,
    bundle: Annotated[Path, Bundle],
    settings: EvaluateSettings,
) -> None:
    """Score a bundle on another folder of labelled images."""
    from objektiv.faces import using

    using.evaluate(data, bundle, settings)


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
        typer.Option(help="Pretrained network, for its own 1,000 classes.", metavar="TEXT"),
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


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Run folder.", metavar="RUN", show_default=False)],
    to: Annotated[
        Path | None, typer.Option(help="New file that ends in .objektiv.", metavar="PATH")
    ] = None,
) -> None:
    """Write a run's bundle as one file: network, preprocessing, head, classes, golden images."""
    from objektiv.faces import using

    using.export(run, to)


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
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    try:
        code = app(arguments or ["--help"], prog_name="objektiv", standalone_mode=False)
        sys.stdout.flush()  # here, where a refusal can still be told
        return code if isinstance(code, int) else 0
    except ObjektivError as error:
        return _told(error)
    except typer.TyperException as error:  # Typer's own copy of Click, not the package
        return _told(_usage_error(error))
    except (KeyboardInterrupt, typer.Abort):
        _say("objektiv: stopped. What was finished is kept; run the same command again to go on.")
        return Cancelled.exit_code
    except (BrokenPipeError, SystemExit):  # Typer makes the second of the first
        _drop_output()  # the reader of our output, such as `head`, has seen enough
        return 0
    except (OSError, MemoryError) as error:
        _drop_output()
        return _told(_machine_error(error))
    except Exception as error:  # whatever is left is a mistake of ours: no traceback is shown
        return _told(_own_mistake(error))


def _told(error: ObjektivError) -> int:
    _say(f"objektiv: {error}")
    return error.exit_code


def _say(text: str) -> None:
    from objektiv.faces.terminal import print_line

    with contextlib.suppress(OSError):  # nobody may be listening
        print_line(text, sys.stderr)


def _drop_output() -> None:
    """Let what still waits to be printed go nowhere, or Python would complain when it ends."""
    with contextlib.suppress(OSError):  # also: standard output is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage_error(error: typer.TyperException) -> UsageError:
    """What Typer says about the words on the command line, in our four parts."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "objektiv"
    allowed = " ".join(context.get_usage().split()) if context else "See the help"
    if known := getattr(context and context.command, "commands", None):
        allowed = f"Commands: {', '.join(known)}"
    told = error.format_message()
    if near := getattr(error, "possibilities", None):
        told, allowed = error.message, f"Near it: {', '.join(sorted(near))}"
    return UsageError(
        "the command line cannot be read",
        value=told.rstrip(".?"),
        allowed=allowed,
        next=f"see `{command} --help`",
    )


def _machine_error(error: OSError | MemoryError) -> MachineError:
    if isinstance(error, MemoryError):
        return MachineError(
            "the memory is full",
            value=str(error) or "no more was given",
            allowed="Room for the features and the network is needed",
            next="close other programs or use fewer images; the bank keeps what was looked at",
        )
    return MachineError(
        "the operating system refused something",
        value=error,
        allowed="Files that can be read and written are needed",
        next="correct what is named, then run the same command again; what was finished is kept",
    )


def _own_mistake(error: Exception) -> ObjektivError:
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="objektiv-", suffix=".log", delete=False, encoding="utf-8"
        ) as log:
            log.write(traceback.format_exc())
        place = log.name
    except OSError as refused:
        place = f"no file ({refused})"
    return ObjektivError(
        "this is a mistake in objektiv",
        value=repr(error),
        allowed=f"The details are in {place}",
        next="report it with that file; `objektiv doctor` tells the versions",
    )
