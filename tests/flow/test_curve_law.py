"""The law of a learning curve is found where one is planted."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.flow.curve_law import law_of


def test_a_planted_law_is_foretold() -> None:
    """Hits drawn by error 0.02 + n^-0.5: twice as many images lie inside what is said."""
    rng = np.random.default_rng(5)
    images = np.geomspace(20, 2000, 7)
    errors = 0.02 + images**-0.5
    hits = rng.random((7, 8, 1500)) > errors[:, None, None]
    found = law_of(hits, images, None, None, np.random.default_rng(2))
    more = found.forecasts[0]

    assert more.images == pytest.approx(4000)
    truth = 1 - (0.02 + 4000**-0.5)
    assert more.low - 0.002 <= truth <= more.high + 0.002 and more.high - more.low < 0.03
    assert found.tried is not None and found.tried[3] == pytest.approx(hits[-1].mean())
