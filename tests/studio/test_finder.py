"""Folders of this machine, and what they would give."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.errors import UsageError
from objektiv.studio import finder
from tests.flow import drawn


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with one folder of shapes."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    drawn.draw(tmp_path / "shapes")
    return tmp_path


def test_a_survey_counts_classes_and_groups(at_home: Path) -> None:
    """With a pattern it names the first groups; a better one is suggested."""
    found = finder.survey(at_home / "shapes", drawn.GROUP)

    assert found.classes == (("disc", 30), ("stripe", 30))
    assert (found.pictures, found.groups, found.names[:2]) == (60, 10, ("g00", "g01"))
    assert found.suggestion is not None
    assert found.suggestion.pattern == r"g\d+"


def test_a_pattern_that_misses_names_is_a_problem(at_home: Path) -> None:
    """The classes are shown all the same."""
    found = finder.survey(at_home / "shapes", "zzz")

    assert found.problem is not None
    assert "do not match" in str(found.problem)
    assert found.pictures == 60


def test_a_folder_without_classes_says_so(at_home: Path) -> None:
    """Loose pictures are no class."""
    problem = finder.survey(at_home / "shapes" / "disc", None).problem

    assert problem is not None
    assert "no image" in str(problem)


def test_a_folder_with_too_much_in_it_is_not_walked(
    at_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page answers at once and says what to choose."""
    monkeypatch.setattr(finder, "MOST", 10)

    assert "too much" in str(finder.survey(at_home, None).problem)


def test_folders_are_listed_without_hidden_ones_and_links(at_home: Path) -> None:
    """In natural order."""
    for name in ("b10", "b2", ".secret"):
        (at_home / name).mkdir()
    (at_home / "link").symlink_to(at_home / "shapes")

    assert finder.folders_in(at_home) == ["b2", "b10", "shapes"]
    assert finder.below_home("shapes/disc") == at_home / "shapes" / "disc"


@pytest.mark.parametrize(
    "below", ["..", "shapes/../..", "/etc", "C:/x", "\\\\server\\x", "no", "a\0b"]
)
def test_an_address_leads_nowhere_but_below_the_home_folder(at_home: Path, below: str) -> None:
    """What would leave it is refused before the disk is touched."""
    with pytest.raises(UsageError, match="no such folder"):
        finder.below_home(below)


@pytest.mark.parametrize(
    "text", ["", "relative/path", "/nowhere/at/all", "x" * 5000, "/a\0b", "~nobody9/x"]
)
def test_a_typed_folder_is_there_or_refused(at_home: Path, text: str) -> None:
    """Only full paths of folders are taken."""
    with pytest.raises(UsageError, match="no such folder"):
        finder.typed_folder(text)


def test_a_typed_folder_may_be_quoted(at_home: Path) -> None:
    """As a file manager copies it."""
    assert finder.typed_folder(f' "{at_home}" ') == at_home
