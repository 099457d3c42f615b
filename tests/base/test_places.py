"""Where things are kept, on each system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from objektiv.base.errors import MachineError
from objektiv.base.places import BANK, MODELS, Place

SYSTEMS = [
    ("linux", BANK, "XDG_CACHE_HOME", ".cache/objektiv/bank"),
    ("linux", MODELS, "XDG_DATA_HOME", ".local/share/objektiv/models"),
    ("freebsd14", BANK, "XDG_CACHE_HOME", ".cache/objektiv/bank"),
    ("darwin", BANK, None, "Library/Caches/objektiv/bank"),
    ("darwin", MODELS, None, "Library/Application Support/objektiv/models"),
    ("win32", BANK, "LOCALAPPDATA", "AppData/Local/objektiv/bank"),
    ("win32", MODELS, "LOCALAPPDATA", "AppData/Local/objektiv/models"),
]


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*{row[2] for row in SYSTEMS if row[2]}, BANK.variable, MODELS.variable):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("system", "place", "variable", "below"), SYSTEMS)
def test_a_place_is_where_the_system_has_it(
    system: str,
    place: Place,
    variable: str | None,
    below: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Below home, below what the system's variable names, or where our own variable says."""
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert place.folder() == tmp_path / below

    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))
        assert place.folder() == tmp_path / "elsewhere" / "objektiv" / place.name

    monkeypatch.setenv(place.variable, str(tmp_path / "own"))
    assert place.folder() == tmp_path / "own"


@pytest.mark.parametrize("place", [BANK, MODELS])
def test_without_a_home_the_message_names_the_variable(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In some containers a user has no home folder."""

    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    with pytest.raises(MachineError, match=f"no place for {place.told}.*{place.variable}"):
        place.folder()
