"""The pages of a check."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from objektiv.studio import jobs
from objektiv.studio.corrections import corrections
from objektiv.studio.projects import Project
from tests.studio.test_checks import IDS, wrote

SUSPECTS = "suspicious-labels"


def suspects(project: Project) -> None:
    """A check that doubts the labels of three pictures."""
    table = [
        {"id": i, "label": "disc", "suggested": "stripe", "own": 0.1, "other": 0.9} for i in IDS[:3]
    ]
    wrote(project, SUSPECTS, table)


def test_without_a_check_the_page_offers_one(client: TestClient, project: Project) -> None:
    """It says what a check looks for."""
    text = client.get(f"/p/{project.name}/check").text

    assert "Check the pictures" in text
    assert "wrong labels" in text


def test_the_button_starts_the_command(
    client: TestClient, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It checks the pictures as the project reads them, into its own folder."""
    monkeypatch.setattr(jobs, "_spawn", lambda folder: None)
    answer = client.post(f"/p/{project.name}/check")

    assert answer.headers["location"] == f"/p/{project.name}/jobs/check-001"
    words = jobs.read_job(project.folder / "jobs" / "check-001").asked.words
    out = str(project.folder / "checks")
    assert list(words) == ["check", *project.read_words, "--out", out, "--fix"]


def test_findings_are_listed_in_both_languages(client: TestClient, project: Project) -> None:
    """With what to do, and a way to the pictures."""
    suspects(project)
    address = f"/p/{project.name}/check"

    assert f"{address}/finding/{SUSPECTS}" in client.get(address).text
    text = client.get(address, headers={"accept-language": "de"}).text
    assert "Sehen Sie hin" in text
    assert "Warnung" in text


def test_what_nobody_needs_to_look_at_goes_at_once(client: TestClient, project: Project) -> None:
    """Each with its reason; what was decided or is gone is left as it is."""
    spare = [(IDS[0], "disc", "empty"), (IDS[1], "disc", "a copy of x"), ("gone.png", "x", "empty")]
    wrote(project, "copies", spare=[*spare, (IDS[2], "disc", "two-labels")])
    assert "Put 2 files aside" in client.get(f"/p/{project.name}/check").text

    client.post(f"/p/{project.name}/check/leave-out")
    found = {(c.id, c.action, c.why) for c in corrections(project)}
    assert found == {(IDS[0], "aside", "empty"), (IDS[1], "aside", "a copy of x")}
    assert "Put aside at once" not in client.get(f"/p/{project.name}/check").text


def test_pairs_stand_together(client: TestClient, project: Project) -> None:
    """Either of the two can be chosen."""
    rows = [{"id": IDS[0], "b": IDS[1], "label": "disc", "label of b": "disc"}]
    wrote(project, "copies", [{**rows[0], "similarity": 1.0, "pixels": 0.97}])

    text = client.get(f"/p/{project.name}/check/finding/copies").text
    assert text.count('name="ids"') == 2
    assert "97% alike" in text


def test_what_is_right_is_shown_last(client: TestClient, project: Project) -> None:
    """A picture that was kept stays on the page, behind those that are open."""
    wrote(project, "outliers", [{"id": i, "distance": 3.0, "far": 5.0} for i in IDS[:2]])
    address = f"/p/{project.name}/check/finding/outliers"
    form = {"ids": IDS[0], "action": "keep", "why": "outliers", "back": address}
    assert client.post(f"/p/{project.name}/decide", data=form).headers["location"] == address

    text = client.get(address).text
    assert text.index(IDS[1]) < text.index(IDS[0])
    assert "disc · 3.0 times as far as usual" in text
    assert "1 of 2 open" in client.get(f"/p/{project.name}/check").text


def test_one_label_after_the_other(client: TestClient, project: Project) -> None:
    """Right, another class, aside: each is decided and the next is shown, until all are."""
    suspects(project)
    address = f"/p/{project.name}/check/labels"
    assert "0 of 3 decided" in client.get(address).text

    for item, form in zip(
        IDS,
        ({"action": "keep"}, {"action": "label", "label": "stripe"}, {"action": "aside"}),
        strict=False,
    ):
        text = client.get(address).text
        assert f'value="{item}"' in text
        client.post(f"/p/{project.name}/decide", data={"ids": item, "why": SUSPECTS, **form})
    text = client.get(address).text
    assert "Every one is decided" in text
    assert 'value="undo"' in text


def test_what_the_model_says_is_the_first_key(client: TestClient, project: Project) -> None:
    """The class that the picture has is no change."""
    suspects(project)
    text = client.get(f"/p/{project.name}/check/labels").text

    assert 'data-key="1">Change to stripe' in text
    assert "Change to disc" not in text


def test_one_can_come_later(client: TestClient, project: Project) -> None:
    """Behind the last comes the first again."""
    suspects(project)
    address = f"/p/{project.name}/check/labels"

    assert f'value="{IDS[1]}"' in client.get(address, params={"skip": 1}).text
    assert f'value="{IDS[0]}"' in client.get(address, params={"skip": 3}).text


@pytest.mark.parametrize("kind", ["nothing", "../../x", "<script>"])
def test_a_finding_that_is_none_is_refused(client: TestClient, project: Project, kind: str) -> None:
    """With a check and without one."""
    assert client.get(f"/p/{project.name}/check/finding/{kind}").status_code == 404
    suspects(project)
    answer = client.get(f"/p/{project.name}/check/finding/{kind}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text.replace("<script type", "")
