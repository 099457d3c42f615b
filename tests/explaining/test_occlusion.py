"""Covering places finds the one that matters."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.explaining.occlusion import covered, occlusion
from objektiv.explaining.places import in_square
from objektiv.explaining.settings import HeatSettings

WHOLE = (slice(0, 60), slice(0, 60))


def _bright(squares: np.ndarray) -> np.ndarray:
    return np.asarray(squares[:, 20:30, 40:50].mean(axis=(1, 2, 3)))


def _square() -> np.ndarray:
    square = np.zeros((60, 60, 3), np.float32)
    square[20:30, 40:50] = 255
    return square


@pytest.mark.parametrize("fill", ["blur", "grey"])
def test_heat_peaks_where_the_answer_comes_from(fill: str) -> None:
    """A model that looks at one place loses its answer when that is covered."""
    settings = HeatSettings(fill=fill)  # type: ignore[arg-type]

    heat, field = occlusion(_square(), _bright, settings, inside=WHOLE, batch=7)
    found = in_square(heat, size=60, side=60, field=field)

    row, column = np.unravel_index(found.argmax(), found.shape)
    assert (20 <= row < 30, 40 <= column < 50) == (True, True)
    assert heat.max() > 0


def test_patches_cover_the_whole_picture_and_count_as_asked() -> None:
    """Smaller patches at smaller steps are more, and every pixel is under one of them."""
    seen = []

    def score(squares: np.ndarray) -> np.ndarray:
        seen.append(squares)
        return np.zeros(len(squares), np.float32)

    square = np.random.default_rng(0).uniform(0, 255, (60, 60, 3)).astype(np.float32)
    settings = HeatSettings(patch=0.2, stride=1.0, fill="grey")
    heat, field = occlusion(square, score, settings, inside=(slice(10, 50), slice(0, 60)), batch=5)

    assert heat.shape == (4, 5)
    assert field.step == (12.0, 12.0)
    patched = np.concatenate(seen[1:])
    changed = (patched != square).any(axis=(0, 3))
    assert changed[10:50].all()
    assert len(patched) == 20
    assert max(map(len, seen)) == 5


def test_what_covers_is_the_mean_colour_or_the_picture_out_of_focus() -> None:
    """Grey is flat, blur keeps the mean and loses the detail."""
    square = _square()

    assert np.ptp(covered(square, "grey")) == 0
    blurred = covered(square, "blur")
    assert blurred.mean() == pytest.approx(square.mean(), rel=0.1)
    assert blurred.max() < 120
