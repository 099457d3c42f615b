"""The page of curves says what was measured, what is expected, and whether that can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from objektiv.faces.curve_page import checked, coarse, headline, page
from objektiv.flow.curve import Coarse, Curved
from objektiv.flow.curve_law import Forecast, Learning, Point
from objektiv.judging.intervals import Interval, difference, proportion
from objektiv.models.growth import Growth


def _share(hits: int) -> Interval:
    return proportion(np.arange(100) < hits, None)


@pytest.fixture
def curved() -> Curved:
    """Two numbers of images, and pictures of 16 and 64 beside 128 pixels."""
    law = Growth(np.array([0.02]), np.array([1.0]), np.array([0.5]))
    points = (Point(100, 4, _share(88), (0.87, 0.89)), Point(400, 9, _share(93), (0.92, 0.94)))
    learning = Learning(
        points, law, law, (Forecast(800, 0.95, 0.94, 0.96),), (0.9, 0.89, 0.91, 0.93)
    )
    lost = difference(-(np.arange(100) < 20).astype(float), None)
    same = difference(np.zeros(100), None)
    sides = (
        Coarse(16, _share(73), lost),
        Coarse(64, _share(93), same),
        Coarse(128, _share(93), None),
    )
    return Curved(Path("c-001"), cast(Any, None), 500, True, learning, sides, 128, 1.0)


def test_sentences_tell_the_figures(curved: Curved) -> None:
    """Reached, expected, tried, and the least resolution that is enough."""
    assert "twice as many are expected to give 95.0 % (94.0 to 96.0)" in headline(curved)
    assert "it did not hold" in checked(curved)
    assert coarse(curved).startswith("64 pixels a side are not shown to be worse than 128")


def test_the_page_has_both_figures(curved: Curved) -> None:
    """Two drawings, two tables, no script."""
    text = page(curved)

    assert text.count('<svg class="drawing"') == 2 and text.count("<table") == 2
    assert "<script" not in text
