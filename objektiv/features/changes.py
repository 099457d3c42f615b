"""Changed pictures for probes: detail or content taken away, or moved and lit at random.

In: the prepared square (size, size, 3), float32, 0..255. Out: the same square blurred until no
texture is left, or with everything but its border painted grey (a model that still tells the
classes apart does it by something coarser than what they mean), or augmented. The name of the
change is part of the view in the bank; a change that computes anything else needs a new name.
Try: `changed(square, "blur", hash="")`, `Augmented(AugmentSettings(rotation=30), seed=0)`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from objektiv.data.augment import apply, at_ends, transform
from objektiv.data.settings import AugmentSettings

Square = NDArray[np.float32]

BLUR = 1 / 16  # of the side: the deviation of the Gaussian, 8 pixels of 128
BORDER = 0.1  # of the side, kept on each edge
PIXELS = "pixels-"
GREY = 127.5  # and not the mean of what is covered, which would tell of it
AUGMENTING = 1  # raised when data.augment computes anything differently, so that banks are refilled


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


CHANGES: Mapping[str, Callable[[Square], Square]] = {"blur": blur, "border": border}


@dataclass(frozen=True)
class Augmented:
    """The random view `number` of every image, drawn from (seed, number, its content) alone.

    `drawn` within each range as in training, or at one of its ends (then `number` does nothing).
    """

    settings: AugmentSettings
    seed: int
    number: int = 0
    drawn: Literal["within", "ends"] = "within"

    @property
    def name(self) -> str:
        """What the bank calls it: everything that decides the pixels."""
        chosen = self.settings.model_dump(mode="json", exclude_defaults=True)
        told = json.dumps(chosen, sort_keys=True, separators=(",", ":"))
        return f"augmented {AUGMENTING} {self.drawn} {told} seed {self.seed} number {self.number}"

    def __call__(self, square: Square, *, hash: str) -> Square:
        """The view of the image whose file has the SHA-256 `hash`."""
        if self.drawn == "ends":
            return apply(square, at_ends(self.settings, seed=self.seed, item=hash))
        change = transform(self.settings, seed=self.seed, epoch=self.number, item=hash)
        return apply(square, change)


def changed(square: Square, change: str | Augmented, *, hash: str) -> Square:
    """What a change makes of an image: a name in CHANGES, `pixels-16` and so on, or Augmented."""
    if isinstance(change, str) and change.startswith(PIXELS):
        return coarse(square, pixels=int(change.removeprefix(PIXELS)))
    return CHANGES[change](square) if isinstance(change, str) else change(square, hash=hash)
