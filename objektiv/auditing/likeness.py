"""Say how alike the pixels of two pictures are; flips, small crops, size and light do not count.

In: pictures and pairs of them. Out: a likeness for each pair, 1 for the same pixels, about 0 for
two pictures that have nothing in common. Two steps: a cheap one on COARSE pixels that looks at the
pair flipped in four ways, each with its tangents of shift and stretch (Simard et al., 1993), and
for what passes an alignment on SIDE pixels (ECC: Evangelidis and Psarakis, 2008), after which
the fine detail is correlated where the picture is smooth: outlines are alike in all round cells.
Try: `likeness(np.stack([thumbnail(a), thumbnail(b)]), np.array([[0, 1]]))`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from objektiv.base.machine import usable_cores
from objektiv.base.progress import Progress

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Ints = NDArray[np.int64]

SIDE, COARSE = 64, 24
FURTHEST = 2.0  # coarse pixels that a tangent may move the picture's edge
TINT = 0.06  # largest difference of tints between copies; of 5,046 planted ones it was 0.042
SCREEN, SURE, BEST = 0.74, 0.9, 3  # of the coarse step; docs/decisions/copies.md has what passes
EDGE = 3  # pixels of the aligned picture that do not count: blurs reach over the edge there
LEAST = 600  # pixels that must lie in both pictures, of 64 * 64
CHUNK = 1 << 16  # pairs
NOISE = 2.0  # grey levels; smaller differences are what a JPEG file leaves of a flat area
ROUNDS = ((6, 1e-3), (30, 1e-4))  # of the alignment: at most so many, until less is gained
UNSURE = (0.7, 0.93)  # likeness after the first rounds that is worth the others


def thumbnail(pixels: Pixels) -> Pixels:
    """A picture (height, width, 3) RGB as SIDE x SIDE grey pixels, stretched."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    method = cv2.INTER_AREA if min(grey.shape) >= 2 * SIDE else cv2.INTER_LINEAR
    # By way of twice the size and a blur: a plain mean of 10 x 10 pixels lets the grain of wood
    # through as other patterns, which differ once 5 % are cut off.
    double = cv2.GaussianBlur(
        cv2.resize(grey, (2 * SIDE, 2 * SIDE), interpolation=method), (0, 0), 1.2
    )
    return np.asarray(cv2.resize(double, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def tint(pixels: Pixels) -> Floats:
    """How much of a picture's light is red, green and blue, as logarithms (3,)."""
    mean = np.array(cv2.mean(pixels)[:3], np.float32) + 5  # black has no tint
    return np.asarray(np.log(mean / mean.mean()), np.float32)


def likeness(thumbnails: Pixels, pairs: Ints, *, progress: Progress | None = None) -> Floats:
    """Likeness of each pair (pairs, 2) of rows of `thumbnails` (pictures, SIDE, SIDE): (pairs,).

    What does not pass the coarse step has 0. `pairs` must be sorted by their first column.
    """
    progress = progress or Progress()
    with progress.step("compare pixels", total=len(pairs)) as step:
        likely, flips, moves = _coarse(thumbnails, pairs, step.advance)
    found = np.zeros(len(pairs), np.float32)
    chosen = _worth_it(likely, pairs)

    def compare(ends: tuple[int, int]) -> int:
        numbers = chosen[ends[0] : ends[1]]
        first = _prepared(thumbnails[pairs[numbers[0], 0]])
        for number in numbers:
            other = _flip(thumbnails[pairs[number, 1]], int(flips[number]))
            found[number] = _fine(first, np.ascontiguousarray(other), _warp(moves[number]))
        return len(numbers)

    with (
        progress.step("align likely copies", total=len(chosen)) as step,
        ThreadPoolExecutor(usable_cores(), thread_name_prefix="likeness") as pool,
    ):
        for count in pool.map(compare, _runs(pairs[chosen, 0])):
            step.advance(count)
    return found


def _runs(values: Ints) -> list[tuple[int, int]]:
    """Where each run of equal values starts and stops."""
    edges = [*np.flatnonzero(np.diff(values, prepend=-1)).tolist(), len(values)]
    return list(pairwise(edges))


def _coarse(
    thumbnails: Pixels, pairs: Ints, advance: Callable[[int], None]
) -> tuple[Floats, NDArray[np.int8], Floats]:
    """How likely each pair is (pairs,), the flip that says so, and the moves (pairs, 4)."""
    fields = np.empty((len(thumbnails), COARSE, COARSE), np.float32)
    for number, picture in enumerate(thumbnails):
        fields[number] = _field(picture)
    flat = fields.reshape(-1, COARSE * COARSE)
    products = np.empty((len(pairs), 4, 5), np.float32)
    grams = np.tile(np.eye(5, dtype=np.float32), (len(thumbnails), 1, 1))

    def multiply(ends: tuple[int, int]) -> int:
        first, part = pairs[ends[0], 0], slice(*ends)
        tangents = _tangents(fields[first])
        own = tangents.reshape(5, -1)
        grams[first] = own @ own.T
        # A flip of the one instead of the other: the products are the same, and it is done once.
        ways = np.stack([_flip(tangents, number) for number in range(4)]).reshape(20, -1)
        products[part] = (flat[pairs[part, 1]] @ ways.T).reshape(-1, 4, 5)
        return ends[1] - ends[0]

    with ThreadPoolExecutor(usable_cores(), thread_name_prefix="screen") as pool:
        for count in pool.map(multiply, _runs(pairs[:, 0])):
            advance(count)
    inverse = np.linalg.inv(grams + 1e-5 * np.eye(5, dtype=np.float32)).astype(np.float32)
    starts = range(0, max(len(pairs), 1), CHUNK)
    parts = [_explained(products[i : i + CHUNK], inverse[pairs[i : i + CHUNK, 0]]) for i in starts]
    likely, flips, moves = (np.concatenate(part) for part in zip(*parts, strict=True))
    return likely, flips, moves


def _explained(products: Floats, inverse: Floats) -> tuple[Floats, NDArray[np.int8], Floats]:
    """How much of each other field, flipped in four ways, a field and its tangents explain.

    `products` of the tangents with the other (pairs, 4, 5), `inverse` of those with each other
    (pairs, 5, 5). Returns what `_coarse` does; moves are shift down and over, stretch down and
    over, in coarse pixels at the picture's edge.
    """
    parts = np.matmul(products, inverse)  # coefficients; the inverse is symmetric
    share = np.maximum((parts * products).sum(axis=2), 0)
    each = np.sqrt(share) * (parts[:, :, 0] > 0)  # a negative is no copy
    flips = each.argmax(axis=1)
    rows = np.arange(len(flips))
    best = parts[rows, flips]
    moves = np.clip(best[:, 1:] / np.maximum(best[:, :1], 0.1), -FURTHEST, FURTHEST)
    return each[rows, flips], flips.astype(np.int8), np.asarray(moves, np.float32)


def _worth_it(likely: Floats, pairs: Ints) -> Ints:
    """Numbers of the pairs that are looked at closely: SURE, or the BEST likely of either end.

    Among round cells half of all pairs are likely, and a close look takes half a millisecond.
    """
    passing = np.flatnonzero(likely >= SCREEN)
    ends = pairs[passing].T.ravel()
    order = np.lexsort((-np.tile(likely[passing], 2), ends))
    first = np.searchsorted(ends[order], ends[order])
    rank = np.empty(len(ends), np.int64)
    rank[order] = np.arange(len(ends)) - first
    best = rank.reshape(2, -1).min(axis=0) < BEST
    return np.asarray(passing[best | (likely[passing] >= SURE)])


def _flip(picture: NDArray[Any], number: int) -> NDArray[Any]:
    """The last two axes as they are, left to right, upside down, or both."""
    picture = picture[..., ::-1] if number & 1 else picture
    return picture[..., ::-1, :] if number & 2 else picture


def _field(picture: Pixels) -> Floats:
    """COARSE x COARSE pixels without slow changes of light, of length 1."""
    blurred = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.5 * SIDE / COARSE)
    small = cv2.resize(blurred, (COARSE, COARSE), interpolation=cv2.INTER_AREA)
    detail = small - cv2.GaussianBlur(small, (0, 0), 1.5)
    local = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 1.5)) + 3
    field = detail / local**1.5
    field -= field.mean()
    return np.asarray(field / (np.linalg.norm(field) + 1e-6), np.float32)


