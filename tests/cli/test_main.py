"""The command line as a user meets it: exit codes, four-part messages, no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.cli import main as cli
from objektiv.cli.exits import run


def test_help_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` exits 0 and lists every command."""
    assert run(cli.app, ["--help"]) == 0
    text = capsys.readouterr().out
    for command in ("demo", "train", "evaluate", "predict", "export", "bank", "doctor"):
        assert command in text


def test_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and no traceback."""
    assert run(cli.app, ["train", "x", "--epoch", "3"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_missing_folder_is_a_data_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 3, with the next step, and no run folder left."""
    out = tmp_path / "runs"
    code = run(cli.app, ["train", str(tmp_path / "nowhere"), "--out", str(out)])
    said = capsys.readouterr().err

    assert code == 3
    assert "Next:" in said and "Traceback" not in said
    assert not out.exists() or list(out.iterdir()) == []


def test_unknown_backbone_is_answered_with_the_near_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and a suggestion."""
    assert run(cli.app, ["predict", str(tmp_path), "--backbone", "lite00"]) == 2
    assert "did you mean 'lite0'" in capsys.readouterr().err
