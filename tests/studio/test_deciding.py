"""What is decided about chosen pictures."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from objektiv.studio.corrections import corrections
from objektiv.studio.projects import Project

FIRST, SECOND = "disc/g00_disc_0.png", "disc/g01_disc_1.png"


def decide(client: TestClient, project: Project, **form: object) -> tuple[int, str]:
    """The status of the answer, and where it leads or what it says."""
    answer = client.post(f"/p/{project.name}/decide", data=form)
    return answer.status_code, answer.headers.get("location", answer.text)


def test_all_four_decisions(client: TestClient, project: Project) -> None:
    """Each leads back to the page of its form."""
    back = f"/p/{project.name}/class?label=disc&page=2"
    for form in (
        {"action": "label", "label": "stripe"},
        {"action": "aside", "why": "blurred"},
        {"action": "keep"},
    ):
        assert decide(client, project, ids=[FIRST, SECOND], back=back, **form) == (303, back)
        assert {c.action for c in corrections(project)} == {form["action"]}
    for _ in range(3):
        decide(client, project, ids=[FIRST, SECOND], action="undo")

    assert corrections(project) == []


def test_a_new_class_has_a_field_of_its_own(client: TestClient, project: Project) -> None:
    """What is typed there wins over what is chosen; markup is no class."""
    decide(client, project, ids=[FIRST], action="label", label="disc", new=" ring ")
    assert corrections(project)[0].label == "ring"

    status, text = decide(client, project, ids=[FIRST], action="label", new="<b>ring</b>")
    assert status == 400
    assert "<b>ring" not in text


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"action": "aside"}, "No picture was chosen"),
        ({"action": "aside", "ids": "../../etc/passwd"}, "no such picture"),
        ({"action": "label", "ids": FIRST, "label": "strype"}, "no such class"),
        ({"action": "label", "ids": FIRST}, "no such class"),
        ({"action": "undo", "ids": FIRST}, "Nothing was decided"),
        ({"action": "burn", "ids": FIRST}, "cannot be used"),
    ],
)
def test_what_cannot_be_done_is_told(
    client: TestClient, project: Project, form: dict[str, str], told: str
) -> None:
    """Nothing is decided then."""
    status, text = decide(client, project, **form)

    assert status in (400, 404, 422)
    assert told.casefold() in text.casefold()
    assert corrections(project) == []


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/p/other", "/p/Shapes-001x", "\\\\evil"]
)
def test_the_way_back_stays_in_the_project(client: TestClient, project: Project, back: str) -> None:
    """Another address becomes the project's first page."""
    assert decide(client, project, ids=[FIRST], action="keep", back=back)[1] == f"/p/{project.name}"
