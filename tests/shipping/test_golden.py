"""The pictures that travel with every bundle, and the comparison of what it says to them."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.base.errors import BundleError
from objektiv.base.files import sha256
from objektiv.shipping.facts import PICTURES, Expected
from objektiv.shipping.golden import check, deviations, draw, encode, read_pictures
from objektiv.shipping.session import Predicted

CLASSES = ("blank", "ring", "blob")
ROWS = ((0.2, 0.3, 0.5), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.4, 0.3, 0.3))
LOGITS = ((0.0, 0.4, 0.9), (50.0, 0.0, 0.0), (0.0, 20.0, 0.0), (0.3, 0.0, 0.0))
EXPECTED = Expected(tolerance=1e-3, logits=LOGITS, probabilities=ROWS)


def _off(picture: int, column: int, value: float) -> Predicted:
    got = Predicted(np.array(LOGITS, np.float32), np.array(ROWS, np.float32))
    got.probabilities[picture, column] = value
    return got


def test_the_pictures_differ_in_shape_and_never_change() -> None:
    """They are wide, narrow, odd and square, and drawn alike on every machine."""
    pictures = draw()

    assert tuple(pictures) == PICTURES
    shapes = [picture.shape for picture in pictures.values()]
    assert shapes == [(131, 97, 3), (120, 160, 3), (64, 64, 3), (40, 203, 3)]
    hashes = [sha256(picture.tobytes())[:8] for picture in pictures.values()]
    assert hashes == ["f02516cb", "48058b65", "f58a2c4b", "92690c2d"]


def test_encoding_loses_nothing() -> None:
    """The PNG files hold exactly what was drawn."""
    members = {name: encode(picture) for name, picture in draw().items()}

    for read, drawn in zip(read_pictures(members), draw().values(), strict=True):
        np.testing.assert_array_equal(read, drawn)


@pytest.mark.parametrize("data", [b"", b"no picture", encode(draw()[PICTURES[0]])[:200]])
def test_a_golden_picture_that_cannot_be_read_is_named(data: bytes) -> None:
    """A damaged golden picture refuses the bundle by the picture's name."""
    members = {name: encode(picture) for name, picture in draw().items()}
    with pytest.raises(BundleError, match=PICTURES[2]):
        read_pictures(members | {PICTURES[2]: data})


def test_small_differences_pass() -> None:
    """Another processor may round differently, by up to the tolerance."""
    check(_off(0, 1, 0.3009), EXPECTED, classes=CLASSES, precision="fp32")


@pytest.mark.parametrize("value", [0.31, 0.29, np.nan, np.inf])
def test_a_difference_is_told_by_picture_class_and_values(value: float) -> None:
    """The message names the picture, the class, the expected and the computed number."""
    with pytest.raises(BundleError) as caught:
        check(_off(3, 1, value), EXPECTED, classes=CLASSES, precision="fp32")

    assert "golden image golden/strip.png" in caught.value.happened
    told = (
        f"'ring' in fp32: expected 0.3000, got {value:.4f} and logits expected 0.0000, got 0.0000"
    )
    assert told in str(caught.value)
    assert "at most 0.001" in caught.value.allowed


def test_deviations_count_probabilities_and_logits() -> None:
    """NaN is infinitely far; logits count relative to the picture's largest."""
    got = _off(1, 2, np.nan)
    got.probabilities[0] += np.array([0.0, 0.01, -0.02], np.float32)
    got.logits[2, 1] += 0.5
    expected = np.array([[0, 0.01, 0.02], [0, 0, np.inf], [0, 0.025, 0], [0, 0, 0]])

    np.testing.assert_allclose(deviations(got, EXPECTED), expected, atol=1e-7)


def test_logits_count_in_32_bits_only() -> None:
    """A sure network hides other weights behind 1.000; its logits show them."""
    got = _off(1, 0, 1.0)
    got.logits[1, 0] = 45.0
    with pytest.raises(BundleError, match="logits expected 50.0000, got 45.0000"):
        check(got, EXPECTED, classes=CLASSES, precision="fp32")

    rough = EXPECTED.model_copy(update={"tolerance": 0.05})
    check(got, rough, classes=CLASSES, precision="bf16")
