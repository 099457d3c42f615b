"""Draw synthetic blood cells: shapes as amounts of stain, then light, focus and noise of a camera.

In: the look of a patient's slide and a generator. Out: an RGB picture of one red blood cell on pale
smear, healthy or infected. Everything is invented; no real picture was used.
Try: `draw_cell(look_of_patient(rng), rng, infected=True)` with `rng` of base/seeds.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from objektiv.data.stain import (
    CELL,
    VIOLET,
    Cell,
    Floats,
    Place,
    Rng,
    Sheet,
    turned,
    window,
)
from objektiv.data.stain import Look as Look
from objektiv.data.stain import look_of_patient as look_of_patient

# These two set how hard the task is. By patient, five folds, five seeds: deep features about 0.957,
# colour numbers about 0.78; dirt has the amount and colours of parasites, so form must tell.
DIRT = 0.08  # usual amount of violet and blue in a picture, in squares of the cell's radius
STRENGTH = (0.5, 1.25)  # of the stain in a parasite; the lower end is faint
VISIBLE = 0.15  # units of stain from which on a parasite's outline is told


def draw_cell(look: Look, rng: Rng, *, infected: bool) -> NDArray[np.uint8]:
    """One cell in the middle of a picture of 60 to 180 pixels a side; RGB (height, width, 3)."""
    return draw_planted(look, rng, infected=infected)[0]


def draw_planted(
    look: Look, rng: Rng, *, infected: bool
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The same cell, and where its parasites lie, (height, width): all within their outlines."""
    radius = look.radius * rng.lognormal(0, 0.1)
    long, angle = rng.uniform(1.0, 1.25), rng.uniform(0, np.pi)
    cos, sin = np.cos(angle), np.sin(angle)
    sides = 2 * radius * np.hypot([long * sin, long * cos], [cos, sin]) * rng.uniform(1.06, 1.3, 2)
    height, width = (int(side) for side in np.clip(sides, 60, 180))
    sheet = Sheet(look, rng, height=height, width=width)
    x, y = np.array([width, height]) / 2 + rng.normal(0, 1.5, 2)
    cell = Cell(x, y, radius, long, angle)
    _red_cell(sheet, cell)
    _neighbours(sheet, cell)
    budget = DIRT * look.dirt * rng.lognormal(0, 0.5)
    mask = np.zeros((height, width), np.uint8)
    if infected:
        for _ in range(1 if rng.random() < 0.7 else 2):
            before = sheet.layers[VIOLET:].sum(axis=0)
            _parasite(sheet, cell)
            _outline(mask, sheet.layers[VIOLET:].sum(axis=0) - before)
    while sheet.layers[VIOLET:].sum() < budget * radius**2:
        CONFUSERS[int(rng.choice(len(CONFUSERS), p=CONFUSER_SHARES))](sheet, cell)
    return _photograph(sheet), mask > 0


def _outline(mask: NDArray[np.uint8], stain: NDArray[np.float32]) -> None:
    """Mark what lies within the outline of a stain; a ring's inside belongs to it."""
    points = cv2.findNonZero((stain >= VISIBLE).astype(np.uint8))
    if points is not None:  # none where it lies at the picture's very edge
        cv2.fillConvexPoly(mask, cv2.convexHull(points), 1)


def _red_cell(sheet: Sheet, cell: Cell) -> None:
    """The cell's own stain: an irregular outline, a thinner middle, a thicker rim."""
    look, rng = sheet.look, sheet.rng
    turns = np.linspace(0, 2 * np.pi, 512, endpoint=False)
    waves = np.arange(2, 8)
    height = rng.normal(0, 0.045, 6) / np.sqrt(waves)
    outline = 1 + np.cos(turns[:, None] * waves + rng.uniform(0, 6.3, 6)) @ height
    if rng.random() < 0.12:  # crenated, as cells are that dried slowly
        outline += rng.uniform(0.01, 0.03) * np.cos(turns * rng.integers(9, 15))
    if rng.random() < 0.15:  # pressed or drawn out at one side
        side = np.cos(turns - rng.uniform(0, 6.3))
        outline += rng.uniform(-0.25, 0.2) * np.maximum(side, 0) ** 6
    reach = 1.3 * cell.long * cell.radius
    rows, columns = window(np.array([cell.y]), reach), window(np.array([cell.x]), reach)
    x, y = sheet.x[:, columns] - cell.x, sheet.y[rows] - cell.y
    cos, sin = math.cos(cell.angle), math.sin(cell.angle)
    away, turn = cv2.cartToPolar((x * cos + y * sin) / cell.long, y * cos - x * sin)
    edge = outline.astype(np.float32)[(turn * (512 / 2 / np.pi)).astype(np.int32) % 512]
    share = away / (edge * cell.radius)
    pallor = look.pallor * rng.uniform(0.6, 1.2) * np.exp(-((share / rng.uniform(0.3, 0.5)) ** 2))
    rim = rng.uniform(0, 0.25) * np.exp(-(((share - 0.86) / 0.1) ** 2))
    inside = np.clip((1 - share) * (cell.radius / 1.5) + 0.5, 0, 1) * rng.uniform(0.85, 1.15)
    coarse = rng.normal(1, 0.05, (6, 6)).astype(np.float32)
    cloud = cv2.resize(coarse, inside.shape[::-1], interpolation=cv2.INTER_CUBIC)
    sheet.layers[CELL, rows, columns] += inside * (1 - pallor + rim) * cloud


