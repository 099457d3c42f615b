"""The mean picture of each class: what its pictures have in common, such as frame, light and place.

In: a dataset with facts. Out: one small square a class. Pictures are decoded one by one and only
sums are kept, so memory does not grow with them; large sets are sampled, and the sample is told.
Try: `class_means(dataset, seed=1337, progress=Progress())[0].pixels`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.auditing.facts import most_frequent
from objektiv.base import seeds
from objektiv.base.errors import ImageError
from objektiv.base.progress import Progress
from objektiv.data.dataset import Dataset
from objektiv.data.images import Pixels, decode, read_bytes, to_square

SIDE = 64  # pixels; finer detail is averaged away in any case
SHOWN = 24  # classes; more squares are not read
PIXELS = 60_000_000  # of the files that are decoded: one to two seconds on two cores
FEWEST = 20  # pictures of a class all the same, where there are so many
BATCH = 64  # decoded pictures that may wait in memory
THREADS = 4


@dataclass(frozen=True, eq=False)
class ClassMean:
    """`pixels` uint8 (SIDE, SIDE, 3): the mean of `used` of the class's `items` pictures."""

    label: str
    pixels: Pixels
    used: int
    items: int


def class_means(dataset: Dataset, *, seed: int, progress: Progress) -> tuple[ClassMean, ...]:
    """Of the SHOWN most frequent classes; each picture letterboxed to a square.

    Raises:
        Cancelled: on request.
    """
    chosen = _chosen(dataset, seed=seed)
    means = []
    with progress.step("mean pictures", total=sum(len(c) for c in chosen.values())) as step:
        for label, table in chosen.items():
            total, used = np.zeros((SIDE, SIDE, 3)), 0
            for square in _squares(list(table.select("id", "path").iter_rows()), dataset):
                step.advance()
                if square is not None:  # it was fine when it was looked at
                    total += square
                    used += 1
            if used:
                pixels = np.rint(total / used).astype(np.uint8)
                items = int((dataset.items["label"] == label).sum())
                means.append(ClassMean(label, pixels, used, items))
    return tuple(means)


def _chosen(dataset: Dataset, *, seed: int) -> dict[str, pl.DataFrame]:
    """The items that make the mean of each class: all, or as many as PIXELS allow."""
    items = dataset.items
    labels = most_frequent(dataset.counts(), SHOWN)
    usual = float(np.median((items["width"] * items["height"]).to_numpy()))
    each = max(FEWEST, int(PIXELS / usual / max(1, len(labels))))
    chosen = {}
    for label in labels:
        own = items.filter(pl.col("label") == label)
        if len(own) > each:
            drawn = seeds.generator(seed, "class means", label).permutation(len(own))[:each]
            own = own[np.sort(drawn)]
        chosen[label] = own
    return chosen


def _squares(
    rows: Sequence[tuple[str, str]], dataset: Dataset
) -> Iterator[NDArray[np.float32] | None]:
    largest = int((dataset.items["width"] * dataset.items["height"]).to_numpy().max())

    def square(row: tuple[str, str]) -> NDArray[np.float32] | None:
        name, path = row
        try:
            data = read_bytes(path, name=name)
            picture = decode(data, name=name, max_pixels=largest, reduce_to=2 * SIDE)
        except ImageError:
            return None
        return to_square(picture.pixels, size=SIDE, fit="letterbox")

    with ThreadPoolExecutor(THREADS) as threads:  # decoders let go of Python's lock
        for start in range(0, len(rows), BATCH):
            yield from threads.map(square, rows[start : start + BATCH])
