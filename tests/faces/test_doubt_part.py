"""What the report says of doubts: the records' numbers, and reasons where something is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from objektiv.base.language import speaking
from objektiv.faces.doubt_part import doubt_part
from objektiv.faces.words import percent
from objektiv.flow.judge import judge
from objektiv.judging.predictions import Predictions
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.unsure import Unsure
from tests.faces.test_judged import predictions


@pytest.fixture(scope="module")
def strange() -> Unsure:
    """Of a model that measures strangeness, with a temperature of 2."""
    rng = np.random.default_rng(3)
    made: Predictions = replace(predictions(), strangeness=rng.gamma(9, 1 / 9, 600))
    return judge(made, JudgeSettings(), temperature=2.0).unsure


def test_sets_and_strangers_are_told_with_their_promise(strange: Unsure) -> None:
    """The share that was promised stands beside the one that was measured."""
    part, sets = doubt_part(strange, classes=2), strange.sets

    covered = percent(sets.covered.estimate)  # type: ignore[union-attr]
    assert "in 95 % of the cases" in part.sets[0] and covered in part.sets[0]
    assert part.set_table and [row[0] for row in part.set_table.rows] == ["ill", "well"]
    assert f"({strange.strangers.limit:.2f}) lets 5 % of genuine" in part.strangers[0]  # type: ignore[union-attr]


def test_calibration_is_shown_before_and_after(strange: Unsure) -> None:
    """A second figure shows the probabilities as they were; the used ones are marked."""
    part = doubt_part(strange, classes=2)

    assert part.before and part.before.file == "figures/reliability_before.csv"
    table = part.calibrations
    assert table and table.rows[table.marked[0]][0] == "as judged here"
    assert [row[0] for row in table.rows] == [
        *("not calibrated", "as judged here", "one temperature", "vector scaling"),
        "isotonic steps",
    ]


def test_curve_of_what_is_answered_has_its_numbers(strange: Unsure) -> None:
    """A row a point of the record, rising to all items."""
    figure = doubt_part(strange, classes=2).answered

    assert [row[1] for row in figure.rows] == [p.items for p in strange.answered.points]
    assert figure.rows[-1][0] == 1.0


def test_what_is_missing_says_why() -> None:
    """Without held-out items and without strangeness there are sentences, also in German."""
    test = predictions().only("test")

    part = doubt_part(judge(test, JudgeSettings()).unsure, classes=2)
    assert part.sets[0].startswith("Prediction sets are not defined: there are no held-out items")
    assert part.strangers[0].startswith("No picture is refused as strange: the model does not")
    assert (part.set_table, part.before, part.calibrations) == (None, None, None)
    with speaking("de"):
        german = doubt_part(judge(test, JudgeSettings()).unsure, classes=2)
    assert german.strangers[0] == (
        "Kein Bild wird als fremd abgelehnt: das Modell misst nicht, wie fremd ein Bild ist."
    )
