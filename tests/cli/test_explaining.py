"""The command line hands words on to the face."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from objektiv.cli.main import app
from objektiv.faces import explain


def test_words_become_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Model, images and options reach the face, whose number is the exit code."""
    given: list[Any] = []
    monkeypatch.setattr(explain, "explain", lambda *all: given.extend(all) or 3)

    words = ["explain", "run", "a.png", "b.png", "--label", "cat", "--method", "occlusion"]
    done = CliRunner().invoke(app, [*words, "--sanity", "full"])

    model, images, settings = given
    assert done.exit_code == 3
    assert (model, images) == (Path("run"), [Path("a.png"), Path("b.png")])
    assert (settings.label, settings.method, settings.sanity) == ("cat", "occlusion", "full")
