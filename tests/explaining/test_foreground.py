"""The object is told from the background as the colour numbers do it."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.data.images import to_square
from objektiv.explaining.foreground import foreground, grid_of
from objektiv.features.descriptors import COLOURS, COLUMNS, add_colours
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.shipping.session import Network
from objektiv.shipping.taps import Taps
from tests.explaining.small import drawn


def _share(square: np.ndarray) -> float:
    """What the graph of the descriptors says."""
    size = len(square)
    graph = GraphBuilder()
    pixels = graph.input("pixels", FLOAT, [1, size, size, 3])
    graph.output(add_colours(graph, pixels, size=size), FLOAT, [1, len(COLUMNS)])
    taps = Taps(Network(graph.model("colours")), ())
    return float(taps(square[None])[COLOURS][0, COLUMNS.index("foreground share")])


@pytest.mark.parametrize("size", [64, 128, 224])
def test_the_share_is_that_of_the_descriptors(size: int) -> None:
    """Both rules find an object of the same size in the same picture."""
    for number in range(4):
        square = to_square(drawn(number), size=size, fit="letterbox")
        assert foreground(square).mean() == pytest.approx(_share(square), abs=2e-3)


def test_a_flat_picture_has_no_object() -> None:
    """Where nothing differs from the border nothing is object."""
    assert not foreground(np.full((64, 64, 3), 90.0, np.float32)).any()


def test_the_grid_is_near_64_cells_and_divides_the_square() -> None:
    """As the descriptors divide it."""
    assert [grid_of(size) for size in (28, 64, 128, 224, 299)] == [28, 64, 64, 56, 23]
