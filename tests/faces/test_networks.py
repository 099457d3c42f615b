"""The words behind `objektiv models`; what they print is tested in test_models.py."""

from __future__ import annotations

import pytest

from objektiv.faces import cli
from objektiv.faces.exits import run


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """The help tells of adding and removing, and of the option that measures."""
    assert run(cli.app, ["models", "--help"]) == 0

    told = capsys.readouterr().out
    assert all(word in told for word in ("add", "remove", "--measure"))


def test_an_unknown_word_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt command lists nothing and ends with 2."""
    assert run(cli.app, ["models", "ad", "VGG19"]) == 2

    told = capsys.readouterr()
    assert told.out == "" and "add, remove" in told.err
