"""The command `studio`: its words, and what it refuses."""

from __future__ import annotations

import pytest

from objektiv.cli import exits
from objektiv.cli import main as cli


def test_beyond_this_machine_it_needs_a_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with the code of wrong usage, and says what to do."""
    monkeypatch.delenv("OBJEKTIV_TOKEN", raising=False)

    assert exits.run(cli.app, ["studio", "--host", "0.0.0.0"]) == 2
    assert "--token-file" in capsys.readouterr().err


def test_a_port_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The limits are told."""
    assert exits.run(cli.app, ["studio", "--port", "70000"]) == 2
    assert "65535" in capsys.readouterr().err
