"""Random changes of pictures, against Keras' own functions and by hand."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from objektiv.data.augment import Change, apply, at_ends, augment_batch, transform
from objektiv.data.settings import AugmentSettings

# Largest difference from Keras in levels of 255, measured on noise, the worst picture there is:
# 0.003 in float32 (coordinates of float32 against float64), and half a level more in uint8.
CLOSE, ROUNDED = 0.01, 0.51

EVERYTHING = AugmentSettings(
    rotation=90,
    width_shift=0.3,
    height_shift=0.3,
    shear=45,
    zoom=(0.5, 1.5),
    horizontal_flip=True,
    vertical_flip=True,
    brightness=(0.2, 1.8),
    channel_shift=60,
    fill_value=40,
)
MOVES = EVERYTHING.model_copy(update={"brightness": (1.0, 1.0), "channel_shift": 0.0})
COURSE = AugmentSettings(
    rotation=30, width_shift=0.1, height_shift=0.1, shear=0.1, zoom=(0.9, 1.1), horizontal_flip=True
)


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)


def drawn(settings: AugmentSettings, count: int) -> list[Change]:
    return [transform(settings, seed=3, epoch=0, item=number) for number in range(count)]


def as_keras_does(picture: NDArray[Any], change: Change, *, mode: str = "") -> NDArray[np.float32]:
    """What Keras' ImageDataGenerator makes of it, given the same numbers."""
    os.environ.setdefault("KERAS_BACKEND", "openvino")  # any will do: this part is NumPy and SciPy
    pytest.importorskip("keras", reason="Keras is the truth here (extra zoo)")
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    side = len(picture)
    numbers = {
        "theta": change.rotation,
        "tx": change.right * side,
        "ty": change.down * side,
        "shear": change.shear,
        "zx": change.zoom_x,
        "zy": change.zoom_y,
        "flip_horizontal": change.mirror,
        "flip_vertical": change.upside_down,
        "channel_shift_intensity": change.channel_shift or None,
        "brightness": change.brightness if change.brightness != 1 else None,
    }
    keras = ImageDataGenerator(fill_mode=mode or change.fill_mode, cval=change.fill_value)
    return np.asarray(keras.apply_transform(picture.astype(np.float32), numbers))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
