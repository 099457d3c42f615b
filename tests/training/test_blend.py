"""States on the line between where training began and where it ended."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.training.blend import SHARES, between, choose
from objektiv.training.trainable import State


def _state(value: float) -> State:
    return {"a": np.full((2, 2), value, np.float32), "b": np.array([value], np.float32)}


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_between_is_on_the_line(share: float) -> None:
    """Every number is the share of the way, in 32 bits."""
    found = between(_state(2), _state(4), share)
    assert all(array.dtype == np.float32 for array in found.values())
    assert all((array == 2 + 2 * share).all() for array in found.values())


@pytest.mark.parametrize(("best", "share"), [(3.0, 0.5), (3.4, 0.75), (9.0, 1.0), (0.0, 0.25)])
def test_the_state_that_judges_best_is_chosen(best: float, share: float) -> None:
    """Every share is tried, and never the beginning itself."""
    tried: list[float] = []

    def loss(state: State) -> float:
        tried.append(float(state["b"][0]))
        return abs(tried[-1] - best)

    found = choose(_state(2), _state(4), loss)
    assert found.share == share
    assert found.state["b"][0] == pytest.approx(2 + 2 * share)
    assert sorted(tried) == sorted(2 + 2 * s for s in SHARES)


def test_of_equals_the_farther_is_kept() -> None:
    """What was learnt is given up only for something better."""
    assert choose(_state(2), _state(4), lambda state: 1.0).share == 1.0
