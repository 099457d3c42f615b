"""What a synthetic slide is made of: how it looks, where a cell lies, and amounts of stain.

In: a generator. Out: the Look of a patient's slide, a Cell's place, and a Sheet to draw on.
Everything is invented; no real picture was used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Rng = np.random.Generator
Place = NDArray[np.floating]  # (2,): x, y in pixels

# Layers of stain, and how strongly one unit of each absorbs red, green and blue (Beer-Lambert).
CELL, VIOLET, BLUE = range(3)
EOSIN, AZURE, TAN = np.array([[0.10, 0.50, 0.40], [0.50, 0.42, 0.16], [0.24, 0.36, 0.50]])
VIOLET_STAIN, BLUE_STAIN = np.array([[0.62, 1.25, 0.42], [0.62, 0.66, 0.20]])


@dataclass(frozen=True)
class Look:
    """How all pictures of one patient look: stain, light, focus, background."""

    stain: Floats  # (3 layers, 3 colours), absorbance of one unit
    light: Floats  # (3 colours), grey level of the empty slide, 0 to 255
    gradient: tuple[float, float]  # change of light across a picture, share
    focus: float  # blur, pixels
    noise: float  # grey levels
    radius: float  # of a usual cell, pixels
    pallor: float  # how much thinner the middle of a cell is, share
    dirt: float  # usual amount of specks, platelets and scratches


def look_of_patient(rng: Rng) -> Look:
    """A slide of one patient, drawn at random."""
    mix = rng.dirichlet([1.6, 0.9, 0.5])
    cell = (mix @ np.stack([EOSIN, AZURE, TAN])) * rng.uniform(0.75, 1.35)
    violet = VIOLET_STAIN * rng.uniform(0.65, 1.15) * rng.uniform(0.85, 1.15, 3)
    blue = BLUE_STAIN * rng.uniform(0.7, 1.2) * rng.uniform(0.85, 1.15, 3)
    angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.2)
    return Look(
        stain=np.stack([cell, violet, blue]).astype(np.float32),
        light=(rng.uniform(195, 245) * rng.uniform(0.95, 1.04, 3)).astype(np.float32),
        gradient=(float(slope * np.cos(angle)), float(slope * np.sin(angle))),
        focus=float(rng.uniform(0.5, 1.2)),
        noise=float(rng.uniform(1.5, 4.5)),
        radius=float(rng.uniform(33, 58)),
        pallor=float(rng.uniform(0.1, 0.65)),
        dirt=float(rng.uniform(0.6, 1.4)),
    )


@dataclass(frozen=True)
class Cell:
    """Where a cell lies: middle, radius across and how much longer it is along its angle."""

    x: float
    y: float
    radius: float
    long: float
    angle: float

    def at(self, rng: Rng, share: float) -> Place:
        """A place at a share of the radius from the middle, in any direction."""
        turn = rng.uniform(0, 2 * np.pi)
        away = np.array([self.long * np.cos(turn), np.sin(turn)]) * (share * self.radius)
        return np.array([self.x, self.y]) + turned(away, self.angle)


def window(middles: Floats, reach: float) -> slice:
    """The pixels, along one axis, at most `reach` from any of some middles."""
    first, last = float(middles.min()) - reach, float(middles.max()) + reach
    return slice(max(int(first), 0), max(int(last) + 2, 0))


class Sheet:
    """A picture in the making: amounts of stain, (layers, height, width), and what to draw with."""

    def __init__(self, look: Look, rng: Rng, *, height: int, width: int) -> None:
        self.look, self.rng = look, rng
        self.layers = np.zeros((3, height, width), dtype=np.float32)
        self.y = np.arange(height, dtype=np.float32)[:, None]
        self.x = np.arange(width, dtype=np.float32)[None, :]

    def dots(self, places: Floats, sizes: Floats, *, violet: Floats, blue: float = 0.0) -> None:
        """Soft round dots at `places` (2, dots); radii, violet, and `blue` times as much blue."""
        x, y, sizes, violet = (a.astype(np.float32) for a in (*places, sizes, violet))
        reach = 2.5 * float(sizes.max())
        rows, columns = window(y, reach), window(x, reach)
        down = np.exp(-(((self.y[rows] - y) / sizes) ** 2)) * violet  # (height, dots)
        over = np.exp(-(((self.x.T[columns] - x) / sizes) ** 2))  # (width, dots)
        stain = down @ over.T
        self.layers[VIOLET, rows, columns] += stain
        if blue:
            self.layers[BLUE, rows, columns] += blue * stain


def turned(places: Floats, turn: float) -> Floats:
    """Places (2, n) or (2,) turned round the origin by an angle."""
    cos, sin = math.cos(turn), math.sin(turn)
    return np.array([[cos, -sin], [sin, cos]]) @ places
