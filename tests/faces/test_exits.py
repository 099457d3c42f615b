"""Tests of objektiv/faces/exits.py: exit codes and what is told."""

from __future__ import annotations

from typing import cast

import pytest
import typer

from objektiv.faces.exits import run


def test_a_mistake_of_ours_has_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 6 and where the details are, instead of a traceback."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("planted")

    assert run(cast("typer.Typer", broken), []) == 6
    said = capsys.readouterr().err
    assert ".log" in said and "Traceback" not in said


def test_ctrl_c_has_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 130, and how to go on."""

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    assert run(cast("typer.Typer", stopped), []) == 130
    assert "again" in capsys.readouterr().err
