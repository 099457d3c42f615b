"""Changed pictures for the shortcut probes: what is left when detail or content is taken away.

In: the prepared square (size, size, 3), float32, 0..255. Out: the same square blurred until no
texture is left, or with everything but its border painted grey. A model that still tells the
classes apart does it by something coarser than what they mean. The name of the change is part of
the view in the bank; a change that computes anything else needs a new name.
Try: `CHANGES["blur"](square)`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

Square = NDArray[np.float32]

BLUR = 1 / 16  # of the side: the deviation of the Gaussian, 8 pixels of 128
BORDER = 0.1  # of the side, kept on each edge
PIXELS = "pixels-"
GREY = 127.5  # and not the mean of what is covered, which would tell of it


def blur(square: Square) -> Square:
    """The square behind a heavy Gaussian; its edges are repeated outwards."""
    deviation = BLUR * len(square)
    soft = cv2.GaussianBlur(square, (0, 0), deviation, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(soft, np.float32)


def border(square: Square) -> Square:
    """The square with its inner 80 % (of each side) painted grey."""
    edge = round(BORDER * len(square))
    bare = square.copy()
    bare[edge:-edge, edge:-edge] = GREY
    return bare


def coarse(square: Square, *, pixels: int) -> Square:
    """The square reduced to `pixels` a side, each the mean of what it covers, and enlarged again:
    as a camera of so few pixels would have shown it to the same network."""
    few = cv2.resize(square, (pixels, pixels), interpolation=cv2.INTER_AREA)
    side = (square.shape[1], square.shape[0])
    return np.asarray(cv2.resize(few, side, interpolation=cv2.INTER_LINEAR), np.float32)


def change_of(name: str) -> Callable[[Square], Square]:
    """What a change's name means: one of CHANGES, or `pixels-16` and so on."""
    if name.startswith(PIXELS):
        return functools.partial(coarse, pixels=int(name.removeprefix(PIXELS)))
    return CHANGES[name]


CHANGES: Mapping[str, Callable[[Square], Square]] = {"blur": blur, "border": border}
