"""The pages of a project's pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from objektiv.studio.corrections import relabel, set_aside
from objektiv.studio.gallery import items
from objektiv.studio.projects import Project, new_project, open_project
from tests.flow import drawn

FIRST = "disc/g00_disc_0.png"


def test_the_first_page_counts_classes(client: TestClient, project: Project) -> None:
    """It shows samples of each, and how many groups there are."""
    text = client.get(f"/p/{project.name}").text

    assert "60 pictures" in text
    assert "10 groups" in text
    assert text.count(f"/p/{project.name}/picture?item=disc") == 8


def test_an_empty_project_says_what_to_do(client: TestClient, home: Path) -> None:
    """It is no error."""
    answer = client.get(f"/p/{new_project(home, 'Mine').name}")

    assert answer.status_code == 200
    assert "There is no picture yet" in answer.text


def test_data_that_are_gone_are_told(client: TestClient, home: Path, tmp_path: Path) -> None:
    """The page is there, with what is wrong on it."""
    data = drawn.draw(tmp_path / "data", count=3)
    project = new_project(home, "Gone", data=data)
    data.rename(tmp_path / "elsewhere")

    answer = client.get(f"/p/{project.name}")
    assert answer.status_code == 200
    assert "There is no such folder" in answer.text


def test_a_class_is_shown_page_by_page(client: TestClient, home: Path) -> None:
    """A number behind the last page is the last."""
    project = new_project(home, "Mine")
    drawn.draw(project.data, count=61)

    first = client.get(f"/p/{project.name}/class", params={"label": "disc"}).text
    last = client.get(f"/p/{project.name}/class", params={"label": "disc", "page": 99}).text
    assert first.count('name="ids"') == 60
    assert last.count('name="ids"') == 1
    assert "Page 2 of 2" in last


def test_pictures_are_found_by_name_and_group(client: TestClient, project: Project) -> None:
    """Both together narrow what is shown."""
    address = f"/p/{project.name}/class"

    by_name = client.get(address, params={"label": "disc", "find": "DISC_1"}).text
    by_group = client.get(address, params={"label": "disc", "group": "g00"}).text
    assert by_name.count('name="ids"') == 11  # 1 and 10 to 19
    assert by_group.count('name="ids"') == 3


def test_a_class_that_is_none_is_refused(client: TestClient, project: Project) -> None:
    """Markup in its name is escaped."""
    answer = client.get(f"/p/{project.name}/class", params={"label": "<script>alert(1)</script>"})

    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


def test_names_of_files_are_escaped(client: TestClient, home: Path) -> None:
    """In texts and in attributes."""
    project = new_project(home, "Mine")
    drawn.draw(project.data, count=3)
    (project.data / FIRST).rename(project.data / "disc" / '"><img src=x onerror=alert(1)>.png')

    text = client.get(f"/p/{project.name}/class", params={"label": "disc"}).text
    assert "<img src=x" not in text


def test_corrections_are_listed(client: TestClient, project: Project) -> None:
    """With the label before and after, and of one kind where that is asked for."""
    relabel(project, [FIRST], "stripe")
    set_aside(project, ["disc/g01_disc_1.png"])

    text = client.get(f"/p/{project.name}/corrections").text
    assert "disc → stripe" in text
    only = client.get(f"/p/{project.name}/corrections", params={"action": "aside"}).text
    assert "disc → stripe" not in only
    assert "2 corrections" in client.get(f"/p/{project.name}").text


def test_a_picture_that_is_aside_can_still_be_seen(client: TestClient, project: Project) -> None:
    """So that one can think better of it."""
    set_aside(project, [FIRST])

    assert FIRST not in set(items(project).items["id"])
    answer = client.get(f"/p/{project.name}/picture", params={"item": FIRST})
    assert answer.headers["content-type"] == "image/jpeg"


def test_a_pattern_groups_the_pictures(client: TestClient, home: Path, shapes: Path) -> None:
    """What the names show is offered; a pattern that misses names changes nothing."""
    project = new_project(home, "Shapes", data=shapes)
    assert "10 groups" in client.get(f"/p/{project.name}").text

    client.post(f"/p/{project.name}/groups", data={"group": drawn.GROUP})
    assert open_project(home, project.name).facts.group == drawn.GROUP
    answer = client.post(f"/p/{project.name}/groups", data={"group": "zzz"})
    assert answer.status_code == 400
    assert open_project(home, project.name).facts.group == drawn.GROUP


@pytest.mark.parametrize("below", ["", "/class?label=disc", "/corrections"])
def test_pages_speak_german(client: TestClient, project: Project, below: str) -> None:
    """Every one of them."""
    text = client.get(f"/p/{project.name}{below}", headers={"accept-language": "de"}).text

    assert '<html lang="de">' in text
    assert "Bilder" in text
