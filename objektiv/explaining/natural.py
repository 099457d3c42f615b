"""Changes that happen to pictures in a lab: blur, noise, light, stain and JPEG, each in steps.

In: a picture uint8 (height, width, 3) RGB, and a level. Out: the picture changed, before it is
resized, as a camera or a file would have changed it. No torch is needed.
Source of the stains: Ruifrok and Johnston, Anal. Quant. Cytol. Histol. 23 (2001) 291.
Try: `NATURAL["blur"].change(picture, 2.0, seeds.generator(0))`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from objektiv.base.language import mark
from objektiv.data.images import Pixels

# How much haematoxylin and eosin take out of red, green and blue; the third direction is the rest.
STAINS = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]])


@dataclass(frozen=True)
class Natural:
    """One kind of change, from weak to strong; `unit` is a format of a level."""

    title: str
    unit: str
    levels: tuple[float, ...]
    change: Callable[[Pixels, float, np.random.Generator], Pixels]


def _whole(values: np.ndarray) -> Pixels:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def _blur(picture: Pixels, sigma: float, _: np.random.Generator) -> Pixels:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def _noise(picture: Pixels, sigma: float, random: np.random.Generator) -> Pixels:
    return _whole(picture + random.normal(0, sigma, picture.shape))


def _light(picture: Pixels, factor: float, _: np.random.Generator) -> Pixels:
    return _whole(picture * np.float32(factor))


def _stain(picture: Pixels, share: float, _: np.random.Generator) -> Pixels:
    """More of the blue-violet stain and less of the red one, or the other way round."""
    stains = STAINS / np.linalg.norm(STAINS, axis=1, keepdims=True)
    rest = np.cross(*stains)
    whole = np.stack([*stains, rest / np.linalg.norm(rest)])
    absorbed = -np.log((picture + 1.0) / 256)
    amounts = (absorbed.reshape(-1, 3) @ np.linalg.inv(whole)) * (1 + share, 1 - share, 1)
    return _whole(256 * np.exp(-(amounts @ whole).reshape(picture.shape)) - 1)


def _jpeg(picture: Pixels, quality: float, _: np.random.Generator) -> Pixels:
    options = [cv2.IMWRITE_JPEG_QUALITY, int(quality)]
    data = cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]), options)[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8)


NATURAL: dict[str, Natural] = {
    "blur": Natural(mark("Blur"), "{:g} px", (0.5, 1, 2, 4), _blur),
    "noise": Natural(mark("Noise"), "{:g}", (4, 8, 16, 32), _noise),
    "brighter": Natural(mark("Brighter"), "x {:g}", (1.1, 1.25, 1.5, 2), _light),
    "darker": Natural(mark("Darker"), "x {:g}", (0.9, 0.75, 0.5, 0.25), _light),
    "bluer": Natural(mark("Stain, more blue"), "{:.0%}", (0.1, 0.2, 0.4, 0.8), _stain),
    "redder": Natural(mark("Stain, more red"), "{:.0%}", (-0.1, -0.2, -0.4, -0.8), _stain),
    "jpeg": Natural(mark("JPEG"), "{:g}", (80, 50, 20, 5), _jpeg),
}
