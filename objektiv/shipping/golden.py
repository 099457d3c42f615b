"""Four small pictures drawn by us that travel with every bundle, with what it must say to them.

In: nothing but this file. Out: the pictures as PNG, and a comparison of what an engine computes
with what stands in golden/golden.json. No picture of a patient is ever among them.
Try: `draw()["golden/rings.png"]`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from objektiv.base.errors import BundleError, ImageError
from objektiv.base.seeds import generator
from objektiv.data.images import decode
from objektiv.shipping.facts import GOLDEN, PICTURES, Expected, refused

MAX_PIXELS = 250_000

Picture = NDArray[np.uint8]


@cache
def draw() -> Mapping[str, Picture]:
    """The pictures by member name: odd sizes, wide and narrow, smooth and sharp, with noise."""
    pictures = (_gradient(131, 97), _rings(120, 160), _checker(64, 64), _strip(40, 203))
    return dict(zip(PICTURES, pictures, strict=True))


def _gradient(height: int, width: int) -> Picture:
    y, x = np.mgrid[0:height, 0:width]
    down, across = 255 * y // (height - 1), 255 * x // (width - 1)
    return np.stack([across, down, 255 - (across + down) // 2], axis=2).astype(np.uint8)


def _rings(height: int, width: int) -> Picture:
    """Rings like the parasites of the demo: violet on rose."""
    y, x = np.mgrid[0:height, 0:width]
    square = (2 * y - height) ** 2 + (2 * x - width) ** 2
    ring = (square // 1200) % 3 == 0
    return np.where(ring[:, :, None], [96, 48, 140], [224, 176, 190]).astype(np.uint8)


def _checker(height: int, width: int) -> Picture:
    y, x = np.mgrid[0:height, 0:width]
    white = (y // 8 + x // 8) % 2 == 1
    noise = generator(0, "golden", "checker").integers(-30, 31, (height, width, 3))
    return (np.where(white[:, :, None], 215, 40) + noise).astype(np.uint8)


def _strip(height: int, width: int) -> Picture:
    x = np.arange(width)
    colours = np.array([[200, 30, 30], [30, 160, 60], [40, 60, 190], [230, 220, 90]])
    return np.repeat(colours[x // 17 % 4][None], height, axis=0).astype(np.uint8)


def encode(picture: Picture) -> bytes:
    """PNG bytes of a picture."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return buffer.getvalue()


def read_pictures(members: Mapping[str, bytes]) -> list[Picture]:
    """The golden pictures of a bundle, in the order of PICTURES.

    Raises:
        BundleError: one cannot be decoded.
    """
    try:
        return [decode(members[n], name=n, max_pixels=MAX_PIXELS).pixels for n in PICTURES]
    except ImageError as error:
        raise refused(error.happened, value=error.value, allowed=error.allowed) from error


def deviations(got: NDArray[np.float32], expected: Expected) -> NDArray[np.float64]:
    """How far each picture's probabilities are off at most; NaN counts as infinitely far."""
    difference = np.abs(got - np.array(expected.probabilities))
    worst: NDArray[np.float64] = np.nan_to_num(difference, nan=np.inf).max(axis=1)
    return worst


def check(
    got: NDArray[np.float32], expected: Expected, *, classes: Sequence[str], precision: str
) -> None:
    """Compare computed golden probabilities (pictures, classes) with the expected ones.

    Raises:
        BundleError: a picture is off by more than the tolerance.
    """
    worst = deviations(got, expected)
    for index in np.flatnonzero(worst > expected.tolerance):
        raise _mismatch(int(index), got, expected, (classes, precision))


def _mismatch(
    index: int, got: NDArray[np.float32], expected: Expected, told: tuple[Sequence[str], str]
) -> BundleError:
    classes, precision = told
    row = np.array(expected.probabilities[index])
    column = int(np.argmax(np.nan_to_num(np.abs(got[index] - row), nan=np.inf)))
    return refused(
        f"golden image {PICTURES[index]} gets another prediction than when the bundle was made",
        value=f"class {classes[column]!r} in {precision}: expected {row[column]:.4f}, "
        f"got {got[index, column]:.4f}",
        allowed=f"A difference of at most {expected.tolerance} ({GOLDEN})",
        next="run `objektiv doctor`; if this machine is sound, export the run again",
    )
