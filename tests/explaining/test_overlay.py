"""Heat over a picture shows its sign and its strength."""

from __future__ import annotations

import cv2
import numpy as np

from objektiv.explaining.overlay import AGAINST, FOR, overlay, png

GREY = np.full((4, 6, 3), 128, np.uint8)


def test_what_speaks_for_is_orange_and_what_speaks_against_blue() -> None:
    """Each sign pulls the picture towards its own colour, the stronger the more."""
    heat = np.zeros((4, 6), np.float32)
    heat[0, 0], heat[0, 1], heat[1, 0] = 1, 0.5, -1

    found = overlay(GREY, heat, scale=1.0).astype(int)

    def far(pixel: np.ndarray, colour: tuple[int, ...]) -> float:
        return float(np.abs(pixel - np.array(colour)).sum())

    assert far(found[0, 0], FOR) < far(found[0, 1], FOR) < far(GREY[0, 0], FOR)
    assert far(found[1, 0], AGAINST) < far(GREY[0, 0], AGAINST)
    assert (found[2:] == 128).all()


def test_no_heat_leaves_a_paler_picture() -> None:
    """A map of zeros is no error and shows nothing."""
    assert (overlay(GREY, np.zeros((4, 6), np.float32)) == GREY).all()


def test_the_png_is_read_as_it_was() -> None:
    """Red, green and blue come back in their order."""
    picture = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)

    read = cv2.imdecode(np.frombuffer(png(picture), np.uint8), cv2.IMREAD_COLOR)

    np.testing.assert_array_equal(read[..., ::-1], picture)
