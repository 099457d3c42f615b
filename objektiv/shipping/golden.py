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
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from objektiv.base.errors import ImageError
from objektiv.base.seeds import generator
from objektiv.data.images import decode
from objektiv.shipping.facts import EXACT, GOLDEN, PICTURES, Expected, refused
from objektiv.shipping.session import Predicted

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


def deviations(got: Predicted, expected: Expected) -> NDArray[np.float64]:
    """How far each class of each picture is off, (pictures, classes); NaN is infinitely far.

    In 32 bits logits count beside probabilities, relative to the picture's largest, because a
    network that is sure of a drawing says 1.000 with many weights. There strangeness, where it is
    measured, stands in one column more. bf16 moves both too much between processors for that.
    """
    reference = np.array(expected.probabilities)
    off = np.abs(got.probabilities - reference)
    if expected.tolerance <= EXACT:
        off = np.maximum(off, _relative(got.logits, expected.logits))
        if expected.strangeness is not None:
            found = np.nan if got.strangeness is None else got.strangeness[:, None]
            strange = _relative(found, np.array(expected.strangeness)[:, None])
            off = np.concatenate([off, strange], axis=1)
    return np.asarray(np.nan_to_num(off, nan=np.inf), np.float64)


def _relative(got: ArrayLike, expected: ArrayLike) -> NDArray[np.float64]:
    """How far numbers are off, as a share of their row's largest where that is above 1."""
    reference = np.array(expected)
    scale = np.maximum(1, np.abs(reference).max(axis=1, keepdims=True))
    return np.asarray(np.abs(got - reference) / scale)


def check(got: Predicted, expected: Expected, *, classes: Sequence[str], precision: str) -> None:
    """Compare what was computed for the golden pictures with what is expected.

    Raises:
        BundleError: a picture is off by more than the tolerance.
    """
    off = deviations(got, expected)
    for index, column in np.argwhere(off > expected.tolerance):
        raise refused(
            f"golden image {PICTURES[index]} gets another prediction than when the bundle was made",
            value=_told(got, expected, (index, column), classes, precision),
            allowed=f"A difference of at most {expected.tolerance} ({GOLDEN})",
            next="run `objektiv doctor`; if this machine is sound, export the run again",
        )


def _told(
    got: Predicted,
    expected: Expected,
    place: tuple[int, int],
    classes: Sequence[str],
    precision: str,
) -> str:
    index, column = place
    if column == len(classes):
        wanted = (expected.strangeness or ())[index]
        found = np.nan if got.strangeness is None else got.strangeness[index]
        return f"strangeness in {precision}: expected {wanted:.4f}, got {found:.4f}"
    pairs = (
        (expected.probabilities[index][column], got.probabilities[index, column]),
        (expected.logits[index][column], got.logits[index, column]),
    )
    told = " and logits ".join(f"expected {wanted:.4f}, got {found:.4f}" for wanted, found in pairs)
    return f"class {classes[column]!r} in {precision}: {told}"


def expected_of(predicted: Predicted, *, tolerance: float) -> Expected:
    """What is written of a prediction, to seven digits."""

    def short(values: NDArray[np.float32]) -> tuple[float, ...]:
        return tuple(float(f"{value:.7g}") for value in values)

    strange = predicted.strangeness
    return Expected(
        tolerance=tolerance,
        logits=tuple(map(short, predicted.logits)),
        probabilities=tuple(map(short, predicted.probabilities)),
        strangeness=None if strange is None else short(strange),
    )


def apart(left: Predicted, right: Predicted) -> float:
    """The largest difference between two predictions in 32 bits, as `deviations` counts."""
    return float(deviations(left, expected_of(right, tolerance=EXACT)).max())
