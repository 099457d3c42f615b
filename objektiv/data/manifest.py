"""Take stock of the files of a dataset: hash, bytes and dimensions, without decoding a pixel.

In: a Dataset as it was read. Out: the same with facts, without files whose header cannot be read
and without equal bytes under two labels; both are in its quarantine. Damage deeper in a file is
found when it is looked at. Threads: reading and hashing give way to each other.
Try: `take_stock(read(root, settings), max_pixels=50_000_000).items["hash"]`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import polars as pl

from objektiv.base.errors import ImageError
from objektiv.base.machine import usable_cores
from objektiv.base.progress import Progress
from objektiv.data.dataset import FACTS, Dataset
from objektiv.data.formats import examine
from objektiv.data.images import read_bytes, suffix_notes

CHUNK = 128  # files a task; one a task would cost more than reading a small file
BYTES = "bytes"  # column with the size of each file
SIDEWAYS = 5  # EXIF orientations from here on swap width and height

Row = tuple[str, str, int, int, str, str, int]
Failure = tuple[str, str, str]


def take_stock(dataset: Dataset, *, max_pixels: int, progress: Progress | None = None) -> Dataset:
    """`dataset` with the columns of FACTS and `bytes`; what has no readable header is set aside.

    Width and height are those of the picture as it is shown (EXIF orientation applied).
    """
    items = list(dataset.items.select("id", "path").iter_rows())
    chunks = [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]
    rows: list[Row] = []
    failures: list[Failure] = []

    def stock(chunk: Sequence[tuple[str, str]]) -> tuple[list[Row], list[Failure]]:
        return _stock_all(chunk, max_pixels)

    with (
        (progress or Progress()).step("take stock of files", total=len(items)) as step,
        ThreadPoolExecutor(usable_cores()) as pool,
    ):
        try:
            for found, failed in pool.map(stock, chunks):
                rows += found
                failures += failed
                step.advance(len(found) + len(failed))
        finally:  # also when it is stopped
            pool.shutdown(cancel_futures=True)
    names = dict.fromkeys(("id", "reason", "message"), pl.String)
    dataset = dataset.without(pl.DataFrame(failures, schema=names, orient="row"))
    schema = {"id": pl.String, **FACTS, BYTES: pl.Int64}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    dataset = dataset.with_facts(table)
    sizes = table.select("id", BYTES)
    items_and_sizes = dataset.items.join(sizes, on="id", maintain_order="left")
    return replace(dataset, items=items_and_sizes).without_conflicts()


def _stock_all(
    items: Sequence[tuple[str, str]], max_pixels: int
) -> tuple[list[Row], list[Failure]]:
    rows, failures = [], []
    for id, path in items:
        try:
            rows.append(_stock(id, path, max_pixels))
        except ImageError as error:
            failures.append((id, error.reason, str(error)))
    return rows, failures


def _stock(id: str, path: str, max_pixels: int) -> Row:
    data = read_bytes(path, name=id)
    header = examine(data, name=id, max_pixels=max_pixels)
    width, height = header.width, header.height
    if header.orientation >= SIDEWAYS:
        width, height = height, width
    notes = "; ".join((*suffix_notes(id, header.format), *header.notes))
    digest = hashlib.sha256(data).hexdigest()
    return id, digest, width, height, header.format, notes, len(data)
