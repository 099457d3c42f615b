"""bank and doctor."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.cli import main as cli
from objektiv.cli.exits import run


def test_bank_shows_and_prunes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty bank says so, and pruning it deletes nothing."""
    assert run(cli.app, ["bank", "--folder", str(tmp_path)]) == 0
    assert "empty" in capsys.readouterr().out
    assert run(cli.app, ["bank", "--folder", str(tmp_path), "--prune", "30"]) == 0
    assert "0" in capsys.readouterr().out


def test_doctor_tells_versions_and_extras(capsys: pytest.CaptureFixture[str]) -> None:
    """The libraries, the backbone, and the command that installs what is missing."""
    assert run(cli.app, ["doctor"]) == 0
    said = capsys.readouterr().out
    for word in ("openvino", "lite0", "Precision", "SQLite", "torch", "pip install"):
        assert word in said
