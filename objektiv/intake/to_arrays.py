"""Write a dataset as NumPy arrays, as a notebook wants it: X_train.npy, y_train.npy and so on.

In: a Dataset, perhaps its Split, and ArraySettings. Out: a new folder, or one .npz, with X_PART
(uint8, n x size x size x 3, or n x size x size where grey), y_PART (whole numbers), id_PART
(which file each row is), group_PART where there are groups, and `classes` (their names). Without
parts the names are X, y, id and group. Pixels come through the one decode and resize that training
uses, rounded.
Try: `write_arrays(read(Path("cells"), ReadSettings()), Path("arrays"), ArraySettings(size=28))`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import DataError, ImageError
from objektiv.base.progress import Progress, Step
from objektiv.data.dataset import Dataset
from objektiv.data.images import LUMA, Pixels, decode, read_bytes, to_square
from objektiv.data.settings import ArraySettings, ReadSettings
from objektiv.data.split import Split
from objektiv.intake.tree import refuse_existing

PIECE = 256  # pictures in flight at a time
MAX_PIXELS = ReadSettings().max_pixels
New = Callable[[str, tuple[int, ...]], NDArray[Any]]  # a new array of bytes: its name and shape


def write_arrays(
    dataset: Dataset,
    target: Path,
    settings: ArraySettings,
    *,
    split: Split | None = None,
    progress: Progress | None = None,
) -> dict[str, tuple[int, ...]]:
    """Publish the arrays as a new folder, or as one file where `target` ends in .npz.

    Parts are those of `split`, else those the data came with. Returns the shape of each X. An .npz
    is put together in memory.

    Raises:
        DataError: `target` is there already, or pictures cannot be read; these are named.
        MachineError: it cannot be written.
    """
    refuse_existing(target)
    items = dataset.items
    if split is not None:
        parts = items.select("id").join(split.table, on="id", how="left", maintain_order="left")
        items = items.with_columns(parts["part"])
    with (progress or Progress()).step("arrays", total=len(items)) as step:
        if target.suffix.lower() == ".npz":
            arrays: dict[str, NDArray[Any]] = {}

            def in_memory(name: str, shape: tuple[int, ...]) -> NDArray[Any]:
                return arrays.setdefault(name, np.empty(shape, np.uint8))

            shapes, texts = _fill(items, dataset.classes, settings, in_memory, step)
            stream = io.BytesIO()
            np.savez(stream, allow_pickle=False, **arrays, **texts)
            files.make_folder(target.parent)
            files.write_bytes(target, stream.getvalue())
            return shapes
        with files.new_folder(target) as folder:

            def on_disk(name: str, shape: tuple[int, ...]) -> NDArray[Any]:
                path = folder / f"{name}.npy"
                return open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)

            shapes, texts = _fill(items, dataset.classes, settings, on_disk, step)
            for name, array in texts.items():
                np.save(folder / f"{name}.npy", array, allow_pickle=False)
            return shapes


def _fill(
    items: pl.DataFrame,
    classes: tuple[str, ...],
    settings: ArraySettings,
    new: New,
    step: Step,
) -> tuple[dict[str, tuple[int, ...]], dict[str, NDArray[Any]]]:
    """Shapes of the arrays of pictures that were filled, and the small arrays beside them."""
    numbers = {label: number for number, label in enumerate(classes)}
    shapes: dict[str, tuple[int, ...]] = {}
    texts: dict[str, NDArray[Any]] = {"classes": np.array(classes)}
    colours = (3,) if settings.colour == "rgb" else ()
    bad: list[ImageError] = []
    for part in items["part"].unique(maintain_order=True):
        rows = items.filter(pl.col("part").eq_missing(part))
        end = f"_{part}" if part else ""
        shape = (len(rows), settings.size, settings.size, *colours)
        pictures = new(f"X{end}", shape)
        bad += _decode_into(pictures, rows, settings, step)
        shapes[f"X{end}"] = shape
        texts[f"y{end}"] = np.array([numbers[label] for label in rows["label"]], np.int64)
        texts[f"id{end}"] = np.array(rows["id"].to_list())
        if rows["group"].null_count() == 0:
            texts[f"group{end}"] = np.array(rows["group"].to_list())
    if bad:
        raise DataError(
            f"{len(bad):,} of {len(items):,} pictures cannot be read",
            value="; ".join(f"{error.happened}: {error.value}" for error in bad[:5]),
            allowed="Every row of the arrays needs its picture",
            next="take these files away, or put good copies in their place",
        )
    return shapes, texts


def _decode_into(
    out: NDArray[Any], rows: pl.DataFrame, settings: ArraySettings, step: Step
) -> list[ImageError]:
    """Fill `out`, one picture a row; what cannot be read is returned."""
    bad: list[ImageError] = []

    def one(place: int) -> None:
        path, name = rows["path"][place], rows["id"][place]
        try:
            data = read_bytes(path, name=name)
            picture = decode(data, name=name, max_pixels=MAX_PIXELS)
        except ImageError as error:
            bad.append(error)
            return
        out[place] = _square(picture.pixels, settings)

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for start in range(0, len(rows), PIECE):
            places = range(start, min(start + PIECE, len(rows)))
            list(pool.map(one, places))
            step.advance(len(places))
    return bad


def _square(pixels: Pixels, settings: ArraySettings) -> Pixels:
    square = to_square(pixels, size=settings.size, fit=settings.fit)
    if settings.colour == "grey":
        square = square @ np.array(LUMA, np.float32)
    return np.rint(square).astype(np.uint8)
