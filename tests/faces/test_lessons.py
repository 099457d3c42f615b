"""What a report tells of a network; the run of the fixture `learnt`."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from objektiv.faces.lessons import WHOSE, _recipe, lesson
from objektiv.flow.resolve import origins
from objektiv.flow.settings import TrainSettings
from objektiv.models.recipes import resolve


def test_the_report_shows_curves_layers_and_changed_pictures(learnt: Path) -> None:
    """Two curves, the table of layers with its sum, and pairs of pictures before and after."""
    page = (learnt / "report.html").read_text()

    assert page.split('<section id="curves">')[1].count('<polyline class="curve') == 4
    assert "conv1" in page and "output" in page
    assert page.count('class="pair"') == 8
    assert "quick probe" in page


def test_a_probe_has_no_lesson() -> None:
    """Where nothing was learnt by gradient there is none."""
    trained: Any = SimpleNamespace(history=SimpleNamespace(kind="trials"))

    assert lesson(trained) is None


def test_each_number_of_a_recipe_says_whose_it_is() -> None:
    """The user's stand beside the recipe's own value."""
    table = _recipe(origins(resolve(TrainSettings(model="simple-cnn", epochs=5))))

    assert table is not None
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["epochs"] == ("5", "yours (recipe: 30)")
    assert rows["filters"] == ("32, 64, 128", WHOSE["course"])
    assert rows["optimizer"] == ("adam", WHOSE["choice"])
