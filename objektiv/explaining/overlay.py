"""Lay heat over a picture: what speaks for the class in orange, what speaks against it in blue.

In: a picture and heat of its size. Out: the picture with the heat on it, uint8, or as PNG.
Orange and blue are told apart by people who do not tell red from green (Okabe and Ito's vermilion
and blue), and how strong the heat is shows as how much of the picture it covers.
Try: `png(overlay(picture, heat.map))`.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from objektiv.data.drawing import png as png

FOR, AGAINST = (213, 94, 0), (0, 114, 178)  # Okabe and Ito, Color universal design, 2008
READ = 0.03  # standard deviation of the blur under which heat is read, share of the longer side
STRONG = 0.995  # quantile of the strength from which on the colour is full
FULL = 0.75  # how much of the picture full colour hides
PALE = 0.55  # what is left of the picture's own colours, so that they are not taken for heat

Pixels = NDArray[np.uint8]


def readable(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    """Heat (height, width) as one reads it: a maximum in one pixel counts where it lies, blurred
    to the size of what can be seen. The sum stays but for what is blurred over the edges."""
    return np.asarray(cv2.GaussianBlur(heat, (0, 0), max(READ * max(heat.shape), 0.3)))


def overlay(picture: Pixels, heat: NDArray[np.float32], *, scale: float | None = None) -> Pixels:
    """The picture (height, width, 3) under its heat (height, width), made readable.

    `scale` is the heat that gets full colour; by default the picture's own strongest.
    """
    heat = readable(heat)
    strongest = float(np.quantile(np.abs(heat), STRONG)) if scale is None else scale
    strength = np.clip(heat / strongest, -1, 1) if strongest > 0 else np.zeros_like(heat)
    cover = (FULL * np.abs(strength))[..., None]
    colour = np.where(strength[..., None] > 0, np.array(FOR), np.array(AGAINST))
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    below = PALE * picture + (1 - PALE) * grey[..., None].astype(np.float32)
    mixed = below * (1 - cover) + colour * cover
    return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)
