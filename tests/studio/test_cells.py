"""The pictures behind a cell of the confusion matrix."""

from __future__ import annotations

import re

import numpy as np
import pytest
from starlette.testclient import TestClient

from objektiv.judging.predictions import Predictions
from objektiv.studio.cells import tiles
from objektiv.studio.projects import Project

CHANCES = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
PART = Predictions(
    ids=("a", "b", "c", "d"),
    hashes=("",) * 4,
    parts=("test",) * 4,
    folds=(None,) * 4,
    groups=(None, "g", None, None),
    labels=np.array([1, 1, 1, 0]),
    classes=("disc", "stripe"),
    logits=np.log(CHANCES),
    probabilities=CHANCES,
)


def test_the_most_confident_come_first() -> None:
    """Of those of one class that were called another."""
    found = tiles(PART, true="stripe", called="disc")

    assert [tile.id for tile in found] == ["a", "b"]
    assert found[0].chances == (("disc", 0.9), ("stripe", 0.1))


def test_every_picture_is_behind_one_cell() -> None:
    """The cells together hold all."""
    count = sum(len(tiles(PART, true=a, called=b)) for a in PART.classes for b in PART.classes)

    assert count == len(PART)


def test_a_cell_shows_its_pictures(client: TestClient, project: Project, run: str) -> None:
    """By the id of the item, as the other pages do."""
    address = f"/p/{project.name}/runs/{run}/cell"

    text = client.get(address, params={"true": "disc", "called": "disc"}).text
    rest = client.get(address, params={"true": "disc", "called": "disc", "of": "rest"}).text

    assert f'src="/p/{project.name}/picture?item=disc/' in text
    assert text.count("<meter") == 2 * text.count('class="tile"')
    assert rest.count('class="tile"') > text.count('class="tile"')


def test_a_picture_is_relabelled_from_its_cell(
    client: TestClient, project: Project, run: str
) -> None:
    """The form of its tile leads back, and the tile then says what was decided."""
    address = f"/p/{project.name}/runs/{run}/cell?true=disc&called=disc"
    item = re.search(r'name="ids" value="([^"]+)"', client.get(address).text)
    assert item
    form = {"ids": item[1], "action": "label", "label": "stripe", "back": address}

    answer = client.post(f"/p/{project.name}/decide", data=form)

    assert answer.headers["location"] == address
    assert "now stripe" in client.get(address).text


@pytest.mark.parametrize(
    "asked",
    [
        {"true": "<i>disc", "called": "disc"},
        {"true": "disc", "called": "disc", "of": "all"},
        {"true": "disc", "called": "disc", "start": "-1"},
        {"true": "disc"},
    ],
)
def test_what_is_no_cell_is_refused(
    client: TestClient, project: Project, run: str, asked: dict[str, str]
) -> None:
    """As a page, with markup as text."""
    answer = client.get(f"/p/{project.name}/runs/{run}/cell", params=asked)

    assert answer.status_code in (400, 404, 422)
    assert "<i>disc" not in answer.text
