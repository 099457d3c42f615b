"""Operators and the strengths at which they are tried."""

from __future__ import annotations

import pytest

from objektiv.auditing.operators import OPERATORS, filling, interpolation, widened
from objektiv.data.augment import at_ends
from objektiv.data.settings import AugmentSettings

PLAIN = AugmentSettings()
BLACK = AugmentSettings(fill_mode="constant", fill_value=7)


def test_the_gallery_covers_the_ranges_of_the_course() -> None:
    """Rotation 90, shifts 0.3, shear 45, zoom 0.5 to 1.5, brightness 0.1 to 0.9, both flips."""
    reached = {name: {s.value for s in operator.steps} for name, operator in OPERATORS.items()}

    assert reached["rotation"] >= {90} and reached["shear"] >= {45}
    assert 0.3 in reached["width_shift"] and 0.3 in reached["height_shift"]
    assert reached["zoom"] >= {0.5, 1.5} and reached["brightness"] >= {0.1, 0.9}
    assert {"horizontal_flip", "vertical_flip"} <= set(reached)


@pytest.mark.parametrize("name", OPERATORS)
def test_a_step_changes_by_its_value_and_nothing_else(name: str) -> None:
    """Every other setting is as it is in a plain object, but for how emptied places are filled."""
    for step in OPERATORS[name].steps:
        settings = step.settings(BLACK)
        changed = settings.model_dump(exclude_defaults=True)
        assert set(changed) == {name, "fill_mode", "fill_value"}
        assert filling(settings) == filling(BLACK)


def test_a_step_is_drawn_at_its_strength() -> None:
    """A turn by 30 degrees is one to the left or to the right, a zoom the same in both."""
    turn, zoom = (OPERATORS[name].step(value) for name, value in (("rotation", 30), ("zoom", 0.75)))
    turns = {at_ends(turn.settings(PLAIN), seed=0, item=k).rotation for k in range(20)}
    change = at_ends(zoom.settings(PLAIN), seed=0, item=0)

    assert turns == {-30, 30}
    assert (change.zoom_x, change.zoom_y) == (0.75, 0.75)


def test_strengths_are_told_in_their_units() -> None:
    """Degrees, shares and factors."""
    told = [
        OPERATORS[n].steps[0].told for n in ("rotation", "width_shift", "zoom", "vertical_flip")
    ]

    assert told == ["10°", "5 %", "x 0.9", "upside down"]


def test_widened_reaches_from_nothing_to_every_step() -> None:
    """The largest turn, both sides of a factor, and a flip that is on."""
    zoom = OPERATORS["zoom"]
    steps = [
        OPERATORS["rotation"].step(10),
        OPERATORS["rotation"].step(30),
        zoom.step(0.75),
        zoom.step(1.1),
        OPERATORS["brightness"].step(0.7),
        OPERATORS["vertical_flip"].step(1),
    ]

    assert widened(steps, like=BLACK) == AugmentSettings(
        rotation=30,
        zoom=(0.75, 1.1),
        brightness=(0.7, 1.0),
        vertical_flip=True,
        fill_mode="constant",
        fill_value=7,
    )
    assert widened([], like=PLAIN) == PLAIN


def test_interpolation_moves_by_half_a_pixel() -> None:
    """To either side, in both directions."""
    change = at_ends(interpolation(128), seed=0, item=0)

    assert abs(change.right * 128) == abs(change.down * 128) == 0.5
