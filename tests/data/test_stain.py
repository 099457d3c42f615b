"""The parts that synthetic cells are drawn with."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.base.seeds import generator
from objektiv.data.stain import VIOLET, Cell, Sheet, look_of_patient, turned, window


def test_a_dot_is_darkest_in_its_middle_and_stays_near_it() -> None:
    """Stain lies where the dot is, and none farther than its reach."""
    rng = generator(0, "dot")
    sheet = Sheet(look_of_patient(rng), rng, height=40, width=50)

    sheet.dots(np.array([[20.0], [10.0]]), np.array([3.0]), violet=np.array([0.7]))

    violet = sheet.layers[VIOLET]
    assert np.unravel_index(violet.argmax(), violet.shape) == (10, 20)
    assert violet.max() == pytest.approx(0.7)
    assert not violet[25:].any()


def test_places_in_a_cell_lie_at_their_share_of_its_radius() -> None:
    """Along the longer axis they lie farther out."""
    cell = Cell(10.0, 20.0, 5.0, 2.0, 0.3)
    places = np.array([cell.at(generator(0, "at", n), 1.0) for n in range(50)])

    away = np.hypot(*(places - [10.0, 20.0]).T)
    assert away.min() >= 5.0 - 1e-6
    assert away.max() <= 10.0 + 1e-6


def test_turning_and_windows() -> None:
    """A quarter turn brings x to y, and a window ends behind its reach."""
    np.testing.assert_allclose(turned(np.array([1.0, 0.0]), np.pi / 2), [0, 1], atol=1e-12)
    assert window(np.array([5.0, 9.0]), 2.0) == slice(3, 13)
