"""Limits of the settings of reading, splitting and shaping."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from objektiv.base.errors import SettingsError
from objektiv.base.settings import Settings, make
from objektiv.data.settings import AugmentSettings, PixelSettings, ReadSettings, SplitSettings


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (ReadSettings, {"group": "C(\\d"}, "group = 'C\\(.*not a regular expression"),
        (ReadSettings, {"group": ""}, "group = ''"),
        (ReadSettings, {"parts": "old"}, "'given' or 'new'"),
        (ReadSettings, {"max_pixels": 0}, "max_pixels = 0"),
        (ReadSettings, {"grup": "C"}, "unknown setting 'grup', did you mean 'group'"),
        (SplitSettings, {"ratios": (0.6, 0.2, 0.3)}, "sum to 1, they sum to 1.1"),
        (SplitSettings, {"ratios": (0.8, 0.2, 0.0)}, "each share must be a positive number"),
        (SplitSettings, {"ratios": (1.2, -0.1, -0.1)}, "each share must be a positive number"),
        (SplitSettings, {"ratios": (float("nan"), 0.2, 0.2)}, "each share must be a positive"),
        (SplitSettings, {"ratios": (0.8, 0.2)}, "ratios"),
        (SplitSettings, {"folds": 1}, "folds = 1"),
        (SplitSettings, {"folds": 21}, "folds = 21"),
        (SplitSettings, {"seed": -1}, "seed = -1"),
        (PixelSettings, {"size": 7}, "greater than or equal to 8"),
        (PixelSettings, {"size": 1025}, "less than or equal to 1024"),
        (PixelSettings, {"size": "large"}, "size"),
        (PixelSettings, {"fit": "squeeze"}, "'letterbox', 'stretch' or 'crop'"),
        (AugmentSettings, {"rotation": 181}, "rotation = 181: .*less than or equal to 180"),
        (AugmentSettings, {"rotaton": 1}, "unknown setting 'rotaton', did you mean 'rotation'"),
        (AugmentSettings, {"width_shift": 20}, "width_shift = 20: .*less than or equal to 1"),
        (AugmentSettings, {"zoom": 1}, "zoom = 1: must be two rising numbers from 0.1 to 10"),
        (AugmentSettings, {"zoom": (1.5, 0.5)}, "zoom.*must be two rising numbers from 0.1"),
        (AugmentSettings, {"zoom": (0.5, 1, 2)}, "zoom"),
        (AugmentSettings, {"zoom": "wide"}, "zoom = 'wide'"),
        (AugmentSettings, {"zoom": float("nan")}, "zoom = nan: must be two rising numbers"),
        (AugmentSettings, {"brightness": (0.1, 11)}, "two rising numbers from 0 to 10"),
        (AugmentSettings, {"fill_mode": "mirror"}, "'nearest', 'constant', 'reflect' or 'wrap'"),
        (AugmentSettings, {"horizontal_flip": "often"}, "horizontal_flip = 'often'"),
    ],
)
def test_values_outside_the_limits_are_refused(
    kind: type[Settings], values: dict[str, Any], message: str
) -> None:
    """A value that does not fit gives a settings error with its name and what is allowed."""
    with pytest.raises(SettingsError, match=message):
        make(kind, values)


def test_all_mistakes_are_told_at_once() -> None:
    """Two wrong values appear in one message."""
    with pytest.raises(SettingsError, match="folds = 1: .*seed = -1: |seed = -1: .*folds = 1: "):
        make(SplitSettings, {"folds": 1, "seed": -1})


def test_values_inside_the_limits_are_taken() -> None:
    """Values at the limits are kept as they are."""
    assert make(PixelSettings, {"size": 512}).size == 512
    assert make(PixelSettings, {"size": "32"}).size == 32  # as a flag brings it
    assert make(PixelSettings, {}).size == "auto"
    assert make(SplitSettings, {"ratios": (0.7, 0.15, 0.15), "folds": 20}).folds == 20
    assert make(ReadSettings, {"group": r"C\d+"}).group == r"C\d+"


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (0.1, (0.9, 1.1)),
        ("0.1", (0.9, 1.1)),
        (["0.1"], (0.9, 1.1)),  # as a flag brings it
        (["0.5", "1.5"], (0.5, 1.5)),
        ((0.5, 1), (0.5, 1)),
        (0, (1, 1)),
    ],
)
def test_zoom_is_one_number_or_two(given: object, taken: tuple[float, float]) -> None:
    """One number z means from 1-z to 1+z, as in Keras; two are the range."""
    assert make(AugmentSettings, {"zoom": given}).zoom == pytest.approx(taken)


def test_settings_load_nothing_heavy() -> None:
    """Importing the settings imports no library that reads images or tables."""
    program = (
        "import sys, objektiv.data.settings; "
        "print({'numpy', 'polars', 'cv2', 'PIL', 'yaml'} & set(sys.modules))"
    )

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (loaded.stdout, loaded.stderr) == ("set()\n", "")
