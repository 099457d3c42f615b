"""The page that makes a project."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from objektiv.studio.projects import projects
from tests.flow import drawn


def test_a_folder_is_looked_at_before_it_becomes_a_project(
    client: TestClient, home: Path, shapes: Path
) -> None:
    """The page tells classes and groups, and offers the pattern that the names suggest."""
    text = client.post("/new/look", data={"folder": str(shapes)}).text

    assert "60 pictures" in text
    assert "disc" in text
    assert r"Use g\d+" in text
    assert not list(projects(home))
    assert (
        "10 groups"
        in client.post("/new/look", data={"folder": str(shapes), "group": drawn.GROUP}).text
    )


def test_a_project_of_a_folder(client: TestClient, home: Path, shapes: Path) -> None:
    """The pictures stay where they are; without a name it is called as the folder."""
    answer = client.post("/new/folder", data={"folder": str(shapes), "group": drawn.GROUP})

    (made,) = projects(home)
    assert answer.headers["location"] == f"/p/{made.name}"
    assert (made.data, made.facts.group, made.facts.title) == (shapes, drawn.GROUP, shapes.name)


@pytest.mark.parametrize("source", ["add", "camera"])
def test_an_empty_project(client: TestClient, home: Path, source: str) -> None:
    """The next page is that on which pictures are added."""
    answer = client.post("/new/own", data={"title": "Mine", "source": source, "names": r"C\d+"})

    (made,) = projects(home)
    assert answer.headers["location"] == f"/p/{made.name}/{source}"
    assert made.facts.names == r"C\d+"


@pytest.mark.parametrize("folder", ["", "nowhere", "/nowhere/at/all", "../..", "/a\x00b"])
def test_a_wrong_folder_is_refused(client: TestClient, home: Path, folder: str) -> None:
    """The page says so, and no project is made."""
    for address in ("/new/look", "/new/folder"):
        answer = client.post(address, data={"folder": folder, "title": "x"})
        assert answer.status_code == 404
        assert "There is no such folder" in answer.text

    assert not list(projects(home))


def test_a_folder_without_pictures_makes_no_project(
    client: TestClient, home: Path, tmp_path: Path
) -> None:
    """What is wrong stands on the page."""
    (tmp_path / "empty").mkdir()

    answer = client.post("/new/folder", data={"folder": str(tmp_path / "empty"), "title": "x"})
    assert "There is no image" in answer.text
    assert not list(projects(home))


def test_a_wrong_pattern_makes_no_project(client: TestClient, home: Path, shapes: Path) -> None:
    """Neither one that is none, nor one that misses names."""
    for group in ("C(", "zzz"):
        answer = client.post("/new/folder", data={"folder": str(shapes), "group": group})
        assert answer.status_code == 400

    assert not list(projects(home))


def test_the_folder_of_the_projects_is_no_data(client: TestClient, home: Path) -> None:
    """Neither what holds it nor what lies in it."""
    drawn.draw(home / "shapes")

    for folder in (home.parent, home / "shapes"):
        answer = client.post("/new/folder", data={"folder": str(folder), "title": "x"})
        assert "lie in one another" in answer.text


def test_names_of_folders_are_escaped(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Markup in a name stays a name, in the list and as a class."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    drawn.draw(tmp_path / "data", classes=("<img src=x>", "disc"), count=3)

    for address in ("/new", "/new?below=data"):
        text = client.get(address).text
        assert "<img src=x>" not in text
    assert "&lt;img src=x&gt;" in text


@pytest.mark.parametrize("below", ["..", "/etc", "a/../../.."])
def test_an_address_looks_below_the_home_folder_only(client: TestClient, below: str) -> None:
    """Another site's link cannot make the studio look elsewhere."""
    assert client.get("/new", params={"below": below}).status_code == 404
