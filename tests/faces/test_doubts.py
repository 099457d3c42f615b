"""Doubts and promises in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from objektiv.faces.doubts import told_doubt, unsure_lines
from objektiv.judging.intervals import NotDefined
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.unsure import unsure
from objektiv.shipping.limits import Doubt
from tests.judging.test_unsure import _said

CLASSES = ("ill", "well", "blurred", "empty", "torn", "twin")


@pytest.mark.parametrize(
    ("doubt", "told"),
    [
        (None, ""),
        (
            Doubt("strange", strangeness=8.13, limit=4.2),
            "unlike the pictures it learnt from: strangeness 8.13, limit 4.20",
        ),
        (
            Doubt("several", coverage=0.95, possible=(1, 0)),
            "well and ill are both possible at a coverage of 95 %",
        ),
        (
            Doubt("several", coverage=0.995, possible=(0, 1, 2)),
            "ill, well and blurred are possible at a coverage of 99.5 %",
        ),
        (
            Doubt("several", coverage=0.9, possible=(0, 1, 2, 3, 4, 5)),
            "ill, well, blurred and 3 more are possible at a coverage of 90 %",
        ),
        (Doubt("none", coverage=0.9), "no class is probable enough at a coverage of 90 %"),
    ],
)
def test_a_doubt_is_told_in_words(doubt: Doubt | None, told: str) -> None:
    """Each kind of doubt is one phrase that names what it rests on."""
    assert told_doubt(doubt, CLASSES) == told


def test_promises_are_told_with_what_became_of_them() -> None:
    """Coverage, single classes and refusals are told with their intervals."""
    found = unsure(_said(1), _said(2), JudgeSettings(coverage=0.9, refuse=0.1))

    sets, refused = unsure_lines(found)

    assert sets.startswith("Prediction sets that promise 90 %: the true class is in 88.2 % (85.2")
    assert "hold one class, of them" in sets
    assert refused.endswith("of these pictures, 10 % were allowed.")


def test_nothing_is_told_of_promises_that_were_not_made() -> None:
    """Without held-out items there is no sentence; what is not to be trusted carries a warning."""
    found = unsure(_said(1), None, JudgeSettings())
    assert list(unsure_lines(found)) == []

    held = _said(2)
    held = replace(held, groups=("a",) * 450 + ("b",) * 450)
    few = unsure(_said(1), held, JudgeSettings())
    few = replace(few, strangers=NotDefined("not measured"))
    _, warning = unsure_lines(few)

    assert warning.startswith("Warning: prediction sets were chosen on only 2 groups")