class TestAgainstKeras:
    """The same numbers drawn give the same picture as ImageDataGenerator."""

    @pytest.mark.parametrize(
        ("mode", "theirs"),
        [
            ("nearest", "nearest"),
            ("reflect", "reflect"),
            ("wrap", "grid-wrap"),  # Keras' "wrap" is SciPy's, which leaves out a row
            ("constant", "grid-constant"),  # and its "constant" cuts the outermost half pixel
        ],
    )
    def test_moves(self, mode: Any, theirs: str) -> None:
        """Turn, shift, shear, zoom and flips together differ by no visible amount."""
        picture = noise(48, 48, 3)
        for change in drawn(MOVES.model_copy(update={"fill_mode": mode}), 25):
            expected = as_keras_does(picture, change, mode=theirs)

            np.testing.assert_allclose(apply(picture, change), expected, atol=CLOSE)

    def test_constant_inside(self) -> None:
        """With Keras' own constant mode only pixels at the seam differ."""
        picture = noise(48, 48, 3)
        change = Change(rotation=20, right=0.2, fill_mode="constant", fill_value=40)

        different = np.abs(apply(picture, change) - as_keras_does(picture, change)) > CLOSE

        assert 0 < different.any(axis=2).sum() < 4 * 48

    @pytest.mark.parametrize("operator", ["rotation", "right", "down", "shear"])
    def test_each_move_alone(self, operator: str) -> None:
        """Each move has Keras' sign and size on its own."""
        picture = noise(32, 32, 3)
        value = 0.2 if operator in ("right", "down") else 20.0
        change = replace(Change(), **{operator: value})

        np.testing.assert_allclose(
            apply(picture, change), as_keras_does(picture, change), atol=CLOSE
        )

    def test_whole_levels(self) -> None:
        """A picture of uint8 comes out as Keras' picture rounded to whole levels."""
        picture = noise(48, 48, 3).astype(np.uint8)
        for change in drawn(MOVES, 10):
            result = apply(picture, change)

            assert result.dtype == np.uint8
            np.testing.assert_allclose(result, as_keras_does(picture, change), atol=ROUNDED)

    def test_channel_shift(self) -> None:
        """All channels move by the same number of levels, within the picture's own limits."""
        picture = noise(16, 16, 3) / 2 + 50
        for shift in (-70.0, 30.5, 90.0):
            change = Change(channel_shift=shift)
            expected = as_keras_does(picture, change)

            np.testing.assert_allclose(apply(picture, change), expected, atol=1e-3)
            np.testing.assert_allclose(
                apply(picture.astype(np.uint8), change),
                as_keras_does(picture.astype(np.uint8), change),
                atol=ROUNDED,
            )

    @pytest.mark.parametrize("brightness", [0.0, 0.35, 0.9, 1.7])
    def test_brightness(self, brightness: float) -> None:
        """Brightness is a factor and clipped at white; Keras also cuts off decimals, twice."""
        picture = noise(16, 16, 3)
        change = Change(brightness=brightness)
        lost = 1 + brightness  # less than a level before and less than a level after

        difference = apply(picture, change) - as_keras_does(picture, change)

        assert 0 <= difference.min() and difference.max() < lost + 1e-3

    def test_light_after_move(self) -> None:
        """Moves, channel shift and brightness are done in Keras' order."""
        picture = noise(32, 32, 3) / 2 + 50
        for change in drawn(EVERYTHING, 20):
            difference = apply(picture, change) - as_keras_does(picture, change)

            assert -2 * CLOSE < difference.min() and difference.max() < 1 + change.brightness

    def test_keras_has_width_and_height_exchanged(self) -> None:
        """Keras' `tx`, which it draws from height_shift_range, moves columns; so ours is named."""
        picture = np.zeros((9, 9, 3), np.float32)
        picture[4, 4] = 255

        assert np.argwhere(as_keras_does(picture, Change(right=2 / 9))[..., 0] > 200).tolist() == [
            [4, 2]
        ]


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change(), [[1, 2, 3], [4, 5, 6]]),
        (Change(mirror=True), [[3, 2, 1], [6, 5, 4]]),
        (Change(upside_down=True), [[4, 5, 6], [1, 2, 3]]),
        (Change(right=1 / 3), [[2, 3, 3], [5, 6, 6]]),
        (Change(down=0.5), [[4, 5, 6], [4, 5, 6]]),
        (Change(right=1 / 3, mirror=True), [[3, 3, 2], [6, 6, 5]]),
        (Change(right=1 / 3, fill_mode="wrap"), [[2, 3, 1], [5, 6, 4]]),
        (Change(right=2 / 3, fill_mode="reflect"), [[3, 3, 2], [6, 6, 5]]),
        (Change(right=2 / 3, fill_mode="constant", fill_value=9), [[3, 9, 9], [6, 9, 9]]),
        (Change(rotation=180), [[6, 5, 4], [3, 2, 1]]),
    ],
)
def test_whole_pixels_are_exact(kind: type, change: Change, expected: list[list[int]]) -> None:
    """A move by whole pixels copies them; it turns about the centre, whatever the shape."""
    picture = np.repeat(np.array([[1, 2, 3], [4, 5, 6]], kind)[..., None], 3, axis=2)

    result = apply(picture, change)

    assert result.dtype == kind
    np.testing.assert_allclose(result[..., 0], expected, atol=1e-4)
    np.testing.assert_array_equal(result[..., 0], result[..., 2])


def test_a_change_depends_on_seed_epoch_and_item_alone() -> None:
    """The same three give the same change; another of any of them gives another."""
    change = transform(EVERYTHING, seed=1, epoch=2, item="a/b.png")

    assert change == transform(EVERYTHING, seed=1, epoch=2, item="a/b.png")
    others = [(2, 2, "a/b.png"), (1, 3, "a/b.png"), (1, 2, "a/c.png"), (12, 2, "a/b.png")]
    for seed, epoch, item in others:
        assert transform(EVERYTHING, seed=seed, epoch=epoch, item=item) != change


def test_the_numbers_drawn_are_the_same_on_every_machine() -> None:
    """A change is as it was when this test was written, so that a run can be repeated later."""
    change = transform(EVERYTHING, seed=0, epoch=1, item="x")

    numbers = (change.rotation, change.zoom_y, change.brightness)
    assert numbers == pytest.approx((58.490083, 1.068788, 0.778378), abs=1e-6)
    assert (change.mirror, change.upside_down) == (True, True)


