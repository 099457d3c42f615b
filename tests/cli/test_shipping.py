"""The commands about the file that ships: their help, and what reaches the faces."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.cli import exits
from objektiv.cli import main as cli


@pytest.mark.parametrize(("command", "told"), [("export", "RUN"), ("verify", "onnxruntime")])
def test_help_says_what_ships(command: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both are commands."""
    assert exits.run(cli.app, [command, "--help"]) == 0
    assert told in capsys.readouterr().out


def test_an_unknown_engine_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the engines that there are."""
    assert exits.run(cli.app, ["verify", str(tmp_path), "--engine", "torch"]) == 2
    assert "openvino" in capsys.readouterr().err
