"""Options come from settings."""

from __future__ import annotations

import pytest

from objektiv.cli import main as cli
from objektiv.cli.exits import run
from objektiv.flow.settings import TrainSettings


def test_every_setting_is_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    """Each field of the training's settings stands in its help."""
    assert run(cli.app, ["train", "--help"]) == 0
    text = capsys.readouterr().out
    for name in TrainSettings.model_fields:
        assert f"--{name.replace('_', '-')}" in text


def test_all_mistakes_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Two wrong values give one message that names both."""
    assert run(cli.app, ["train", "x", "--folds", "1", "--fit", "squash"]) == 2
    said = capsys.readouterr().err
    assert "folds" in said and "fit" in said
