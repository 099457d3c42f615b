"""Optuna suggests values inside the space, and knows what was tried before."""

from __future__ import annotations

import pytest

pytest.importorskip("optuna", reason="the extra tune is not installed")

from objektiv.models.space import Range, Space
from objektiv.training.suggest import Suggester

SPACE = Space({"filters": ((8,), (8, 16)), "batch": Range(8, 64), "rate": Range(1e-4, 1e-1, True)})


def test_values_lie_in_the_space() -> None:
    """Lists come as they stand, whole numbers whole, ranges inside their ends."""
    suggester = Suggester(SPACE, seed=1)
    for number in range(12):
        values = suggester.ask(number)
        assert values["filters"] in SPACE.settings["filters"]  # type: ignore[operator]
        assert isinstance(values["batch"], int) and 8 <= values["batch"] <= 64
        assert 1e-4 <= values["rate"] <= 1e-1
        suggester.tell(number, None if number == 3 else values["rate"])


def test_a_trial_that_was_begun_keeps_its_values() -> None:
    """What a search that was cut off has chosen is asked for again."""
    known = {"filters": (8, 16), "batch": 11, "rate": 0.02}

    assert Suggester(SPACE, seed=1).ask(0, known) == known


def test_the_search_goes_where_it_is_better() -> None:
    """After thirty trials the last ten are nearer to the best rate than the first ten."""
    suggester, far = Suggester(SPACE, seed=3), []
    for number in range(40):
        values = suggester.ask(number)
        miss = abs(values["batch"] - 40)
        suggester.tell(number, miss)
        far.append(miss)

    assert sum(far[-10:]) < sum(far[:10])
