"""Pictures over HTTP: small JPEG copies, and a sign where a file cannot be read."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from objektiv.studio.gallery import items
from objektiv.studio.projects import Project, new_project
from tests.flow import drawn


def test_a_picture_is_sent_as_jpeg(client: TestClient, project: Project) -> None:
    """A browser may keep it for a while."""
    answer = client.get(
        f"/p/{project.name}/picture", params={"item": items(project).items["id"][0], "side": 40}
    )

    assert answer.headers["content-type"] == "image/jpeg"
    assert "private" in answer.headers["cache-control"]


def test_an_unreadable_file_has_a_sign(client: TestClient, home: Path) -> None:
    """What was uploaded is never sent as it is."""
    project = new_project(home, "Mine")
    drawn.draw(project.data, count=3)
    (project.data / "disc" / "text.png").write_text("<svg onload='alert(1)'/>")

    answer = client.get(f"/p/{project.name}/picture", params={"item": "disc/text.png"})
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "alert" not in answer.text


def test_a_side_out_of_range_is_refused(client: TestClient, project: Project) -> None:
    """The page says which setting was wrong."""
    answer = client.get(f"/p/{project.name}/picture", params={"item": "x", "side": 100_000})

    assert answer.status_code == 422
    assert "side" in answer.text