_ALL = np.ones((SIDE, SIDE), np.uint8)
_ALONG = np.linspace(-1, 1, COARSE, dtype=np.float32)


def _tangents(field: Floats) -> Floats:
    """A field and what it changes by when it is moved a coarse pixel: down, over, and stretched
    down and over by as much at its edge; (5, COARSE, COARSE)."""
    down, over = np.gradient(field)
    return np.stack([field, down, over, down * _ALONG[:, None], over * _ALONG])


def _warp(moves: Floats) -> Floats:
    """Where the pixels of the first thumbnail lie in the second, by the coarse step."""
    down, over, taller, wider = moves * (SIDE / COARSE)
    half = (SIDE - 1) / 2
    rows = [[1 - wider / half, 0, wider - over], [0, 1 - taller / half, taller - down]]
    return np.array(rows, np.float32)


class _Prepared(NamedTuple):
    """A thumbnail with all that is asked of it again and again."""

    blurred: Floats
    detail: Floats  # what a blur of two pixels takes away
    spread: Floats  # standard deviation around each pixel


def _prepared(picture: Pixels) -> _Prepared:
    blurred = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.8)
    return _around(np.asarray(blurred, np.float32))


def _around(picture: Floats) -> _Prepared:
    mean = cv2.GaussianBlur(picture, (0, 0), 2)
    square = cv2.GaussianBlur(picture * picture, (0, 0), 2)
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    return _Prepared(picture, picture - mean, spread)


