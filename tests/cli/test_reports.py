"""The command `report` reads its options as every command does."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.cli.exits import run
from objektiv.cli.main import app


def test_settings_of_the_report_are_options(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown language is refused with the known ones, and nothing is written."""
    given = ["report", str(trained), "--language", "fr", "--out", str(tmp_path)]

    assert run(app, given) == 2

    assert "'en' or 'de'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
