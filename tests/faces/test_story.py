"""The commands that are worth typing next."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.faces.story import _looked, next_commands
from objektiv.flow.run import Run


def test_next_commands_name_the_run() -> None:
    """Predict, evaluate and export, each with the paths of this run."""
    commands = next_commands(Run(Path("runs") / "cells-001"))

    assert [c.split()[1] for c in commands] == ["predict", "evaluate", "export"]
    assert all("cells-001" in c for c in commands)


@pytest.mark.parametrize(
    ("looked", "told"),
    [
        (0, "No image had to be looked at: the bank knew them all."),
        (1, "1 image looked at anew; the bank knew the rest, or they are copies."),
        (60, "60 images looked at anew."),
    ],
)
def test_what_was_looked_at_anew_is_told(looked: int, told: str) -> None:
    """Of 60 images the bank is only credited with those that it knew."""
    assert _looked(looked, 60) == told
