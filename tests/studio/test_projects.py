"""Projects: what they keep, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.errors import DataError, UsageError
from objektiv.studio.projects import FACTS, Project, new_project, open_project, projects


def test_a_project_is_found_again(home: Path, project: Project) -> None:
    """What was made is listed and opened with the same facts."""
    assert list(projects(home)) == [project]
    assert open_project(home, project.name) == project


def test_pictures_of_another_folder_are_read_where_they_are(project: Project, shapes: Path) -> None:
    """The words of a command name the user's folder and the pattern."""
    assert project.read_words == [str(shapes), "--group", r"g\d+"]
    assert not project.owns_pictures


def test_own_pictures_lie_in_the_project(home: Path) -> None:
    """A project without a folder gets an empty one of its own."""
    project = new_project(home, "Mine")

    assert project.data == project.folder / "pictures"
    assert project.data.is_dir()


@pytest.mark.parametrize("name", ["..", "../home", "a/b", "", ".", "nowhere", "a\x00b"])
def test_a_name_that_is_no_project_is_refused(home: Path, project: Project, name: str) -> None:
    """No name leads out of the studio's folder."""
    with pytest.raises(UsageError, match="no such project"):
        open_project(home, name)


def test_two_projects_of_one_title_are_two(home: Path) -> None:
    """Nothing is overwritten."""
    first, second = new_project(home, "Cells"), new_project(home, "Cells")

    assert first.name != second.name


def test_a_title_of_strange_letters_has_a_plain_folder(home: Path) -> None:
    """The title is kept, the folder has letters that every system takes."""
    project = new_project(home, "../Zellen <1> 細胞")

    assert project.folder.parent == home
    assert open_project(home, project.name).facts.title == "../Zellen <1> 細胞"


@pytest.mark.parametrize(("title", "told"), [(" ", "needs a name"), ("x" * 101, "needs a name")])
def test_a_title_is_needed(home: Path, title: str, told: str) -> None:
    """An empty or endless title is refused, and no folder is left."""
    with pytest.raises(UsageError, match=told):
        new_project(home, title)

    assert not home.exists()


def test_a_folder_that_is_not_there_is_refused(home: Path, tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(UsageError, match="no such folder.*nowhere"):
        new_project(home, "Cells", data=tmp_path / "nowhere")


def test_a_broken_pattern_is_refused(home: Path) -> None:
    """A pattern that is no regular expression is named."""
    with pytest.raises(UsageError, match="no pattern"):
        new_project(home, "Cells", group="C(")


def test_a_damaged_project_says_which_file(home: Path, project: Project) -> None:
    """Facts with an unknown key are not guessed at."""
    (project.folder / FACTS).write_text('{"format": 1, "title": "x", "more": 1}')

    with pytest.raises(DataError, match=r"project\.json"):
        open_project(home, project.name)


def test_changed_facts_are_kept(home: Path, project: Project) -> None:
    """Another pattern is there when the project is opened again."""
    project.change(group="C")

    assert open_project(home, project.name).facts.group == "C"
