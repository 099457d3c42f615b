"""The page of the split."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from objektiv.data.settings import SplitSettings
from objektiv.data.split import split
from objektiv.flow import entries
from objektiv.flow.entries import Ends, Honesty
from objektiv.studio import gallery, jobs
from objektiv.studio.projects import Project
from objektiv.studio.splits import made_splits
from tests.studio.test_jobs import asked


def cut(project: Project, name: str = "split-001") -> Path:
    """A split that was made."""
    path = project.folder / "splits" / name / "split.csv"
    path.parent.mkdir(parents=True)
    split(gallery.items(project), SplitSettings()).save(path)
    return path


def test_the_page_asks_for_what_a_split_needs(client: TestClient, project: Project) -> None:
    """With the project's pattern filled in."""
    text = client.get(f"/p/{project.name}/split").text

    assert 'value="g\\d+"' in text
    assert 'name="train"' in text


def test_the_command_is_started_with_what_was_typed(
    client: TestClient, project: Project, started: list[jobs.Job]
) -> None:
    """Shares in percent, the pattern kept with the project."""
    form = {"train": "70", "validation": "10", "test": "20", "seed": "5", "group": r"g\d"}

    answer = client.post(f"/p/{project.name}/split", data=form)

    words = started[0].asked.words
    assert answer.headers["location"] == f"/p/{project.name}/jobs/{started[0].name}"
    assert words[:2] == ("split", str(project.data))
    assert {"--honest", "--ratios=0.7,0.1,0.2", "--seed=5"} <= set(words)
    assert words[words.index("--group") + 1] == r"g\d"
    assert words[-1].endswith("split.csv")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"train": "80"}, "the shares must sum to 1"),
        ({"train": "many"}, "valid number"),
        ({"seed": "-1"}, "greater than or equal to 0"),
        ({"group": "["}, "not a regular expression"),
    ],
)
def test_what_cannot_be_is_told_where_it_stands(
    client: TestClient,
    project: Project,
    started: list[jobs.Job],
    form: dict[str, str],
    said: str,
) -> None:
    """And nothing is started."""
    answer = client.post(f"/p/{project.name}/split", data=form)

    assert answer.status_code == 422
    assert said in answer.text
    assert started == []


def test_the_table_counts_what_the_command_wrote(client: TestClient, project: Project) -> None:
    """Every picture once, every group in one part."""
    cut(project)

    text = client.get(f"/p/{project.name}/split").text

    assert '<tfoot><tr><th scope="row">all</th>' in text
    assert '<td class="n">60</td>' in text
    assert '<td class="n">10</td>' in text  # groups


def test_the_two_claims_are_those_of_the_command(
    client: TestClient, project: Project, bank: Path
) -> None:
    """Found by the time at which the command ran."""
    path = cut(project)
    asked(
        project.folder / "jobs" / "split-001",
        words=("split", "x", f"--out={path}"),
        began=time.time(),
    )
    ends = Ends(estimate=0.97, low=0.96, high=0.98)
    entry = Honesty(
        time=entries.now(),
        data="0" * 64,
        items=60,
        clusters=10,
        random=ends,
        honest=Ends(estimate=0.91, low=0.88, high=0.94),
        difference=Ends(estimate=0.06, low=0.03, high=0.09),
    )
    ledger = bank / "ledgers" / "0" / "ledger.jsonl"
    ledger.parent.mkdir(parents=True, exist_ok=True)
    ledger.write_text(entry.model_dump_json() + "\n")
    try:
        text = client.get(f"/p/{project.name}/split").text
    finally:
        ledger.unlink()

    assert "A random split would flatter." in text
    assert "97.0 %" in text
    assert "91.0 %" in text


def test_a_split_that_is_not_there_is_refused(client: TestClient, project: Project) -> None:
    """The page says which there are."""
    cut(project)

    answer = client.get(f"/p/{project.name}/split", params={"name": "../x"})

    assert answer.status_code == 404
    assert "split-001" in answer.text


def test_the_newest_split_comes_first(project: Project) -> None:
    """As the page shows it."""
    for number, name in enumerate(("split-001", "split-002")):
        os.utime(cut(project, name), (number, number))

    assert [made.name for made in made_splits(project)] == ["split-002", "split-001"]
