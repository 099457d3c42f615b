"""The commands that look into a network are beside the others."""

from __future__ import annotations

import pytest

from objektiv.cli import main as cli
from objektiv.cli.exits import run


@pytest.mark.parametrize(("command", "option"), [("attack", "--strengths"), ("dream", "--jitter")])
def test_commands_have_their_options(
    command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` lists what only this command takes."""
    assert run(cli.app, [command, "--help"]) == 0
    assert option in capsys.readouterr().out
