"""The page on which a model is tried."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from objektiv.studio.projects import Project
from tests.data.pictures import png
from tests.flow.drawn import picture

DISC = ("disc.png", png(picture("disc", 99)), "image/png")


def test_without_a_run_the_page_says_what_to_do(client: TestClient, project: Project) -> None:
    """There is nothing to try yet."""
    text = client.get(f"/p/{project.name}/try").text

    assert "No run has come to its end yet." in text
    assert 'type="file"' not in text


def test_a_picture_is_answered_without_a_script(
    client: TestClient, project: Project, run: str
) -> None:
    """The whole page comes back with the answer in it."""
    answer = client.post(f"/p/{project.name}/try", data={"run": run}, files={"files": DISC})

    assert answer.status_code == 200
    assert "<h1>" in answer.text
    assert answer.text.count("<article") == 1
    assert "<dt>disc</dt>" in answer.text


def test_a_script_gets_the_answers_alone(client: TestClient, project: Project, run: str) -> None:
    """In the order of the files, those that cannot be read among them."""
    files = [
        ("files", DISC),
        ("files", ("<img src=x>.png", b'<svg onload="alert(1)"></svg>', "image/png")),
    ]

    text = client.post(
        f"/p/{project.name}/try", data={"run": run}, files=files, headers={"x-part": "answers"}
    ).text

    assert "<h1>" not in text
    assert text.count("<article") == 2
    assert "<svg" not in text
    assert "<img src=x>" not in text


@pytest.mark.parametrize("count", [0, 13])
def test_too_many_pictures_are_refused(
    client: TestClient, project: Project, run: str, count: int
) -> None:
    """And none at all."""
    files = [("files", DISC)] * count or [("files", ("", b"", "image/png"))]

    answer = client.post(f"/p/{project.name}/try", data={"run": run}, files=files)

    assert answer.status_code in (400, 422)


def test_an_unknown_run_is_refused(client: TestClient, project: Project, run: str) -> None:
    """The message names those there are."""
    answer = client.post(f"/p/{project.name}/try", data={"run": "../x"}, files={"files": DISC})

    assert answer.status_code == 400
    assert run in answer.text
