"""Changed pictures: what is taken away is gone, what stays is untouched."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from objektiv.base import seeds
from objektiv.features.changes import BLUR, CHANGES, GREY, blur, border, change_of

SQUARE = seeds.generator(0, "changes").uniform(0, 255, (64, 64, 3)).astype(np.float32)


def test_blur_is_a_gaussian_with_repeated_edges() -> None:
    """SciPy's separable Gaussian gives the same within two grey levels."""
    wanted = SQUARE.astype(np.float64)
    for axis in (0, 1):
        wanted = gaussian_filter1d(wanted, BLUR * 64, axis=axis, mode="nearest")

    assert np.abs(blur(SQUARE) - wanted).max() < 2


def test_blur_leaves_no_texture() -> None:
    """Noise of 74 grey levels' deviation becomes flat."""
    assert blur(SQUARE).std() < 0.1 * SQUARE.std()


def test_border_keeps_the_outer_tenth_only() -> None:
    """Outside nothing changes, inside all is grey: two insides give one picture."""
    other = SQUARE.copy()
    other[6:-6, 6:-6] = 0

    covered = border(SQUARE)

    assert np.array_equal(covered, border(other))
    assert (covered[6:-6, 6:-6] == GREY).all()
    assert np.array_equal(covered[:6], SQUARE[:6])
    assert np.array_equal(covered[:, -6:], SQUARE[:, -6:])


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_leaves_its_input_alone(name: str) -> None:
    """The square that comes in is not written to, and the shape and type stay."""
    before = SQUARE.copy()

    changed = CHANGES[name](SQUARE)

    assert np.array_equal(SQUARE, before)
    assert changed.shape == SQUARE.shape
    assert changed.dtype == np.float32


def test_coarse_keeps_means_and_takes_detail() -> None:
    """Pictures of so many pixels: the mean stays, a fine checkerboard turns grey, a picture that
    was as coarse already keeps its pixels' middles."""
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.float32)
    square = np.repeat(board[:, :, None], 3, axis=2)
    np.testing.assert_allclose(change_of("pixels-16")(square), 127.5, atol=1e-3)
    steps = np.repeat(np.repeat(np.random.default_rng(1).random((8, 8, 3)), 9, 0), 9, 1)
    steps = (255 * steps).astype(np.float32)
    found = change_of("pixels-8")(steps)

    np.testing.assert_allclose(found[4::9, 4::9], steps[4::9, 4::9], atol=1e-2)
    assert found.dtype == np.float32 and found.shape == steps.shape
