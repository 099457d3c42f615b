"""What the slider of a run computes with."""

from __future__ import annotations

from starlette.testclient import TestClient

from objektiv.flow.run import open_run
from objektiv.studio.projects import Project


def test_the_slider_gets_every_picture(client: TestClient, project: Project, run: str) -> None:
    """Test apart from the others, probabilities rising, with the truth beside."""
    predictions = open_run(project.runs_folder / run).predictions()
    test = predictions.only("test")

    told = client.get(f"/p/{project.name}/runs/{run}/chances", params={"sought": "disc"}).json()

    assert len(told["test"]["chances"]) == len(test)
    assert len(told["validation"]["chances"]) == len(predictions) - len(test)
    assert told["test"]["chances"] == sorted(told["test"]["chances"])
    assert sum(told["test"]["truth"]) == int((test.labels == 0).sum())
    assert told["chosen"] is None


def test_counts_at_a_threshold_are_those_of_the_run(
    client: TestClient, project: Project, run: str
) -> None:
    """At one half of two classes they are the matrix of the test part."""
    matrix = open_run(project.runs_folder / run).metrics()["test"]["confusion"]

    told = client.get(f"/p/{project.name}/runs/{run}/chances", params={"sought": "disc"}).json()

    pairs = list(zip(told["test"]["chances"], told["test"]["truth"], strict=True))
    found = sum(chance >= 0.5 and truth for chance, truth in pairs)
    alarmed = sum(chance >= 0.5 and not truth for chance, truth in pairs)
    assert (found, alarmed) == (matrix[0][0], matrix[1][0])


def test_a_class_that_is_none_is_refused(client: TestClient, project: Project, run: str) -> None:
    """As JSON, since a script asked."""
    answer = client.get(
        f"/p/{project.name}/runs/{run}/chances",
        params={"sought": "ring"},
        headers={"accept": "application/json"},
    )

    assert answer.status_code == 404
    assert answer.json()["allowed"] == "Classes: disc, stripe"
