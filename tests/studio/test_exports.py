"""The page that hands a model on."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from objektiv.studio import jobs
from objektiv.studio.projects import Project


def test_without_a_run_the_page_says_what_to_do(client: TestClient, project: Project) -> None:
    """There is nothing to hand on yet."""
    assert "No run has come to its end yet." in client.get(f"/p/{project.name}/export").text


def test_the_command_is_started_with_what_was_chosen(
    client: TestClient, project: Project, run: str, started: list[jobs.Job]
) -> None:
    """Into a folder of its own, so that nothing is overwritten."""
    client.post(f"/p/{project.name}/export", data={"run": run, "precision": "int8"})

    folder = project.folder / "exports" / "export-001"
    assert started[0].asked.words == (
        "export",
        str(project.runs_folder / run),
        "--precision=int8",
        f"--to={folder / f'{run}-int8.objektiv'}",
    )


@pytest.mark.parametrize("form", [{"run": "nothing"}, {"run": "shapes-001", "precision": "int4"}])
def test_what_cannot_be_exported_is_refused(
    client: TestClient, project: Project, run: str, started: list[jobs.Job], form: dict[str, str]
) -> None:
    """And nothing is started."""
    answer = client.post(f"/p/{project.name}/export", data=form)

    assert answer.status_code in (400, 422)
    assert started == []


def exported(project: Project) -> Path:
    """A file that was exported."""
    path = project.folder / "exports" / "export-001" / "shapes-001.objektiv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PK")
    return path


def test_a_file_is_listed_and_downloaded(client: TestClient, project: Project, run: str) -> None:
    """Under its own name, with the commands that use it."""
    path = exported(project)

    text = client.get(f"/p/{project.name}/export").text
    answer = client.get(
        f"/p/{project.name}/export/file", params={"name": "export-001/shapes-001.objektiv"}
    )

    assert f"objektiv predict PICTURES --bundle {path}" in text
    assert answer.content == b"PK"
    assert 'filename="shapes-001.objektiv"' in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    "name", ["../project.json", "export-001/../../project.json", "/etc/passwd"]
)
def test_only_listed_files_leave(client: TestClient, project: Project, name: str) -> None:
    """No name leads elsewhere."""
    exported(project)

    answer = client.get(f"/p/{project.name}/export/file", params={"name": name})

    assert answer.status_code == 404


def test_a_file_is_checked_by_the_command(
    client: TestClient, project: Project, started: list[jobs.Job]
) -> None:
    """As whoever gets it would."""
    path = exported(project)

    client.post(f"/p/{project.name}/export/verify", data={"name": "export-001/shapes-001.objektiv"})

    assert started[0].asked.words == ("verify", str(path))
