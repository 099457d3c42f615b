"""What every page has: the frame, escaped names, errors that say what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from objektiv.studio.pages import STEPS, TEMPLATES
from objektiv.studio.projects import Project, new_project


def test_a_title_is_escaped(client: TestClient, home: Path) -> None:
    """A project's name cannot become markup."""
    new_project(home, "<img src=x onerror=alert(1)>")

    text = client.get("/").text
    assert "<img" not in text
    assert "&lt;img" in text


def test_a_project_that_is_not_there_is_a_page(client: TestClient, home: Path) -> None:
    """It says what happened and what to do, with the status 404."""
    answer = client.get("/p/nowhere/jobs/x")

    assert answer.status_code == 404
    assert "There is no such project" in answer.text


def test_a_script_gets_an_error_as_json(client: TestClient, home: Path) -> None:
    """The four parts have names."""
    answer = client.get("/p/nowhere/jobs/x/state", headers={"accept": "application/json"})

    assert set(answer.json()) == {"happened", "value", "allowed", "next"}


def test_an_address_that_is_none_is_a_page(client: TestClient) -> None:
    """The reader is not left with a line of JSON."""
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert "no such page" in answer.text


@pytest.mark.parametrize("template", sorted(path.name for path in TEMPLATES.glob("*.html")))
def test_templates_name_no_other_site(template: str) -> None:
    """Everything that a page loads comes from the studio itself."""
    text = (TEMPLATES / template).read_text(encoding="utf-8")

    assert "http://" not in text
    assert "https://" not in text
    assert "|safe" not in text.replace(" ", "")


def test_steps_have_pages_of_their_own(project: Project) -> None:
    """No address stands twice in the navigation."""
    assert len({below for below, _ in STEPS}) == len(STEPS)


def test_forms_are_sent_with_the_origin(client: TestClient) -> None:
    """Under the policy no-referrer browsers say `null` instead, which the wall refuses."""
    assert client.get("/").headers["referrer-policy"] == "same-origin"
