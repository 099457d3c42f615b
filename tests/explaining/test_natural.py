"""Natural changes are what their names say, at every level."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.base.seeds import generator
from objektiv.explaining.natural import NATURAL, STAINS
from tests.explaining.small import drawn

EACH = [(name, level) for name, kind in NATURAL.items() for level in kind.levels]


def _change(name: str, level: float, picture: np.ndarray) -> np.ndarray:
    return NATURAL[name].change(picture, level, generator(0, "natural"))


@pytest.mark.parametrize(("name", "level"), EACH)
def test_a_changed_picture_is_a_picture_and_the_given_one_stays(name: str, level: float) -> None:
    """Shape and type stay, something changes, and the input is left alone."""
    picture = drawn(1)
    kept = picture.copy()

    found = _change(name, level, picture)

    assert found.shape == picture.shape
    assert found.dtype == np.uint8
    assert not np.array_equal(found, picture)
    np.testing.assert_array_equal(picture, kept)


@pytest.mark.parametrize("name", NATURAL)
def test_each_level_changes_more_than_the_one_before(name: str) -> None:
    """From weak to strong, as the curves draw them."""
    picture = drawn(2)
    changes = [
        np.abs(_change(name, level, picture).astype(float) - picture).mean()
        for level in NATURAL[name].levels
    ]

    assert changes == sorted(changes)


def test_noise_has_the_deviation_that_it_says() -> None:
    """On mid grey, where nothing is cut off."""
    grey = np.full((200, 200, 3), 128, np.uint8)

    assert float(_change("noise", 16, grey).astype(float).std()) == pytest.approx(16, rel=0.02)


def test_blur_is_pillows() -> None:
    """A dot spreads as Pillow's Gaussian of the same radius spreads it."""
    from PIL import Image, ImageFilter

    picture = np.zeros((41, 41, 3), np.uint8)
    picture[20, 20] = 255
    expected = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(2)), float)

    found = _change("blur", 2, picture).astype(float)

    assert np.abs(found - expected).max() <= 3


@pytest.mark.parametrize("name", ["bluer", "redder"])
def test_a_pure_stain_changes_by_the_share_that_is_said(name: str) -> None:
    """What one stain alone absorbed is absorbed so much more or less."""
    stain = STAINS[0] / np.linalg.norm(STAINS[0])
    picture = np.tile(np.rint(256 * np.exp(-0.5 * stain) - 1), (4, 4, 1)).astype(np.uint8)
    level = NATURAL[name].levels[1]

    found = _change(name, level, picture)

    expected = 256 * np.exp(-0.5 * (1 + level) * stain) - 1
    np.testing.assert_allclose(found[0, 0], expected, atol=1.5)


def test_empty_glass_has_no_stain_to_shift() -> None:
    """White stays white."""
    white = np.full((4, 4, 3), 255, np.uint8)

    assert _change("bluer", 0.8, white).min() == 255
