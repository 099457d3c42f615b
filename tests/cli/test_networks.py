"""The command `models` at a terminal."""

from __future__ import annotations

import pytest

from objektiv.cli import exits
from objektiv.cli import main as cli


def test_what_can_be_done_with_networks_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """The help of `models` names add and remove."""
    code = exits.run(cli.app, ["models", "--help"])
    said = capsys.readouterr().out

    assert code == 0
    assert "add" in said and "remove" in said and "--measure" in said
