"""The page of a search: means by value, the honest note, names escaped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from objektiv.faces.tune_page import board, effect_figure, effects, expected, page
from objektiv.flow.run import Run
from objektiv.flow.tune import Row, Tuned
from objektiv.judging.intervals import proportion
from objektiv.models.search import Honest

HITS = {("<a>", 1): 18, ("<a>", 2): 14, ("b", 1): 16, ("b", 2): 10}


@pytest.fixture
def tuned(trained: Path) -> Tuned:
    """Four trials of two settings on 20 items."""
    rows = []
    for number, ((name, rate), hits) in enumerate(HITS.items()):
        correct = np.arange(20) < hits
        values: dict[str, Any] = {"optimizer": name, "learning_rate": rate}
        accuracy = proportion(correct, None)
        rows.append(Row(number, values, accuracy, 1 - hits / 20, correct, Run(trained)))
    worth = Honest(0.3, 0.85, 0.02, -0.01, 0.05, 0.05)
    ranked = tuple(sorted(rows, key=lambda row: row.log_loss))
    return Tuned(Path("t"), "runs", ranked, (), None, worth, "the first", Run(trained), 1.0)


def test_means_are_over_all_other_settings(tuned: Tuned) -> None:
    """Of each value: trials, mean of their accuracies, the best of them."""
    found = {e.value: (e.trials, round(e.accuracy.estimate, 3), e.best)
             for e in effects(tuned, "optimizer")}  # fmt: skip

    assert found == {"<a>": (2, 0.8, 0.9), "b": (2, 0.65, 0.8)}


def test_the_best_stands_first(tuned: Tuned) -> None:
    """The leaderboard begins with the least log loss, and can be cut."""
    table = board(tuned, most=2)

    assert [row[1:3] for row in table.rows] == [("<a>", "1"), ("b", "1")]


def test_luck_is_told(tuned: Tuned) -> None:
    """What is to be expected, and that a gain whose interval holds 0 proves nothing."""
    told = expected(tuned)

    assert "85.0 % are to be expected" in told and "not shown to be better" in told


def test_names_are_escaped_and_each_setting_is_drawn(tuned: Tuned) -> None:
    """A value from a file is text in the page, and a figure has a mark a value."""
    text = page(tuned)

    assert "optimizer &lt;a&gt;" in text and "<a>" not in text.replace("<a href", "")
    assert len(effect_figure(tuned, "learning_rate").axes[0].get_xticks()) == 2
