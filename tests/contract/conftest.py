"""The world in which bad input is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.errors import ObjektivError
from objektiv.cli import exits
from tests.contract.asking import World


@pytest.fixture
def world(
    shapes: Path,
    trained: Path,
    bank: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A trained run, its data and bank, an empty folder, and a way to ask."""
    world = World(shapes, trained, bank, tmp_path, capsys)
    told = exits._told

    def hear(error: ObjektivError) -> int:
        world.heard.append(error)
        return told(error)

    monkeypatch.setattr(exits, "_told", hear)
    return world
