"""Doubts and promises in words."""

from __future__ import annotations

from dataclasses import replace

from objektiv.faces.doubts import unsure_lines
from objektiv.judging.intervals import NotDefined
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.unsure import unsure
from tests.judging.test_unsure import _said


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
