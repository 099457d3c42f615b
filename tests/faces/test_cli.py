"""The command line as a user meets it: exit codes, four-part messages, no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.faces import cli


def test_help_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` exits 0 and lists every command."""
    assert cli._run(["--help"]) == 0
    text = capsys.readouterr().out
    for command in ("demo", "train", "evaluate", "predict", "export", "bank", "doctor"):
        assert command in text


def test_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and no traceback."""
    assert cli._run(["train", "x", "--epoch", "3"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_missing_folder_is_a_data_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 3, with the next step, and no run folder left."""
    out = tmp_path / "runs"
    code = cli._run(["train", str(tmp_path / "nowhere"), "--out", str(out)])
    said = capsys.readouterr().err

    assert code == 3
    assert "Next:" in said and "Traceback" not in said
    assert not out.exists() or list(out.iterdir()) == []


def test_unknown_backbone_is_answered_with_the_near_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and a suggestion."""
    assert cli._run(["predict", str(tmp_path), "--backbone", "lite00"]) == 2
    assert "did you mean 'lite0'" in capsys.readouterr().err


def test_a_mistake_of_ours_has_its_own_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 6 and where the details are, instead of a traceback."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(cli, "app", broken)
    assert cli._run([]) == 6
    said = capsys.readouterr().err
    assert ".log" in said and "Traceback" not in said


def test_ctrl_c_has_its_own_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 130, and how to go on."""

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", stopped)
    assert cli._run([]) == 130
    assert "again" in capsys.readouterr().err
