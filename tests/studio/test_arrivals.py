"""Pictures that arrive: stored under names that we make, or named and left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from objektiv.base.errors import UsageError
from objektiv.data.dataset import read
from objektiv.studio.arrivals import (
    GROUPED,
    MOST,
    NAMES,
    Sent,
    make_class,
    original_names,
    receive,
    shown_name,
)
from objektiv.studio.projects import Project, new_project, open_project
from tests.data.pictures import png
from tests.flow import drawn


@pytest.fixture
def own(home: Path) -> Project:
    """A project that holds its own pictures, none yet."""
    return new_project(home, "Mine")


def sent(name: str, data: bytes | int = 0) -> Sent:
    """A file as a browser sends it; a number draws a picture."""
    body = png(drawn.picture("disc", data)) if isinstance(data, int) else data
    return Sent(name, len(body), lambda: body)


def stored(project: Project) -> list[str]:
    """Where the pictures lie, below the project's."""
    found = [p for p in project.data.rglob("*") if p.is_file()]
    return sorted(p.relative_to(project.data).as_posix() for p in found)


def test_the_class_is_the_folder_in_the_name(own: Project) -> None:
    """The stored name is the hash of the bytes; what it was called is kept as data."""
    told = receive(own, [sent("all/disc/a b.png", 1), sent("all/stripe/ü.png", 2)], label=None)

    assert told.kept == 2
    assert all(re.fullmatch(r"(disc|stripe)/[0-9a-f]{64}\.png", name) for name in stored(own))
    assert sorted(original_names(own).values()) == ["all/disc/a b.png", "all/stripe/ü.png"]


@pytest.mark.parametrize(
    "name",
    ["../../../etc/cron.d/x.png", "/etc/x.png", "C:\\windows\\x.png", "..\\x.png", "a/../b.png"],
)
def test_no_name_leads_out_of_the_project(own: Project, name: str) -> None:
    """Folders of a name are at most a class, and only where a class may be called so."""
    receive(own, [sent(name, 1)], label=None)
    receive(own, [sent(name, 2)], label="disc")

    outside = {p.name for p in own.folder.parent.rglob("*") if p.is_file()}
    assert all(
        re.fullmatch(r"[0-9a-f]{64}\.png|project\.json|names\.csv|.*\.lock", n) for n in outside
    )
    assert all(name.count("/") == 1 for name in stored(own))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>",
    ],
)
def test_what_is_no_picture_is_named_and_left_out(own: Project, data: bytes) -> None:
    """The others of the same form are stored."""
    told = receive(own, [sent("a.png", data), sent("b.png", 1)], label="disc")

    assert [name for name, _ in told.refused] == ["a.png"]
    assert told.kept == 1


def test_a_bomb_is_left_out(own: Project) -> None:
    """A file that says it has more pixels than are allowed is refused before it is decoded."""
    bomb = bytearray(png(drawn.picture("disc", 1)))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2  # width and height

    told = receive(own, [sent("bomb.png", bytes(bomb))], label="disc")
    assert told.kept == 0
    assert len(told.refused) == 1


def test_a_file_that_is_too_large_is_not_read(own: Project) -> None:
    """Its size is told before its bytes are asked for."""

    def never() -> bytes:
        raise AssertionError("it was read")

    told = receive(own, [Sent("huge.png", 10**9, never)], label="disc")
    assert "1,000,000,000 bytes" in told.refused[0][1]


def test_the_same_picture_is_stored_once(own: Project) -> None:
    """In another class it is refused, because only one label can be right."""
    receive(own, [sent("a.png", 1)], label="disc")
    again = receive(own, [sent("b.png", 1)], label="disc")
    other = receive(own, [sent("b.png", 1)], label="stripe")

    assert (again.kept, again.already) == (0, ["b.png"])
    assert "in the class disc" in other.refused[0][1]


def test_a_series_is_one_group(own: Project) -> None:
    """Pictures of one burst are kept together by a pattern that every stored name matches."""
    receive(own, [sent("single.png", 9)], label="disc")
    receive(own, [sent(f"{n}.png", n) for n in range(3)], label="disc", group="burst 1")
    receive(own, [sent(f"{n}.png", n) for n in range(3, 6)], label="stripe", group="burst 2")
    project = open_project(own.folder.parent, own.name)

    assert project.facts.group == GROUPED
    groups = read(project.data, project.read_settings).items["group"]
    assert sorted(groups.value_counts()["count"]) == [1, 3, 3]


def test_a_pattern_groups_by_the_names_that_pictures_came_with(home: Path) -> None:
    """The same patient is one group in every class, though no stored name tells who."""
    project = new_project(home, "Patients", names=r"C\d+")
    names = ["disc/C1_a.png", "stripe/C1_b.png", "disc/C2_a.png", "disc/other.png"]
    receive(project, [sent(name, n) for n, name in enumerate(names)], label=None)
    project = open_project(home, project.name)

    groups = read(project.data, project.read_settings).items["group"]
    assert sorted(groups.value_counts()["count"]) == [1, 1, 2]
    assert not any("C1" in name for name in stored(project))


def test_a_class_of_markup_is_refused(own: Project) -> None:
    """As a chosen class with an error, as a folder of a name with a line for each file."""
    with pytest.raises(UsageError, match="cannot be called so"):
        receive(own, [sent("a.png", 1)], label="<img src=x>")
    told = receive(own, [sent("<b>x</b>/a.png", 1), sent("loose.png", 2)], label=None)

    assert "cannot be called" in told.refused[0][1]
    assert "no folder" in told.refused[1][1]


def test_a_full_project_takes_no_more(own: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is told with the first picture that does not fit."""
    monkeypatch.setattr("objektiv.studio.arrivals.MOST", 1)
    told = receive(own, [sent("a.png", 1), sent("b.png", 2)], label="disc")

    assert MOST > 100_000
    assert told.kept == 1
    assert "full" in told.refused[0][1]


def test_pictures_of_the_user_are_left_alone(project: Project) -> None:
    """Nothing is added to a folder that is not the studio's."""
    with pytest.raises(UsageError, match="cannot be added"):
        receive(project, [sent("a.png", 1)], label="disc")
    with pytest.raises(UsageError, match="cannot be added"):
        make_class(project, "ring")


def test_a_class_can_be_made_before_its_pictures(own: Project) -> None:
    """Twice is refused."""
    assert make_class(own, " ring ") == "ring"
    with pytest.raises(UsageError, match="already a class"):
        make_class(own, "Ring")


def test_strange_names_become_text() -> None:
    """What cannot be shown is a question mark, and a long name keeps its end."""
    assert shown_name("a\x00b\u202e\udc80.png") == "a?b??.png"
    assert shown_name("x" * 500 + ".png").endswith("x.png")
    assert len(shown_name("x" * 500)) == 200


def test_names_are_kept_in_a_table(own: Project) -> None:
    """One line a picture; commas and quotes come back as they were."""
    receive(own, [sent('a,"b".png', 1)], label="disc")

    assert (own.folder / NAMES).read_text().count("\n") == 1
    assert list(original_names(own).values()) == ['a,"b".png']
