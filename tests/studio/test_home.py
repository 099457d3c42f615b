"""The first page, and the reader's language."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from objektiv.studio.projects import Project


def test_projects_are_listed(client: TestClient, project: Project) -> None:
    """Each is a link with its title and where its pictures lie."""
    text = client.get("/").text

    assert f'href="/p/{project.name}"' in text
    assert "Shapes" in text


def test_a_browser_that_asks_for_german_gets_it(client: TestClient) -> None:
    """Also without a choice."""
    text = client.get("/", headers={"accept-language": "de-AT,de;q=0.9,en;q=0.5"}).text

    assert '<html lang="de">' in text
    assert "Neues Projekt" in text


def test_a_choice_wins_over_what_the_browser_asks_for(client: TestClient) -> None:
    """It is kept in a cookie."""
    answer = client.post("/language", data={"name": "de", "back": "/p/x"})

    assert answer.headers["location"] == "/p/x"
    assert '<html lang="de">' in client.get("/", headers={"accept-language": "en"}).text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_the_way_back_leads_nowhere_else(client: TestClient, back: str) -> None:
    """Another site is never the address to go to."""
    answer = client.post("/language", data={"name": "de", "back": back})

    assert answer.headers["location"] == "/"


def test_an_unknown_language_is_refused(client: TestClient) -> None:
    """The page says which there are."""
    answer = client.post("/language", data={"name": "xx"})

    assert answer.status_code == 400
    assert "en, de" in answer.text
