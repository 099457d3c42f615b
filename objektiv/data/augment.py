"""Random changes of training pictures, with the names and meaning of Keras' ImageDataGenerator.

In: a square (height, width, 3), uint8 or float32 in 0..255, and AugmentSettings. Out: a picture of
the same kind. All moves of an image are one affine warp, so it is interpolated once; brightness and
channel shift follow. What is drawn depends on (seed, epoch, item) alone, so it is the same whatever
the number of workers, and each operator draws a number of its own, so that switching one on leaves
the others as they were.
Against Keras 3.15, by its own code: rotation, shear and zoom agree; width and height are what its
manual says (its code has the two exchanged and, where sides differ, turns about another point);
`wrap` repeats the picture as its manual draws it (its code drops one row); `constant` mixes the
outermost half pixel with the fill; brightness is rounded where Keras cuts decimals off.
Try: `apply(square, transform(AugmentSettings(rotation=30), seed=0, epoch=1, item="a/b.png"))`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from objektiv.data.settings import AugmentSettings, FillMode

Pixels = TypeVar("Pixels", NDArray[np.uint8], NDArray[np.float32])
Matrix = NDArray[np.float64]

WHITE = 255.0
_DRAWS = 10  # numbers a change is made of
_BORDERS: dict[FillMode, int] = {
    "nearest": cv2.BORDER_REPLICATE,
    "constant": cv2.BORDER_CONSTANT,
    "reflect": cv2.BORDER_REFLECT,
    "wrap": cv2.BORDER_WRAP,
}


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to one picture; each default leaves it as it is.

    As in Keras, the numbers say where a pixel is fetched from: a shift to the right, as a share of
    the width, moves what is seen to the left, and a zoom above 1 makes it smaller.
    """

    rotation: float = 0.0  # degrees
    right: float = 0.0  # share of the width
    down: float = 0.0  # share of the height
    shear: float = 0.0  # degrees
    zoom_x: float = 1.0
    zoom_y: float = 1.0
    mirror: bool = False  # left and right exchanged
    upside_down: bool = False
    channel_shift: float = 0.0  # levels
    brightness: float = 1.0  # factor
    fill_mode: FillMode = "nearest"
    fill_value: float = 0.0

    def matrix(self, height: int, width: int) -> Matrix:
        """(2, 3) from a pixel (x, y) of the result to where it is fetched, about the centre."""
        turn, lean = math.radians(self.rotation), math.radians(self.shear)
        cos, sin = math.cos(turn), math.sin(turn)
        # rotation . shift . shear . zoom, multiplied out
        across = (cos * self.zoom_x, (-cos * math.sin(lean) - sin * math.cos(lean)) * self.zoom_y)
        along = (sin * self.zoom_x, (-sin * math.sin(lean) + cos * math.cos(lean)) * self.zoom_y)
        x, y = self.right * width, self.down * height
        middle_x, middle_y = width / 2 - 0.5, height / 2 - 0.5
        # a flip comes last: the warped picture is read from the other side
        flip_x, flip_y = (-1 if self.mirror else 1), (-1 if self.upside_down else 1)
        rows = []
        for (a, b), shift, middle in (
            (across, cos * x - sin * y, middle_x),
            (along, sin * x + cos * y, middle_y),
        ):
            a, b = a * flip_x, b * flip_y
            rows.append((a, b, middle + shift - a * middle_x - b * middle_y))
        return np.array(rows)


def transform(settings: AugmentSettings, *, seed: int, epoch: int, item: str | int) -> Change:
    """The change of one item in one epoch, drawn as Keras draws: evenly within each range."""
    return _change(settings, _draws(seed, epoch, item))


def at_ends(settings: AugmentSettings, *, seed: int, item: str | int) -> Change:
    """The change of one item with each operator at one end of its range; flips always happen."""
    draws = [float(round(draw)) for draw in _draws(seed, 0, item)]
    draws[6] = draws[7] = 0.0
    return _change(settings, draws)


def _draws(seed: int, epoch: int, item: str | int) -> list[float]:
    """_DRAWS numbers from 0 to 1."""
    key = hashlib.blake2b(f"{seed}/{epoch}/{item}".encode(), digest_size=4 * _DRAWS).digest()
    return [int.from_bytes(key[at : at + 4], "little") / 2**32 for at in range(0, 4 * _DRAWS, 4)]


def _change(settings: AugmentSettings, draws: Sequence[float]) -> Change:
    def either(number: int, most: float) -> float:
        return most * (2 * draws[number] - 1)

    def between(number: int, low: float, high: float) -> float:
        return low + (high - low) * draws[number]

    return Change(
        rotation=either(0, settings.rotation),
        right=either(1, settings.width_shift),
        down=either(2, settings.height_shift),
        shear=either(3, settings.shear),
        zoom_x=between(4, *settings.zoom),
        zoom_y=between(5, *settings.zoom),
        mirror=settings.horizontal_flip and draws[6] < 0.5,
        upside_down=settings.vertical_flip and draws[7] < 0.5,
        channel_shift=either(8, settings.channel_shift),
        brightness=between(9, *settings.brightness),
        fill_mode=settings.fill_mode,
        fill_value=settings.fill_value,
    )


def apply(square: Pixels, change: Change, *, out: Pixels | None = None) -> Pixels:
    """The changed picture, of the same shape and kind; written into `out` where that is given.

    uint8 is rounded once after the move and once after the light; float32 is not rounded.
    """
    result = np.empty_like(square) if out is None else out
    _move(square, change, result)
    if change.channel_shift != 0 or change.brightness != 1:
        _light(result, change)
    return result


def augment_batch(
    squares: Pixels,
    settings: AugmentSettings,
    *,
    items: Sequence[str | int],
    seed: int,
    epoch: int,
    out: Pixels | None = None,
) -> Pixels:
    """(items, height, width, 3), each changed as `transform` says; `out` takes them if given."""
    results = np.empty_like(squares) if out is None else out
    for square, result, item in zip(squares, results, items, strict=True):
        apply(square, transform(settings, seed=seed, epoch=epoch, item=item), out=result)
    return results


def _move(square: Pixels, change: Change, result: Pixels) -> None:
    """One warp into `result`; whole pixels are only copied or flipped."""
    still = (change.rotation, change.right, change.down, change.shear) == (0, 0, 0, 0)
    if still and change.zoom_x == change.zoom_y == 1:
        rows, columns = (-1 if change.upside_down else 1), (-1 if change.mirror else 1)
        result[...] = square[::rows, ::columns]
        return
    height, width, _ = square.shape
    cv2.warpAffine(
        square,
        change.matrix(height, width),
        (width, height),
        dst=result,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=_BORDERS[change.fill_mode],
        borderValue=(change.fill_value,) * 3,
    )


def _light(picture: Pixels, change: Change) -> None:
    """Channel shift within the picture's own limits, then brightness within 0..255; in place."""
    values = picture.astype(np.float32)
    if picture.dtype == np.uint8:  # 256 levels are reckoned instead of all pixels
        values = np.arange(256, dtype=np.float32)
    if change.channel_shift != 0:
        low, high, _, _ = cv2.minMaxLoc(picture.reshape(len(picture), -1))
        np.clip(values + np.float32(change.channel_shift), low, high, out=values)
    if change.brightness != 1:
        np.clip(values * np.float32(change.brightness), 0, WHITE, out=values)
    if picture.dtype == np.uint8:
        cv2.LUT(picture, np.rint(values).astype(np.uint8), dst=picture)
    else:
        picture[...] = values
