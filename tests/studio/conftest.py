"""A studio in the process of the test: a home for projects, one of drawn shapes, and a browser."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from objektiv.studio import jobs
from objektiv.studio.app import studio_app
from objektiv.studio.projects import Project, new_project
from scripts import order
from tests.flow import drawn


@pytest.fixture
def home(tmp_path: Path, bank: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for projects; jobs find this source and the bank of the tests."""
    monkeypatch.setenv("PYTHONPATH", str(order.REPOSITORY))
    monkeypatch.setenv("OBJEKTIV_BANK", str(bank))
    return tmp_path / "home"


@pytest.fixture
def client(home: Path) -> TestClient:
    """A browser without JavaScript; what fails in the studio fails in the test."""
    return TestClient(studio_app(home), base_url="http://127.0.0.1", follow_redirects=False)


@pytest.fixture
def project(home: Path, shapes: Path) -> Project:
    """A project of the drawn shapes, whose pictures lie elsewhere."""
    return new_project(home, "Shapes", data=shapes, group=drawn.GROUP)


@pytest.fixture
def run(project: Project, trained: Path) -> str:
    """The name of a finished run of the project."""
    shutil.copytree(trained, project.runs_folder / "shapes-001")
    return "shapes-001"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[jobs.Job]:
    """The jobs that were started, none of which does anything."""
    found: list[jobs.Job] = []
    monkeypatch.setattr(jobs, "_spawn", lambda folder: found.append(jobs.read_job(folder)))
    return found
