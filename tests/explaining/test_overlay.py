"""Heat over a picture shows its sign and its strength."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from objektiv.explaining.overlay import AGAINST, FOR, overlay, png, readable

GREY = np.full((4, 6, 3), 128, np.uint8)


def test_what_speaks_for_is_orange_and_what_speaks_against_blue() -> None:
    """Each sign pulls the picture towards its own colour, the stronger the more."""
    heat = np.zeros((40, 60), np.float32)
    heat[:20, :20], heat[:20, 20:], heat[20:, :30] = 1, 0.5, -1

    found = overlay(np.full((40, 60, 3), 128, np.uint8), heat, scale=1.0)[::10, ::10].astype(int)

    def far(pixel: np.ndarray, colour: tuple[int, ...]) -> float:
        return float(np.abs(pixel - np.array(colour)).sum())

    assert far(found[0, 0], FOR) < far(found[0, 4], FOR) < far(GREY[0, 0], FOR)
    assert far(found[3, 0], AGAINST) < far(GREY[0, 0], AGAINST)
    assert (found[3, 5] == 128).all()


def test_a_single_pixel_is_made_as_large_as_one_can_see() -> None:
    """A maximum in one pixel is blurred, its sum kept, its place too."""
    heat = np.zeros((100, 80), np.float32)
    heat[50, 40] = 1

    found = readable(heat)

    assert found.sum() == pytest.approx(1, abs=1e-3)
    assert found.argmax() == heat.argmax()
    assert (found > 0.1 * found.max()).sum() > 50


def test_no_heat_leaves_a_paler_picture() -> None:
    """A map of zeros is no error and shows nothing."""
    assert (overlay(GREY, np.zeros((4, 6), np.float32)) == GREY).all()


def test_the_png_is_read_as_it_was() -> None:
    """Red, green and blue come back in their order."""
    picture = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)

    read = cv2.imdecode(np.frombuffer(png(picture), np.uint8), cv2.IMREAD_COLOR)

    np.testing.assert_array_equal(read[..., ::-1], picture)
