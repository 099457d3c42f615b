"""A rehearsal measures and changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs objektiv[torch]")
pytest.importorskip("lightning", reason="needs objektiv[torch]")

from objektiv.models.layers import network
from objektiv.models.settings import NetworkSettings
from objektiv.training.build import FromNothing
from objektiv.training.pictures import Lessons, of_arrays
from objektiv.training.rehearse import LOOP, Rehearsed, rehearse
from objektiv.training.settings import FitSettings


def test_a_rehearsal_tells_seconds_a_picture() -> None:
    """Both ways through a network take longer than one way, and the pictures stay as they were."""
    layers = network(NetworkSettings(filters=(8, 8), dense=(16,)), classes=2)
    squares = np.random.default_rng(0).integers(0, 255, (80, 48, 48, 3), dtype=np.uint8)
    before, pictures = squares.copy(), of_arrays(squares, np.arange(80) % 2)
    lessons = Lessons(pictures.only(np.arange(40)), pictures.only(np.arange(40, 80)))

    found = rehearse(FromNothing(layers, size=48), lessons, FitSettings(device="cpu"), seed=0)

    assert 0 < found.validation < found.train < 1
    assert found.parameters == sum(np.prod(s) for s in layers.weights(48).trained.values())
    np.testing.assert_array_equal(squares, before)


def test_an_epoch_is_reckoned_from_its_pictures() -> None:
    """Training and validation pictures, and what happens around them."""
    assert Rehearsed(0.1, 0.01, 0).epoch(100, 50) == pytest.approx(10.5 + LOOP)
