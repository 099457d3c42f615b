"""Changed pictures: what is taken away is gone, what stays is untouched."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from objektiv.base import seeds
from objektiv.data.augment import apply, at_ends, transform
from objektiv.data.settings import AugmentSettings
from objektiv.features.changes import BLUR, CHANGES, GREY, Augmented, blur, border, changed

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


TURNED = AugmentSettings(rotation=30, zoom=(0.8, 1.2), brightness=(0.5, 0.9))


def test_an_augmented_view_is_drawn_from_the_content_alone() -> None:
    """It is what training would draw for an item of this name in the epoch of this number."""
    view = Augmented(TURNED, seed=4, number=2)
    wanted = apply(SQUARE, transform(TURNED, seed=4, epoch=2, item="abc"))

    assert np.array_equal(changed(SQUARE, view, hash="abc"), wanted)
    assert not np.array_equal(changed(SQUARE, view, hash="abd"), wanted)


def test_a_view_at_the_ends_is_the_change_at_the_ends() -> None:
    """The strength is that of the settings, whatever the number."""
    view = Augmented(TURNED, seed=4, number=7, drawn="ends")
    wanted = apply(SQUARE, at_ends(TURNED, seed=4, item="abc"))

    assert np.array_equal(changed(SQUARE, view, hash="abc"), wanted)


def test_the_name_of_a_view_tells_all_that_decides_it() -> None:
    """Settings, seed, number and how it is drawn: each makes another name, equal ones the same."""
    names = [
        Augmented(TURNED, seed=0).name,
        Augmented(TURNED, seed=1).name,
        Augmented(TURNED, seed=0, number=1).name,
        Augmented(TURNED, seed=0, drawn="ends").name,
        Augmented(TURNED.model_copy(update={"fill_mode": "wrap"}), seed=0).name,
    ]

    assert len(set(names)) == len(names)
    assert Augmented(TURNED.model_copy(), seed=0).name == names[0]


def test_changes_by_name_are_as_before() -> None:
    """Blur and border take no notice of the content's hash."""
    assert np.array_equal(changed(SQUARE, "blur", hash="a"), blur(SQUARE))
    assert np.array_equal(changed(SQUARE, "border", hash="b"), border(SQUARE))


def test_coarse_keeps_means_and_takes_detail() -> None:
    """Pictures of so many pixels: the mean stays, a fine checkerboard turns grey, a picture that
    was as coarse already keeps its pixels' middles."""
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.float32)
    square = np.repeat(board[:, :, None], 3, axis=2)
    np.testing.assert_allclose(changed(square, "pixels-16", hash=""), 127.5, atol=1e-3)
    steps = np.repeat(np.repeat(np.random.default_rng(1).random((8, 8, 3)), 9, 0), 9, 1)
    steps = (255 * steps).astype(np.float32)
    found = changed(steps, "pixels-8", hash="")

    np.testing.assert_allclose(found[4::9, 4::9], steps[4::9, 4::9], atol=1e-2)
    assert found.dtype == np.float32 and found.shape == steps.shape
