"""Names of classes that people type."""

from __future__ import annotations

import pytest

from objektiv.base.errors import UsageError
from objektiv.studio.classes import new_class


def test_a_name_of_any_language_is_taken() -> None:
    """Blanks at its ends go, and accents are one letter each."""
    assert new_class("  Große  Zelle ", []) == "Große Zelle"
    assert new_class("e\u0301", []) == "\u00e9"


@pytest.mark.parametrize(
    "name", ["", " ", "..", ".hidden", "a/b", "a\\b", "<b>x</b>", "CON", "nul.txt", "x" * 81, "=1"]
)
def test_a_name_that_is_no_folder_everywhere_is_refused(name: str) -> None:
    """Nothing is changed on the way: the person chooses another one."""
    with pytest.raises(UsageError, match="cannot be called so"):
        new_class(name, [])


@pytest.mark.parametrize("name", ["train", "Test", "val"])
def test_a_part_is_no_class(name: str) -> None:
    """Such a folder would be read as a part of the data."""
    with pytest.raises(UsageError, match="names a part"):
        new_class(name, [])


@pytest.mark.parametrize("name", ["Disc", "disc", "CAFE\u0301"])
def test_a_twin_is_refused(name: str) -> None:
    """Windows and macOS take both for one folder."""
    with pytest.raises(UsageError, match="already a class"):
        new_class(name, ["disc", "caf\u00e9"])