def test_an_operator_leaves_the_others_as_they_were() -> None:
    """Switching a flip on or a range wider does not change what else is drawn."""
    alone = transform(AugmentSettings(rotation=30), seed=0, epoch=0, item=1)

    assert transform(COURSE, seed=0, epoch=0, item=1).rotation == alone.rotation


def test_ranges_are_filled_evenly() -> None:
    """Numbers are drawn evenly from the whole range, and a flip is done half of the time."""
    changes = drawn(EVERYTHING, 4000)
    ranges = {
        "rotation": (-90, 90),
        "right": (-0.3, 0.3),
        "down": (-0.3, 0.3),
        "shear": (-45, 45),
        "zoom_x": (0.5, 1.5),
        "zoom_y": (0.5, 1.5),
        "channel_shift": (-60, 60),
        "brightness": (0.2, 1.8),
        "mirror": (0, 1),
        "upside_down": (0, 1),
    }
    shares = np.array(
        [
            [(getattr(c, name) - low) / (high - low) for c in changes]
            for name, (low, high) in ranges.items()
        ]
    )

    assert shares.min() >= 0 and shares.max() <= 1
    for row in shares[:8]:
        counts, _ = np.histogram(row, bins=10, range=(0, 1))
        assert abs(counts - 400).max() < 5 * 400**0.5
    np.testing.assert_allclose(shares[8:].mean(axis=1), 0.5, atol=0.04)
    correlation = np.corrcoef(shares) - np.eye(len(shares))
    assert abs(correlation).max() < 0.08  # each operator has a number of its own


def test_a_batch_is_the_same_however_it_is_shared_out() -> None:
    """Four threads over parts of a batch give the bytes of one thread over all of it."""
    squares = noise(24, 32, 32, 3).astype(np.uint8)
    whole = augment_batch(squares, EVERYTHING, items=range(24), seed=5, epoch=1)
    parts = np.empty_like(squares)

    def part(start: int) -> None:
        chosen = slice(start, start + 6)
        items = range(24)[chosen]
        augment_batch(squares[chosen], EVERYTHING, items=items, seed=5, epoch=1, out=parts[chosen])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(part, range(0, 24, 6)))

    np.testing.assert_array_equal(parts, whole)
    assert not np.array_equal(whole, squares)


def test_a_batch_needs_an_item_for_each_picture() -> None:
    """Fewer items than pictures are an error, never pictures left as they were."""
    with pytest.raises(ValueError, match="shorter"):
        augment_batch(noise(3, 8, 8, 3), COURSE, items=[1, 2], seed=0, epoch=0)


def test_the_picture_given_is_left_alone() -> None:
    """The original is not written to, with or without a place for the result."""
    picture = noise(16, 16, 3)
    before, out = picture.copy(), np.empty_like(picture)
    change = drawn(EVERYTHING, 1)[0]

    result = apply(picture, change, out=out)

    assert result is out
    np.testing.assert_array_equal(result, apply(picture, change))
    np.testing.assert_array_equal(picture, before)


def test_a_strip_of_a_larger_array_can_be_written_to() -> None:
    """A place in a batch, which is a view of it, receives the picture."""
    picture = noise(16, 16, 3).astype(np.uint8)
    batch = np.zeros((2, 16, 16, 3), np.uint8)
    change = replace(drawn(EVERYTHING, 1)[0], brightness=0.7)

    apply(picture, change, out=batch[1])

    np.testing.assert_array_equal(batch[1], apply(picture, change))
    assert batch[0].max() == 0


def test_at_ends_takes_one_end_of_each_range_and_always_flips() -> None:
    """Every operator is at one of its ends, both come up, and the same item gets the same."""
    found = [at_ends(EVERYTHING, seed=3, item=number) for number in range(40)]

    assert {c.rotation for c in found} == {-90, 90}
    assert {c.right for c in found} == {c.down for c in found} == {-0.3, 0.3}
    assert {c.zoom_x for c in found} == {c.zoom_y for c in found} == {0.5, 1.5}
    assert {c.brightness for c in found} == {0.2, 1.8}
    assert all(c.mirror and c.upside_down for c in found)
    assert found[0] == at_ends(EVERYTHING, seed=3, item=0)
    assert found != [at_ends(EVERYTHING, seed=4, item=number) for number in range(40)]
    assert at_ends(AugmentSettings(), seed=3, item=0) == Change()
