"""The page that trains, and the curves of its jobs."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from objektiv.base import extras
from objektiv.flow.settings import TrainSettings
from objektiv.studio import jobs, working
from objektiv.studio.projects import Project
from tests.studio.test_jobs import asked
from tests.studio.test_splits import cut


def test_every_setting_is_asked_for_once(client: TestClient, project: Project) -> None:
    """What the page does not ask itself stands under more settings."""
    text = client.get(f"/p/{project.name}/train").text

    paths = {"groups", "labels", "bank", "out", "split"}
    known = {"group", "group_by", "parts", "name", "max_pixels", "language"}
    own = {"model", "sensitivity", "specificity"}
    for name in set(TrainSettings.model_fields) - paths - known - own:
        assert text.count(f'name="{name}"') == 1, name


def test_a_model_that_lacks_its_part_says_how_to_get_it(
    client: TestClient, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be chosen."""
    monkeypatch.setattr(extras, "missing_packages", lambda extra: ("torch",))

    text = client.get(f"/p/{project.name}/train").text

    assert 'value="finetune" disabled' in text
    assert "pip install &#34;objektiv[torch]&#34;" in text
    assert 'value="probe" checked' in text


def test_the_command_is_started_with_what_was_typed(
    client: TestClient, project: Project, started: list[jobs.Job]
) -> None:
    """In the reader's language, into the project's runs."""
    path = cut(project)
    form = {
        "model": "probe",
        "positive": "disc",
        "demand": "sensitivity",
        "share": "98",
        "split": "split-001",
        "seed": "4",
        "epochs": "",
    }

    client.post(f"/p/{project.name}/train", data=form, headers={"accept-language": "de"})

    words = started[0].asked.words
    assert words[:2] == ("train", str(project.data))
    assert {
        "--model=probe",
        "--positive=disc",
        "--sensitivity=0.98",
        "--seed=4",
        "--language=de",
        f"--split={path}",
        f"--out={project.runs_folder}",
    } <= set(words)
    assert not any(word.startswith("--epochs") for word in words)


def test_a_plan_is_the_command_of_this_name(
    client: TestClient, project: Project, started: list[jobs.Job]
) -> None:
    """With the same settings, and nothing that it would not know."""
    client.post(f"/p/{project.name}/train/plan", data={"model": "cnn", "epochs": "3"})

    words = started[0].asked.words
    assert words[0] == "plan"
    assert {"--model=cnn", "--epochs=3"} <= set(words)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"epochs": "0"}, "greater than or equal to 1"),
        ({"learning_rate": "fast"}, "valid number"),
        ({"zoom": "3,1"}, "two rising numbers"),
        ({"demand": "sensitivity", "share": "120"}, "less than or equal to 1"),
        ({"demand": "specificity", "share": "<b>"}, "valid number"),
        ({"budget": "soon"}, "should match pattern"),
        ({"model": "<script>alert(1)</script>"}, "There is no such model."),
    ],
)
def test_what_cannot_be_is_told_where_it_stands(
    client: TestClient,
    project: Project,
    started: list[jobs.Job],
    form: dict[str, str],
    said: str,
) -> None:
    """And nothing is started; markup stays text."""
    answer = client.post(f"/p/{project.name}/train", data=form)

    assert answer.status_code == 422
    assert said in answer.text
    assert "<script>alert" not in answer.text
    assert started == []


def test_a_split_that_is_not_there_is_refused(
    client: TestClient, project: Project, started: list[jobs.Job]
) -> None:
    """No name leads to another file."""
    answer = client.post(f"/p/{project.name}/train", data={"split": "../../etc"})

    assert answer.status_code == 404
    assert started == []


def learning(project: Project, *rows: str) -> Path:
    """A run that is being written, by a job."""
    asked(project.folder / "jobs" / "train-001", began=time.time(), words=("train", "cells"))
    run = project.runs_folder / "cells-001"
    run.mkdir(parents=True)
    (run / "settings.yaml").write_text("model: cnn\n")
    (run / "history.csv").write_text("\n".join(rows) + "\n")
    return run


def test_curves_are_those_of_the_run(client: TestClient, project: Project) -> None:
    """Each epoch as its file tells it."""
    learning(project, "epoch,train_loss,val_loss,seconds", "1,0.7,0.6,2", "2,0.5,0.4,2")

    told = client.get(f"/p/{project.name}/jobs/train-001/curves").json()

    assert [row["val_loss"] for row in told["epochs"]] == [0.6, 0.4]


@pytest.mark.parametrize("rows", [("blocks,strength", "stem,3"), ("epoch,val_loss", "1,x"), ("",)])
def test_what_is_no_curve_gives_none(
    client: TestClient, project: Project, rows: tuple[str, ...]
) -> None:
    """Trials of a probe, a torn file, an empty one."""
    learning(project, *rows)

    assert json.loads(client.get(f"/p/{project.name}/jobs/train-001/curves").text) == {"epochs": []}


def test_a_run_of_another_time_is_not_the_jobs(project: Project) -> None:
    """Only what was begun while the job ran."""
    run = learning(project, "epoch,val_loss", "1,0.5")
    os.utime(run / "settings.yaml", (1, 1))
    job = jobs.read_job(project.folder / "jobs" / "train-001")

    assert working.run_of(project, job) is None
