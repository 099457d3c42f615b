"""The table of runs, and the page of one."""

from __future__ import annotations

import shutil
import time

import pytest
from starlette.testclient import TestClient

from objektiv.flow.run import open_run
from objektiv.studio import jobs
from objektiv.studio.projects import Project
from tests.studio.test_jobs import asked


def test_without_a_run_the_page_says_what_to_do(client: TestClient, project: Project) -> None:
    """No table, but the way to one."""
    text = client.get(f"/p/{project.name}/runs").text

    assert "No run has come to its end yet." in text
    assert f'href="/p/{project.name}/train"' in text


def test_runs_are_told_with_their_interval(client: TestClient, project: Project, run: str) -> None:
    """As the run's own figures say."""
    accuracy = open_run(project.runs_folder / run).metrics()["test"]["accuracy"]

    text = client.get(f"/p/{project.name}/runs").text

    assert f'href="/p/{project.name}/runs/{run}"' in text
    assert f"{100 * accuracy['low']:.1f} to" in text


def test_a_run_says_what_its_report_says(client: TestClient, project: Project, run: str) -> None:
    """The headline, and a cell of the matrix that leads to its pictures."""
    test = open_run(project.runs_folder / run).metrics()["test"]

    text = client.get(f"/p/{project.name}/runs/{run}").text

    assert f"Of {test['items']} test pictures" in text
    assert "cell?true=disc&amp;called=disc" in text
    assert f'data-chances="/p/{project.name}/runs/{run}/chances"' in text


def test_a_run_is_told_in_german(client: TestClient, project: Project, run: str) -> None:
    """Also the sentences of the report."""
    answer = client.get(f"/p/{project.name}/runs/{run}", headers={"accept-language": "de"})

    assert "Testbildern" in answer.text


@pytest.mark.parametrize("name", ["shapes-002", "..%2f..%2fetc", "<b>x<%2fb>", "%00"])
def test_an_unknown_run_is_refused(
    client: TestClient, project: Project, run: str, name: str
) -> None:
    """The page says which there are, and no markup gets into it."""
    answer = client.get(f"/p/{project.name}/runs/{name}")

    assert answer.status_code in (400, 404)
    assert "<b>x" not in answer.text


def test_a_run_whose_figures_are_torn_is_left_out(
    client: TestClient, project: Project, run: str
) -> None:
    """The others are shown all the same."""
    shutil.copytree(project.runs_folder / run, project.runs_folder / "torn-001")
    (project.runs_folder / "torn-001" / "metrics.json").write_text('{"test": {')

    text = client.get(f"/p/{project.name}/runs").text

    assert run in text
    assert "torn-001" not in text


def cut_off(project: Project, name: str = "cells-001") -> None:
    """A run without results, with something learnt."""
    folder = project.runs_folder / name
    (folder / "checkpoint").mkdir(parents=True)
    (folder / "settings.yaml").write_text("model: cnn\n")
    (folder / "checkpoint" / "last.safetensors").write_bytes(b"")


def test_a_run_that_was_cut_off_can_go_on(
    client: TestClient, project: Project, started: list[jobs.Job]
) -> None:
    """By the same command with --resume."""
    cut_off(project)

    assert "cells-001" in client.get(f"/p/{project.name}/runs").text
    client.post(f"/p/{project.name}/runs/cells-001/resume")
    assert started[0].asked.words[-2:] == ("--resume", str(project.runs_folder / "cells-001"))


def test_the_run_that_learns_is_not_cut_off(client: TestClient, project: Project) -> None:
    """It has no results either, but a job."""
    asked(project.folder / "jobs" / "train-001", began=time.time(), words=("train", "cells"))
    cut_off(project)

    assert "Cut off" not in client.get(f"/p/{project.name}/runs").text


def test_only_a_run_that_was_cut_off_goes_on(
    client: TestClient, project: Project, run: str, started: list[jobs.Job]
) -> None:
    """Neither a finished one nor another folder."""
    assert client.post(f"/p/{project.name}/runs/{run}/resume").status_code == 404
    assert client.post(f"/p/{project.name}/runs/nothing/resume").status_code == 404
    assert started == []


def test_a_report_may_load_nothing(client: TestClient, project: Project, run: str) -> None:
    """It is shown with rules of its own: no script, no address."""
    answer = client.get(f"/p/{project.name}/runs/{run}/report")

    rules = answer.headers["content-security-policy"]
    assert "default-src 'none'" in rules
    assert "sandbox" in rules
    assert "script-src" not in rules


@pytest.mark.parametrize("folder", ["..", "model", "report-1/../..", "report-999"])
def test_only_reports_of_the_run_are_shown(
    client: TestClient, project: Project, run: str, folder: str
) -> None:
    """No name leads elsewhere."""
    answer = client.get(f"/p/{project.name}/runs/{run}/report", params={"folder": folder})

    assert answer.status_code == 404


def test_the_card_is_text(client: TestClient, project: Project, run: str) -> None:
    """What stands in it is escaped."""
    (project.runs_folder / run / "model_card.md").write_text("<script>alert(1)</script>")

    text = client.get(f"/p/{project.name}/runs/{run}/card").text

    assert "&lt;script&gt;" in text


def test_a_report_is_made_anew_in_a_language(
    client: TestClient, project: Project, run: str, started: list[jobs.Job]
) -> None:
    """By the command of this name."""
    client.post(f"/p/{project.name}/runs/{run}/report", data={"language": "de"})

    assert started[0].asked.words == ("report", str(project.runs_folder / run), "--language=de")
