"""Heat comes from the places of a map to the picture's pixels, and none is lost."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.base.seeds import generator
from objektiv.data.images import to_square
from objektiv.data.settings import Fit
from objektiv.explaining.places import Field, even, in_picture, in_square, inside_of

FIELD = Field((15.5, 15.5), (16.0, 16.0))


def test_the_square_holds_all_heat_of_the_places() -> None:
    """Whatever the field and the side, the sum stays."""
    places = generator(0, "places").normal(size=(5, 4, 4))
    for field in (None, FIELD, Field((4.0, 0.5), (8.0, 0.25)), Field((70.0, 0.0), (16.0, 16.0))):
        for side in (64, 32, 128):
            found = in_square(places, size=64, side=side, field=field)
            assert found.shape == (5, side, side)
            np.testing.assert_allclose(found.sum(axis=(1, 2)), places.sum(axis=(1, 2)), atol=1e-4)


def test_a_place_lies_where_its_field_says() -> None:
    """The middle of what one place gives is the middle of what it sees."""
    places = np.zeros((4, 4))
    places[1, 2] = 1

    found = in_square(places, size=64, side=64, field=FIELD)

    pixels = np.arange(64) + 0.5
    assert found.sum(axis=1) @ pixels == pytest.approx(31.5, abs=0.51)
    assert found.sum(axis=0) @ pixels == pytest.approx(47.5, abs=0.51)


@pytest.mark.parametrize("fit", ["letterbox", "stretch", "crop"])
@pytest.mark.parametrize("shape", [(90, 70), (30, 200), (500, 300), (5, 5), (1, 9)])
def test_heat_of_the_square_comes_to_the_pixels_that_were_there(
    shape: tuple[int, int], fit: Fit
) -> None:
    """A mark in the picture is found again from where it is in the square, to half a pixel's step;
    what lies in the picture keeps its sum."""
    height, width = shape
    row, column = height // 2, width // 2
    marked = np.zeros((height, width, 3), np.uint8)
    marked[row, column] = 255
    square = to_square(marked, size=64, fit=fit)[..., 0]
    rows, columns = inside_of(shape, size=64, fit=fit)
    inside = np.zeros_like(square)
    inside[rows, columns] = square[rows, columns]

    found = in_picture(inside, shape, size=64, fit=fit)

    assert found.shape == shape
    assert found.sum() == pytest.approx(inside.sum(), rel=1e-4)
    middle = (found.sum(axis=1) @ np.arange(height)) / found.sum()
    across = (found.sum(axis=0) @ np.arange(width)) / found.sum()
    reach = max(1.0, max(shape) / 64)
    assert abs(middle - row) <= reach
    assert abs(across - column) <= reach


def test_places_without_a_field_share_the_square_evenly() -> None:
    """Four places of 64 pixels lie at 8, 24, 40 and 56."""
    assert even((3, 4, 2), 64) == Field((8.0, 16.0), (16.0, 32.0))


def test_heat_beside_the_picture_is_left_out() -> None:
    """The edges that a letterbox fills up are not in the picture."""
    found = in_picture(np.ones((64, 64), np.float32), (32, 64), size=64, fit="letterbox")

    assert found.shape == (32, 64)
    assert found.sum() == pytest.approx(32 * 64)
