"""The page that puts runs side by side."""

from __future__ import annotations

import shutil

import pytest
from starlette.testclient import TestClient

from objektiv.studio.projects import Project


@pytest.fixture
def two(project: Project, run: str) -> tuple[str, str]:
    """Two runs that say the same."""
    shutil.copytree(project.runs_folder / run, project.runs_folder / "shapes-002")
    return run, "shapes-002"


def test_one_run_is_not_compared(client: TestClient, project: Project, run: str) -> None:
    """The page says that two are needed."""
    assert "Two runs are needed." in client.get(f"/p/{project.name}/compare").text


def test_equal_runs_are_not_shown_to_differ(
    client: TestClient, project: Project, two: tuple[str, str]
) -> None:
    """The verdict names both."""
    text = client.get(f"/p/{project.name}/compare", params={"run": list(two)}).text

    assert "is not shown to be better than" in text or "cannot be tested" in text
    assert text.count("<tbody><tr>") == 1


def test_the_verdict_is_told_in_german(
    client: TestClient, project: Project, two: tuple[str, str]
) -> None:
    """As the rest of the page is."""
    text = client.get(
        f"/p/{project.name}/compare", params={"run": list(two)}, headers={"accept-language": "de"}
    ).text

    assert "nicht nachgewiesen" in text or "lässt sich nicht prüfen" in text


def test_the_full_page_may_load_nothing(
    client: TestClient, project: Project, two: tuple[str, str]
) -> None:
    """It is shown with the rules of a report."""
    answer = client.get(f"/p/{project.name}/compare/page", params={"run": list(two)})

    assert "<html" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_an_unknown_run_is_refused(
    client: TestClient, project: Project, two: tuple[str, str]
) -> None:
    """And markup stays text."""
    answer = client.get(f"/p/{project.name}/compare", params={"run": [two[0], "<u>x"]})

    assert answer.status_code == 400
    assert "<u>x" not in answer.text


def test_too_many_at_once_are_refused(
    client: TestClient, project: Project, two: tuple[str, str]
) -> None:
    """Every pair costs time."""
    names = [f"shapes-{number:03}" for number in range(13)]

    answer = client.get(f"/p/{project.name}/compare", params={"run": names})

    assert answer.status_code == 400
    assert "At most 12" in answer.text