def _fine(first: _Prepared, other: Pixels, warp: Floats) -> float:
    """Correlation of fine detail after alignment; 0 where no alignment is found."""
    blurred = cv2.GaussianBlur(other.astype(np.float32), (0, 0), 0.8)
    best = 0.0
    for rounds in ROUNDS:  # few first: they settle nearly all
        ending = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, *rounds)
        try:
            _, aligned = cv2.findTransformECC(
                first.blurred, blurred, warp, cv2.MOTION_AFFINE, ending, _ALL, 3
            )
        except cv2.error:  # the two have nothing in common, or one is of one colour
            return best
        warp = np.asarray(aligned, np.float32)
        best = max(best, _after(first, np.asarray(blurred, np.float32), warp))
        if not UNSURE[0] <= best < UNSURE[1]:
            break
    return best


def _after(first: _Prepared, other: Floats, warp: Floats) -> float:
    """Correlation of the detail of `first` and of `other`, laid over it, where both are."""
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (SIDE, SIDE)
    moved = cv2.warpAffine(other, warp, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.ones_like(other), warp, size, flags=how) > 0.99
    inside[:EDGE] = inside[-EDGE:] = inside[:, :EDGE] = inside[:, -EDGE:] = False
    if inside.sum() < LEAST:
        return 0.0
    second = _around(np.asarray(moved, np.float32))
    a, b = first.blurred[inside], second.blurred[inside]
    gain = float(a @ b) / max(float(b @ b), 1e-6)
    contrast = np.maximum(first.spread[inside], gain * second.spread[inside])
    weight = 1 / (contrast + NOISE) ** 2  # little where either has an outline
    weight /= weight.sum()
    x, y = first.detail[inside], second.detail[inside]
    x, y = x - weight @ x, y - weight @ y
    length = np.sqrt((weight @ (x * x)) * (weight @ (y * y)))
    return float(weight @ (x * y) / length) if length > 1e-6 else 0.0
