"""Every way out of the command line: what is told on standard error, and the exit code.

In: the Typer app and the words typed. Out: an exit code of base/errors; no traceback is shown.
Try: `objektiv train nowhere; echo $?`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import traceback

import typer

from objektiv.base.errors import Cancelled, MachineError, ObjektivError, UsageError


def run(app: typer.Typer, arguments: list[str]) -> int:
    """Run one command; the exit code, whatever happens."""
    try:
        code = app(arguments or ["--help"], prog_name="objektiv", standalone_mode=False)
        if code == Cancelled.exit_code:  # Typer keeps Ctrl-C to itself and returns its code
            return _told(_stopped())
        sys.stdout.flush()  # here, where a refusal can still be told
        return code if isinstance(code, int) else 0
    except ObjektivError as error:
        return _told(error)
    except typer.TyperException as error:  # Typer's own copy of Click, not the package
        return _told(_usage_error(error))
    except (KeyboardInterrupt, typer.Abort):
        return _told(_stopped())
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


def _stopped() -> Cancelled:
    return Cancelled(
        "stopped",
        value="Ctrl-C",
        allowed="What was finished is kept",
        next="run the same command again to go on from there",
    )


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
