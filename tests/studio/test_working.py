"""The page of a job, and its state for the script."""

from __future__ import annotations

import time

from starlette.testclient import TestClient

from objektiv.base.progress import CANCEL_FILE, Event, record
from objektiv.studio.projects import Project
from tests.studio.test_jobs import asked


def test_a_page_tells_how_far_a_job_is(client: TestClient, project: Project) -> None:
    """It shows step, count and the words of the command, also when loaded again."""
    job = asked(project.folder / "jobs" / "check-001", began=time.time())
    record(Event("look at images", 3, 9, 1.0, finished=False), job.folder)

    text = client.get(f"/p/{project.name}/jobs/check-001").text
    assert 'max="9" value="3"' in text
    assert "look at images" in text
    assert "objektiv check cells" in text


def test_what_a_command_said_stands_in_lines(client: TestClient, project: Project) -> None:
    """As in a terminal, and a name in it cannot become markup."""
    job = asked(project.folder / "jobs" / "check-001")
    (job.folder / "log.txt").write_text("first\n<b>second</b>\n")

    text = client.get(f"/p/{project.name}/jobs/check-001").text
    assert "first\n&lt;b&gt;second&lt;/b&gt;\n" in text


def test_the_state_is_told_to_the_script(client: TestClient, project: Project) -> None:
    """In the language of the reader."""
    asked(project.folder / "jobs" / "check-001")

    answer = client.get(
        f"/p/{project.name}/jobs/check-001/state", headers={"accept-language": "de"}
    ).json()
    assert (answer["state"], answer["word"]) == ("died", "ohne ein Wort geendet")
    assert answer["next"] == f"/p/{project.name}/check"


def test_stopping_leaves_the_cancel_file(client: TestClient, project: Project) -> None:
    """The command finds it at the next count of its progress."""
    job = asked(project.folder / "jobs" / "check-001", began=time.time())

    client.post(f"/p/{project.name}/jobs/check-001/stop")

    assert (job.folder / CANCEL_FILE).exists()


def test_a_job_that_is_not_there_is_refused(client: TestClient, project: Project) -> None:
    """No name leads to another folder."""
    assert client.get(f"/p/{project.name}/jobs/..%2f..").status_code == 404
    assert client.get(f"/p/{project.name}/jobs/nothing").status_code == 404
