"""Pictures in memory, and the batches of an epoch, changed anew each time and drawn ahead.

In: files and labels. Out: squares of 8 bits, and batches whose order depends on (seed, epoch)
alone and whose changes depend on (seed, epoch, picture) alone, whatever the number of threads.
Try: `Batches(pictures, size=32, seed=0).epoch(0)`.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.base.machine import usable_cores, usable_memory
from objektiv.base.progress import Progress
from objektiv.data.images import decode, read_bytes, to_square
from objektiv.data.settings import Fit

SHARE_OF_MEMORY = 0.4  # that one array may take; a larger one lies in a file while it is used
AHEAD = 3  # batches that are drawn while the network works on one

Squares = NDArray[np.uint8]
Change = Callable[[Squares, Squares, int, int], object]
"""Writes a changed square: (square, out, epoch, row) decide it and nothing else."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Squares with their labels; several may share `squares` and take other `rows` of it."""

    squares: Squares  # (items, size, size, 3), RGB
    labels: NDArray[np.int64]  # (items,)
    weights: NDArray[np.float32]  # (items,), how much each counts in the loss; 1 on average
    rows: NDArray[np.int64]  # of the items that are used

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def size(self) -> int:
        """Side of the squares in pixels."""
        return int(self.squares.shape[1])

    def only(self, rows: NDArray[np.int64]) -> Pictures:
        """Those with these rows of `squares`, without a copy."""
        return replace(self, rows=np.asarray(rows, np.int64))

    def balanced(self, classes: int) -> Pictures:
        """The same with weights under which each class counts as much as any other."""
        labels = self.labels[self.rows]
        counts = np.bincount(labels, minlength=classes)
        present = np.count_nonzero(counts)
        factors = len(labels) / np.maximum(present * counts, 1)
        return replace(self, weights=factors[self.labels].astype(np.float32))


def of_arrays(squares: Squares, labels: Sequence[int] | NDArray[np.int64]) -> Pictures:
    """Pictures that are squares already."""
    count = len(squares)
    ones = np.ones(count, np.float32)
    return Pictures(squares, np.asarray(labels, np.int64), ones, np.arange(count))


@dataclass(frozen=True)
class Reading:
    """How files become squares."""

    size: int
    fit: Fit
    max_pixels: int
    workers: int | None = None


def read(
    paths: Sequence[Path | str],
    labels: Sequence[int] | NDArray[np.int64],
    how: Reading,
    *,
    progress: Progress,
) -> Pictures:
    """Decode files in threads, resize as the bundle's graph does, and round to 8 bits.

    Raises:
        ImageError: a file cannot be decoded; a look at the data has set such files aside before.
        Cancelled: on request.
    """
    squares: Squares = room((len(paths), how.size, how.size, 3), np.uint8)

    def fill(row: int) -> None:
        path = paths[row]
        pixels = decode(
            read_bytes(path, name=str(path)), name=str(path), max_pixels=how.max_pixels
        ).pixels
        square = to_square(pixels, size=how.size, fit=how.fit)
        squares[row] = np.rint(square).clip(0, 255)

    with (
        progress.step("read images", total=len(paths)) as step,
        ThreadPoolExecutor(how.workers or usable_cores(), "read") as pool,
    ):
        try:
            for _ in pool.map(fill, range(len(paths))):
                step.advance()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return of_arrays(squares, labels)


def room(shape: tuple[int, ...], kind: type[np.generic]) -> NDArray[Any]:
    """An array in memory, or in a file without a name if it is too large for it."""
    size = np.prod(shape, dtype=np.int64) * np.dtype(kind).itemsize
    if size <= SHARE_OF_MEMORY * (usable_memory() or 2**32):
        return np.empty(shape, kind)
    with tempfile.TemporaryFile() as stream:  # the mapping holds it open
        return np.memmap(stream, kind, "w+", shape=shape)


@dataclass(frozen=True, eq=False)
class Lessons:
    """What a network learns from."""

    train: Pictures
    validation: Pictures
    change: Change | None = None  # of the training pictures, anew each epoch
    workers: int | None = None


class Batch(NamedTuple):
    """Pictures between two steps."""

    squares: Squares  # (n, size, size, 3)
    labels: NDArray[np.int64]  # (n,)
    weights: NDArray[np.float32]  # (n,)


class Batches:
    """The batches of every epoch."""

    def __init__(
        self,
        pictures: Pictures,
        *,
        size: int,
        seed: int,
        change: Change | None = None,
        workers: int | None = None,
    ) -> None:
        """`size` pictures a batch; `change` is called in threads."""
        self._pictures, self._size, self._seed = pictures, size, seed
        self._change = change
        self._workers = workers or usable_cores()

    def __len__(self) -> int:
        return len(self._starts())

    def _starts(self) -> range:
        """A single picture left over joins the batch before: nothing is learnt from the spread
        of one, and batch normalisation refuses it."""
        count = len(self._pictures)
        return range(0, max(count - 1, 1), self._size)

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch (0 is the first), from batch `start` on."""
        rows = self._pictures.rows
        order = seeds.generator(self._seed, "order", number).permutation(len(rows))
        starts = self._starts()
        stops = [*starts[1:], len(rows)]
        parts = [rows[order[a:b]] for a, b in zip(starts, stops, strict=True)][start:]
        return ahead(parts, lambda part: self._drawn(part, number), workers=self._workers)

    def _drawn(self, rows: NDArray[np.int64], epoch: int) -> Batch:
        if self._change is None:
            return gathered(self._pictures, rows)
        whole = self._pictures
        squares = np.empty((len(rows), *whole.squares.shape[1:]), np.uint8)
        for out, row in zip(squares, rows.tolist(), strict=True):
            self._change(whole.squares[row], out, epoch, row)
        return Batch(squares, whole.labels[rows], whole.weights[rows])


def in_order(pictures: Pictures, *, size: int) -> Iterator[Batch]:
    """All pictures as they stand, `size` at a time."""
    rows = pictures.rows
    return (gathered(pictures, rows[at : at + size]) for at in range(0, len(rows), size))


def gathered(pictures: Pictures, rows: NDArray[np.int64]) -> Batch:
    """Copies of some rows."""
    return Batch(pictures.squares[rows], pictures.labels[rows], pictures.weights[rows])


def ahead(
    parts: Sequence[NDArray[np.int64]],
    draw: Callable[[NDArray[np.int64]], Batch],
    *,
    workers: int,
) -> Iterator[Batch]:
    """Each part drawn in a thread, in order; the threads end when the iterator is closed."""
    waiting: deque[Future[Batch]] = deque()
    pool = ThreadPoolExecutor(workers, "draw")
    try:
        for part in parts:
            waiting.append(pool.submit(draw, part))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
