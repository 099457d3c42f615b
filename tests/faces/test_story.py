"""The commands that are worth typing next."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from objektiv.faces.story import next_commands
from objektiv.flow.run import Run


def test_next_commands_name_the_run() -> None:
    """Predict, evaluate and export, each with the paths of this run."""
    trained: Any = SimpleNamespace(run=Run(Path("runs") / "cells-001"))
    commands = next_commands(trained)

    assert [c.split()[1] for c in commands] == ["predict", "evaluate", "export"]
    assert all("cells-001" in c for c in commands)
