"""What is demanded of a threshold is demanded in one way."""

from __future__ import annotations

import pytest

from objektiv.base.errors import SettingsError
from objektiv.base.settings import make
from objektiv.judging.settings import JudgeSettings


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"sensitivity": 0.9, "specificity": 0.9},
            "only one of sensitivity, specificity",
        ),
        ({"sensitivity": 0.9, "cost_miss": 5, "cost_alarm": 1}, "only one of"),
        ({"cost_miss": 5}, "cost_miss and cost_alarm are needed together"),
        ({"sensitivity": 98}, "less than or equal to 1"),
        ({"prevalence": [0.0, 0.1]}, "greater than 0"),
    ],
)
def test_demands_that_contradict_are_refused(given: dict[str, object], message: str) -> None:
    """Two demands at once, half a pair of costs or a share above 1 is an error."""
    with pytest.raises(SettingsError, match=message):
        make(JudgeSettings, given)


def test_nothing_is_demanded_unasked() -> None:
    """By default no threshold is chosen."""
    settings = JudgeSettings()

    assert (settings.sensitivity, settings.specificity, settings.cost_miss) == (None, None, None)