def _neighbours(sheet: Sheet, cell: Cell) -> None:
    """Parts of other cells at the rim of the picture."""
    look, rng = sheet.look, sheet.rng
    height, width = sheet.layers.shape[1:]
    for turn in rng.uniform(0, 2 * np.pi, rng.integers(0, 4)):
        radius = look.radius * rng.lognormal(0, 0.12)
        away = (cell.radius * cell.long + radius) * rng.uniform(1.0, 1.25)
        x, y = cell.x + away * np.cos(turn), cell.y + away * np.sin(turn)
        if -radius < x < width + radius and -radius < y < height + radius:
            _red_cell(sheet, Cell(x, y, radius, 1.0, 0.0))


def _parasite(sheet: Sheet, cell: Cell) -> None:
    """A ring with one or two dots, or a compact blob, inside the cell; some are faint."""
    rng = sheet.rng
    place = cell.at(rng, rng.uniform(0.75, 0.9) if rng.random() < 0.2 else rng.uniform(0, 0.7))
    draw = _ring if rng.random() < 0.6 else _blob
    draw(sheet, place, radius=cell.radius, strength=rng.uniform(*STRENGTH))


def _ring(sheet: Sheet, place: Place, *, radius: float, strength: float) -> None:
    """A pale blue ring, thicker at one side, with one or two dark violet dots on it."""
    rng = sheet.rng
    ring, flat = radius * rng.uniform(0.13, 0.26), rng.uniform(0.7, 1.0)
    turn, thickest = rng.uniform(0, 2 * np.pi, 2)
    steps = np.linspace(0, 2 * np.pi, 26)[:-1]
    places = ring * turned(np.stack([np.cos(steps), flat * np.sin(steps)]), turn) + place[:, None]
    amounts = strength * (0.75 + 0.25 * np.cos(steps - thickest))
    size = max(radius * rng.uniform(0.035, 0.06), 1.0)
    sheet.dots(places, np.full(25, size), violet=0.14 * amounts, blue=2.2)
    spots = rng.choice(25, size=1 if rng.random() < 0.7 else 2, replace=False)
    sizes = radius * rng.uniform(0.06, 0.1, len(spots))
    sheet.dots(places[:, spots], sizes, violet=np.full(len(spots), 1.15 * strength))


def _blob(sheet: Sheet, place: Place, *, radius: float, strength: float) -> None:
    """A compact blue-violet body with a dark violet dot in it."""
    rng = sheet.rng
    count = int(rng.integers(7, 12))
    spread = radius * rng.uniform(0.05, 0.11, 2)[:, None] * rng.standard_normal((2, count))
    sizes = radius * rng.uniform(0.085, 0.125, count)
    places = turned(spread, rng.uniform(0, np.pi)) + place[:, None]
    sheet.dots(places, sizes, violet=np.full(count, 0.14 * strength), blue=2.1)
    size = radius * rng.uniform(0.075, 0.105, 1)
    sheet.dots(place[:, None], size, violet=np.full(1, 1.15 * strength))


def _walk(sheet: Sheet, cell: Cell, *, steps: int, length: float) -> Floats:
    """Places (2, steps) that wander from one in or around the cell."""
    start = cell.at(sheet.rng, sheet.rng.uniform(0, 1.3))
    moves = sheet.rng.normal(0, length * cell.radius, (2, steps))
    return start[:, None] + np.cumsum(moves, axis=1)


def _specks(sheet: Sheet, cell: Cell) -> None:
    """Stain that fell out: a few small grains beside each other."""
    rng = sheet.rng
    count = int(rng.integers(2, 7))
    sizes = np.maximum(cell.radius * rng.uniform(0.02, 0.055, count), 0.8)
    places = _walk(sheet, cell, steps=count, length=0.12)
    sheet.dots(places, sizes, violet=rng.uniform(0.4, 1.2, count), blue=rng.uniform(0, 0.6))


