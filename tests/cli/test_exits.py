"""Tests of objektiv/cli/exits.py: exit codes and what is told."""

from __future__ import annotations

from typing import cast

import pytest
import typer

from objektiv.cli.exits import run


def test_a_mistake_of_ours_has_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 6 and where the details are, instead of a traceback."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("planted")

    assert run(cast("typer.Typer", broken), []) == 6
    said = capsys.readouterr().err
    assert ".log" in said and "Traceback" not in said


@pytest.mark.parametrize("inside", [True, False])
def test_ctrl_c_has_its_own_code(capsys: pytest.CaptureFixture[str], inside: bool) -> None:
    """Exit code 130, and how to go on, also where Typer has caught it inside a command."""

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def command(word: str) -> None:
        stopped(word)

    app = typer.Typer()
    app.command()(command)
    chosen = app if inside else cast("typer.Typer", stopped)
    assert run(chosen, ["x"]) == 130
    assert capsys.readouterr().err == (
        "objektiv: stopped: Ctrl-C. What was finished is kept. "
        "Next: run the same command again to go on from there\n"
    )
