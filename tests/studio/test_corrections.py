"""Corrections: a table of decisions, and the labels made of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from objektiv.base.errors import DataError, UsageError
from objektiv.data.dataset import read
from objektiv.data.settings import ReadSettings
from objektiv.studio.corrections import (
    CORRECTIONS,
    corrections,
    keep,
    relabel,
    set_aside,
    undo,
)
from objektiv.studio.gallery import items
from objektiv.studio.projects import Project, new_project
from tests.flow import drawn


def labels(project: Project) -> dict[str, str]:
    """Label by id, as training reads them."""
    table = read(project.data, project.read_settings).items
    return dict(zip(table["id"], table["label"], strict=True))


@pytest.fixture
def few(home: Path) -> Project:
    """A project with three pictures of each of its two classes."""
    project = new_project(home, "Mine")
    drawn.draw(project.data, count=3)
    return project


FIRST, SECOND = "disc/g00_disc_0.png", "disc/g01_disc_1.png"


def test_another_label_is_what_training_reads(project: Project) -> None:
    """All other pictures keep theirs, the user's folder is untouched, groups are as before."""
    before = labels(project)
    relabel(project, [FIRST], "stripe", why="suspicious-labels")

    assert labels(project) == {**before, FIRST: "stripe"}
    assert (project.data / FIRST).is_file()
    assert items(project).items["group"].null_count() == 0


def test_a_picture_that_is_aside_is_not_read(few: Project) -> None:
    """The others are."""
    before = labels(few)
    set_aside(few, [FIRST, SECOND], "blurred")

    assert set(before) - set(labels(few)) == {FIRST, SECOND}
    assert {c.why for c in corrections(few)} == {"blurred"}


def test_undo_goes_back_one_decision(few: Project) -> None:
    """At the end nothing is left of the table of labels."""
    before = labels(few)
    relabel(few, [FIRST], "stripe")
    set_aside(few, [FIRST])
    undo(few, [FIRST])
    assert labels(few)[FIRST] == "stripe"

    undo(few, [FIRST])
    assert few.labels is None
    assert labels(few) == before
    with pytest.raises(DataError, match="nothing was decided"):
        undo(few, [FIRST])


def test_right_as_it_is_takes_back_a_label(few: Project) -> None:
    """The last decision counts, and a table that says nothing new is not written."""
    relabel(few, [FIRST], "stripe")
    keep(few, [FIRST])

    assert few.labels is None
    assert [(c.id, c.action) for c in corrections(few)] == [(FIRST, "keep")]


def test_pictures_that_come_later_are_read_too(few: Project) -> None:
    """The table of labels is made anew when the project is read."""
    relabel(few, [FIRST], "stripe")
    shutil.copy(few.data / FIRST, few.data / "stripe" / "new.png")

    assert "stripe/new.png" in set(items(few).items["id"])
    assert "stripe/new.png" in labels(few)


def test_a_correction_of_a_picture_that_went_does_no_harm(few: Project) -> None:
    """It stays in the list and is left out of the table."""
    relabel(few, [FIRST, SECOND], "stripe")
    (few.data / FIRST).unlink()

    assert FIRST not in set(items(few).items["id"])
    assert labels(few)[SECOND] == "stripe"
    assert len(corrections(few)) == 2


def test_parts_of_the_data_are_kept(home: Path, tmp_path: Path) -> None:
    """A table of labels says of each picture whether it trains or tests."""
    for part in ("train", "test"):
        drawn.draw(tmp_path / "data" / part, count=4)
    project = new_project(home, "Parts", data=tmp_path / "data")
    before = read(project.data, project.read_settings).items
    relabel(project, ["train/disc/g00_disc_0.png"], "stripe")

    after = read(project.data, project.read_settings).items
    assert after["part"].to_list() == before["part"].to_list()


def test_a_new_class_needs_to_be_asked_for(few: Project) -> None:
    """A slip of the pen is told from a wish."""
    with pytest.raises(UsageError, match="no such class.*did you mean 'stripe'"):
        relabel(few, [FIRST], "strip")
    relabel(few, [FIRST], "ring", classes="new")

    assert labels(few)[FIRST] == "ring"
    relabel(few, [SECOND], "ring")  # known from now on


def test_a_class_of_markup_is_refused(few: Project) -> None:
    """A new class can be a folder's name."""
    with pytest.raises(UsageError, match="cannot be called so"):
        relabel(few, [FIRST], "<script>alert(1)</script>", classes="new")


@pytest.mark.parametrize("item", ["../x.png", "/etc/passwd", "disc/none.png", ""])
def test_only_pictures_of_the_project_are_corrected(few: Project, item: str) -> None:
    """What is no id is refused, and nothing is written."""
    with pytest.raises(DataError, match="no such picture"):
        set_aside(few, [FIRST, item])

    assert corrections(few) == []


def test_one_picture_must_stay(few: Project) -> None:
    """What would leave nothing is refused as a whole."""
    with pytest.raises(DataError, match="no picture would be left"):
        set_aside(few, list(labels(few)))

    assert corrections(few) == []


def test_names_like_formulas_are_harmless(few: Project) -> None:
    """A spreadsheet runs no path, and the picture is found."""
    (few.data / "=disc").mkdir()
    shutil.copy(few.data / FIRST, few.data / "=disc" / "=1+1.png")
    set_aside(few, [FIRST, "=disc/=1+1.png"])

    lines = (few.folder / CORRECTIONS).read_text().splitlines()
    assert not any(line.startswith(("=", "+", "-", "@")) for line in lines)
    assert "=disc/=1+1.png" not in labels(few)
    assert {c.id for c in corrections(few)} == {FIRST, "=disc/=1+1.png"}


def test_names_that_no_table_holds_are_refused(few: Project) -> None:
    """A path that ends in a blank would be another file in a table."""
    shutil.copy(few.data / FIRST, few.data / "disc" / "a.png ")

    with pytest.raises(DataError, match="cannot stand in a table"):
        set_aside(few, [FIRST])


def test_damaged_corrections_are_told(few: Project) -> None:
    """The file is named and nothing is guessed."""
    (few.folder / CORRECTIONS).write_text("id,action\nx,y\n")

    with pytest.raises(DataError, match=r"corrections\.csv"):
        corrections(few)


def test_settings_name_the_table(project: Project) -> None:
    """A command line that is typed anew reads the same labels."""
    relabel(project, [FIRST], "stripe")

    assert project.read_words[-2:] == ["--labels", str(project.folder / "labels.csv")]
    assert project.read_settings == ReadSettings(group=drawn.GROUP, labels=project.labels)
