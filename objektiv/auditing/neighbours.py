"""Find each row's nearest other rows among many thousands, exactly, in little memory.

In: Features. Out: pairs of rows that are near by cosine. `sketch` shortens the 2,500 columns that
tell copies apart to WIDTH leading directions; `nearest` compares every row with every other, block
by block, and keeps only what is better than the worst that is kept (docs/decisions/copies.md).
Try: `nearest(sketch(features), count=24)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from objektiv.base.machine import usable_cores
from objektiv.base.seeds import generator
from objektiv.features.descriptors import COLOURS
from objektiv.features.look import Features
from objektiv.models.model import PLAIN, matrix

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

WIDTH = 192
SAMPLE = 2048  # rows that scales and directions are taken from
IMPORTANCE = 2.0  # of a standardised colour against one of the network's columns
FLOOR = 0.25  # cosine; of the planted copies of five kinds the least had 0.28
ROWS, FIRST, MOST = 512, 2048, 4096  # of a block; of its first and its largest comparison


def sketch(features: Features) -> Floats:
    """Rows of length 1, (items, at most WIDTH), whose products tell how alike two items are.

    The stages of the network (its final block knows what is shown, not how) and the colours, each
    column standardised.
    """
    blocks = [block.name for block in features.blocks if block.name not in PLAIN]
    blocks = [*(blocks[:-1] or blocks), *([COLOURS] if _has(features, COLOURS) else [])]
    sample = matrix(_some(features, slice(None, None, _step(features))), blocks)
    middle, spread = sample.mean(axis=0), sample.std(axis=0)
    weight = (spread > 1e-6) / np.maximum(spread, 1e-6)
    for name in set(blocks) & set(PLAIN):
        weight[-features.block(name).shape[1] :] *= IMPORTANCE
    sample -= middle  # in place: beside 100,000 rows of features there is little room
    sample *= weight
    directions = _directions(_unit(sample))
    del sample
    rows = np.empty((len(features.ids), directions.shape[1]), np.float32)
    for start in range(0, len(rows), ROWS):
        part = slice(start, start + ROWS)
        values = matrix(_some(features, part), blocks)
        values -= middle
        values *= weight
        rows[part] = _unit(_unit(values) @ directions)
    return rows


def nearest(
    rows: Floats, *, count: int, advance: Callable[[int], None] = lambda count: None
) -> tuple[Ints, Floats]:
    """Pairs (pairs, 2) of rows of length 1, sorted, the smaller first, and their cosines.

    A pair is there if one is among the `count` nearest of the other, and its cosine over FLOOR.
    """
    found, cosines = [], []
    with (
        threadpool_limits(1, user_api="blas"),  # a thread a block, so that all of it is shared
        ThreadPoolExecutor(usable_cores(), thread_name_prefix="nearest") as pool,
    ):
        starts = range(0, len(rows), ROWS)
        each = pool.map(lambda start: _nearest_of_block(rows, start, count), starts)
        for here, there, cosine in each:
            found.append(np.minimum(here, there) * len(rows) + np.maximum(here, there))
            cosines.append(cosine)
            advance(min(ROWS, len(rows) - ROWS * (len(found) - 1)))
    if not found:
        return np.empty((0, 2), np.int64), np.empty(0, np.float32)
    keys = np.concatenate(found)
    found.clear()  # beside the features of 100,000 rows there is little room
    keys, first = np.unique(keys, return_index=True)
    return np.stack(np.divmod(keys, len(rows)), axis=1), np.concatenate(cosines)[first]


def _nearest_of_block(rows: Floats, start: int, count: int) -> tuple[Ints, Ints, Floats]:
    """For the rows of one block: their numbers, their nearest ones' and the cosines."""
    block = rows[start : start + ROWS]
    bound = np.full(len(block), FLOOR, np.float32)
    kept = _Kept(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
    new: list[_Kept] = []
    for left, right in _chunks(len(rows)):
        products = block @ rows[left:right].T
        own = np.arange(max(start, left), min(start + len(block), right))
        products[own - start, own - left] = -1
        if left == 0 and right > count:  # a bound to begin with, so that little passes
            least = np.partition(products, -count, axis=1)[:, -count]
            bound = np.maximum(bound, np.nextafter(least, np.float32(-1)))
        passing = np.flatnonzero(products > bound[:, None])
        row, column = np.divmod(passing, right - left)
        new.append(_Kept(row, column + left, products.ravel()[passing]))
        if right == len(rows) or sum(len(part.row) for part in new) > len(block) * count:
            kept = _best([kept, *new], count)  # sorting costs: not after every chunk
            new = []
            full = np.flatnonzero(np.bincount(kept.row, minlength=len(block)) == count)
            last = np.searchsorted(kept.row, full, side="right") - 1
            bound[full] = kept.cosine[last]
    return kept.row + start, kept.column, kept.cosine


class _Kept(NamedTuple):
    """Products that are good enough so far: row of the block, column, cosine."""

    row: Ints
    column: Ints
    cosine: Floats


def _best(parts: list[_Kept], count: int) -> _Kept:
    """The `count` best of each row, sorted by row, the best first, of equal ones the first."""
    row, column, cosine = (np.concatenate(both) for both in zip(*parts, strict=True))
    order = np.argsort(row * 4.0 - cosine, kind="stable")
    row = row[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    good = rank < count
    return _Kept(row[good], column[order[good]], cosine[order[good]])


def _chunks(total: int) -> Iterator[tuple[int, int]]:
    """Ranges that grow: what the first ones find keeps most of the later ones out."""
    left, width = 0, FIRST
    while left < total:
        right = min(left + width, total)
        yield left, right
        left, width = right, min(2 * width, MOST)


def _directions(sample: Floats) -> Floats:
    """The leading directions (columns, at most WIDTH) of `sample`, by subspace iteration.

    Halko, Martinsson and Tropp (2011); exact directions would take ten times as long and find
    no more copies.
    """
    columns = sample.shape[1]
    if columns <= WIDTH:
        return np.eye(columns, dtype=np.float32)
    start = generator(0, "directions").standard_normal((columns, WIDTH))
    found = start.astype(np.float32)
    for _ in range(3):
        found = np.linalg.qr(sample.T @ (sample @ found))[0]
    return found


def _has(features: Features, name: str) -> bool:
    return any(block.name == name for block in features.blocks)


def _step(features: Features) -> int:
    return max(1, len(features.ids) // SAMPLE)


def _some(features: Features, part: slice) -> Features:
    return Features(features.ids[part], features.values[part], features.blocks)


def _unit(values: Floats) -> Floats:
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.maximum(length, 1e-12), np.float32)