def _smudge(sheet: Sheet, cell: Cell) -> None:
    """A cloud of stain without a form."""
    rng = sheet.rng
    count = int(rng.integers(6, 15))
    sizes = cell.radius * rng.uniform(0.06, 0.14, count)
    places = _walk(sheet, cell, steps=count, length=0.16)
    sheet.dots(places, sizes, violet=np.full(count, rng.uniform(0.05, 0.13)), blue=1.4)


def _streak(sheet: Sheet, cell: Cell) -> None:
    """A thin line of stain, a little bent."""
    rng = sheet.rng
    count = int(rng.integers(10, 30))
    turns = rng.uniform(0, 2 * np.pi) + rng.normal(0, 0.035) * np.arange(count)
    size = max(cell.radius * rng.uniform(0.02, 0.04), 0.8)
    moves = size * np.cumsum([np.cos(turns), np.sin(turns)], axis=1)
    places = cell.at(rng, rng.uniform(0, 1.2))[:, None] + moves
    violet = rng.uniform(0.2, 0.6) * rng.uniform(0.5, 1, count)
    sheet.dots(places, np.full(count, size), violet=violet)


def _platelet(sheet: Sheet, cell: Cell) -> None:
    """A platelet: pale violet with fine grains, often on the cell's rim."""
    rng = sheet.rng
    place = cell.at(rng, rng.uniform(0.3, 1.4))[:, None]
    size = cell.radius * rng.uniform(0.12, 0.22, 1)
    sheet.dots(place, size, violet=rng.uniform(0.1, 0.2, 1), blue=rng.uniform(0.5, 2))
    count = int(rng.integers(8, 20))
    places = place + rng.normal(0, 0.5 * size, (2, count))
    fine = np.full(count, max(0.16 * float(size[0]), 0.8))
    sheet.dots(places, fine, violet=rng.uniform(0.2, 0.5, count))


def _grain(sheet: Sheet, cell: Cell) -> None:
    """One larger grain of stain, of any form between round and long: the hardest to tell."""
    rng = sheet.rng
    along = np.outer(cell.radius * rng.normal(0, 0.05, 2), [-1, 0, 1])
    places = cell.at(rng, rng.uniform(0, 1.2))[:, None] + along
    sizes = cell.radius * rng.uniform(0.035, 0.06, 3)
    sheet.dots(places, sizes, violet=rng.uniform(0.4, 0.8, 3), blue=rng.uniform(0, 0.8))


CONFUSERS = (_specks, _smudge, _streak, _platelet, _grain)
CONFUSER_SHARES = (0.35, 0.25, 0.15, 0.15, 0.10)


def _photograph(sheet: Sheet) -> NDArray[np.uint8]:
    """Light through the stain, then a scratch, focus and noise; RGB."""
    look, rng = sheet.look, sheet.rng
    height, width = sheet.layers.shape[1:]
    layers = np.minimum(sheet.layers, np.array([3.0, 1.6, 1.3], np.float32)[:, None, None])
    absorbed = np.tensordot(layers, look.stain, axes=(0, 0))
    slope_x, slope_y = (float(slope + rng.normal(0, 0.02)) for slope in look.gradient)
    shade = 1 + slope_x * (sheet.x / width - 0.5) + slope_y * (sheet.y / height - 0.5)
    picture = np.exp(-absorbed) * (look.light * shade[:, :, None]) * rng.normal(1, 0.03)
    if rng.random() < 0.12:  # a scratch in the cover glass
        ends = rng.uniform(0, [width, height], (2, 2)).astype(int).tolist()
        scratch = np.zeros((height, width), np.uint8)
        cv2.line(scratch, ends[0], ends[1], 255, 1, cv2.LINE_AA)
        light = rng.uniform(0.1, 0.3) * (1 if rng.random() < 0.6 else -1)
        picture *= 1 + (scratch * np.float32(light / 255))[:, :, None]
    picture = cv2.GaussianBlur(picture, (0, 0), look.focus * rng.uniform(0.75, 1.3))
    picture = picture + look.noise * rng.standard_normal(picture.shape, dtype=np.float32)
    return np.asarray(np.clip(np.rint(picture), 0, 255), dtype=np.uint8)


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture, RGB (height, width, 3) or grey (height, width), as the bytes of a PNG file."""
    written, data = cv2.imencode(".png", picture[..., ::-1] if picture.ndim == 3 else picture)
    if not written:
        raise ValueError(f"no PNG can be made of an array of {picture.shape}")
    return bytes(data)
