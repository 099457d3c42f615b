"""Thumbnails and tints of pictures, for comparing them; kept in the bank beside their features.

In: files with their hashes. Out: grey thumbnails and how much of the light is red, green and blue.
A picture is decoded once: the next check finds its thumbnail in a view of its own.
Try: `thumbnails(table, bank=None, max_pixels=50_000_000, progress=Progress())`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.auditing.likeness import SIDE, thumbnail, tint
from objektiv.base.machine import usable_cores
from objektiv.base.progress import Progress
from objektiv.data.images import decode, read_bytes
from objektiv.features.bank import Record, View
from objektiv.features.look import DECODING

COLUMNS = SIDE * SIDE + 3  # grey levels, which 16 bits hold exactly, and the tint


class Thumbnails(NamedTuple):
    """`pictures` (items, SIDE, SIDE) and `tints` (items, 3)."""

    pictures: NDArray[np.uint8]
    tints: NDArray[np.float32]


def thumbnails(
    table: pl.DataFrame, *, bank: Path | None, max_pixels: int, progress: Progress
) -> Thumbnails:
    """Of the files of `table` (columns id, path, hash), in its order; no hash twice.

    Raises:
        ImageError: a picture cannot be read any more.
        Cancelled: on request; what was read stays in the bank.
    """
    view = View(bank, {"thumbnail": SIDE, "decoding": DECODING}) if bank else None
    known = view.hashes(max_pixels=max_pixels) if view else set()
    hashes = table["hash"].to_list()
    values = np.empty((len(hashes), COLUMNS), np.float32)
    old = [row for row, hash in enumerate(hashes) if hash in known]
    new = [row for row, hash in enumerate(hashes) if hash not in known]
    if view and old:
        values[old] = view.gather([hashes[row] for row in old], columns=COLUMNS)[0]
    files = table[new].select("id", "path", "hash").rows()
    with (
        progress.step("read pictures", total=len(files)) as step,
        ThreadPoolExecutor(usable_cores(), thread_name_prefix="read") as pool,
    ):
        try:
            records = pool.map(lambda file: _record(*file, max_pixels=max_pixels), files)
            for row, record in zip(new, records, strict=True):
                values[row] = record.features
                if view:
                    view.add(record)
                step.advance()
        finally:
            if view:
                view.flush()
    pictures = values[:, :-3].astype(np.uint8).reshape(-1, SIDE, SIDE)
    return Thumbnails(pictures, values[:, -3:])


def _record(id: str, path: str, hash: str, *, max_pixels: int) -> Record:
    picture = decode(read_bytes(path, name=id), name=id, max_pixels=max_pixels)
    height, width, _ = picture.pixels.shape
    values = np.concatenate([thumbnail(picture.pixels).ravel(), tint(picture.pixels)])
    return Record(hash, width, height, picture.format, "", values.astype(np.float16))
