"""Exploring from the studio, and the pages that commands made."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from objektiv.base import files
from objektiv.studio import jobs
from objektiv.studio.explored import explored
from objektiv.studio.projects import Project


def made(project: Project, kind: str, page: str, name: str = "shapes-001") -> None:
    """A page as a command leaves it."""
    folder = files.make_folder(project.folder / kind / name)
    files.write_text(folder / page, f"<h1>{kind}</h1>")


def test_the_button_starts_the_command(
    client: TestClient, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It explores the pictures as the project reads them, into its own folder."""
    monkeypatch.setattr(jobs, "_spawn", lambda folder: None)
    answer = client.post(f"/p/{project.name}/explored", headers={"accept-language": "de"})

    assert answer.headers["location"] == f"/p/{project.name}/jobs/explore-001"
    job = jobs.read_job(project.folder / "jobs" / "explore-001")
    out = str(project.folder / "explored")
    assert list(job.asked.words) == ["explore", *project.read_words, "--out", out]
    assert job.asked.title == "Bilder erkunden"


@pytest.mark.parametrize(("kind", "page"), [("explored", "explore.html"), ("checks", "check.html")])
def test_a_page_is_shown_alone(client: TestClient, project: Project, kind: str, page: str) -> None:
    """It may load nothing and run nothing."""
    made(project, kind, page)

    answer = client.get(f"/p/{project.name}/{kind}/shapes-001")
    assert kind in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy


@pytest.mark.parametrize(
    "name", ["..%2f..", "shapes-002", "%2e%2e%2fproject.json", "shapes-001%00"]
)
def test_only_pages_that_are_there_are_shown(
    client: TestClient, project: Project, name: str
) -> None:
    """A name is one of a list, never a path."""
    made(project, "explored", "explore.html")
    files.write_text(project.folder / "explore.html", "secret")

    answer = client.get(f"/p/{project.name}/explored/{name}")
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_the_newest_page_is_linked(client: TestClient, project: Project) -> None:
    """A folder without a page, such as one that is being filled, is none."""
    assert explored(project) is None
    made(project, "explored", "explore.html")
    files.make_folder(project.folder / "explored" / "shapes-002")

    assert f"/p/{project.name}/explored/shapes-001" in client.get(f"/p/{project.name}").text
