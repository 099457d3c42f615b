"""What a dataset is made of, in numbers: counts, sizes, formats, brightness and colour.

In: a Seen. Out: Facts, tables that a page, a terminal and a notebook share. Brightness and colour
come from the bank, so nothing is decoded; they are those of the square that the network sees.
Try: `facts_of(look(dataset, settings, max_pixels=50_000_000, progress=Progress())).sizes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.data.dataset import Dataset
from objektiv.data.images import LUMA
from objektiv.data.modes import modes
from objektiv.features.descriptors import COLOURS, COLUMNS
from objektiv.features.look import Seen

GREYISH = 0.05  # grey levels by which the channels of a grey picture may differ
TRAITS = ("brightness", "contrast", "red_green", "blue_green")
QUARTILES = {"low": 0.25, "median": 0.5, "high": 0.75}


@dataclass(frozen=True, eq=False)
class Facts:
    """Tables of a dataset, classes in natural order; grey levels go from 0 to 255.

    `items`: id, label, part, group, width, height, aspect (width / height), kilobytes, format,
    mode, brightness, contrast (mean deviation of the three channels), red, green, blue, red_green
    and blue_green (differences), grey (whether all its pixels are).
    `counts`: label, items of each given part, items, quarantine.
    `sizes`: label, items, then median and range of width, height, aspect and kilobytes.
    `formats`: format, mode, items, and how many of these are grey.
    `colours`: label, items, mean red, green and blue, quartiles of each of TRAITS.
    `quarantine`: reason, files.
    """

    items: pl.DataFrame
    counts: pl.DataFrame
    sizes: pl.DataFrame
    formats: pl.DataFrame
    colours: pl.DataFrame
    quarantine: pl.DataFrame


def facts_of(seen: Seen) -> Facts:
    """The facts of what was looked at."""
    dataset = seen.dataset
    items = _items(dataset, seen.features.block(COLOURS))
    return Facts(
        items=items,
        counts=dataset.counts(),
        sizes=_by_class(dataset.classes, items.group_by("label").agg(pl.len(), *_sizes())),
        formats=_formats(items),
        colours=_by_class(dataset.classes, items.group_by("label").agg(pl.len(), *_colours())),
        quarantine=dataset.quarantine.group_by("reason")
        .len("files")
        .sort(["files", "reason"], descending=[True, False]),
    )


def most_frequent(counts: pl.DataFrame, most: int) -> list[str]:
    """The classes that are shown where more than `most` would not be read, in natural order.

    `counts`: the table `counts` of Facts. Classes without a usable item are left out.
    """
    present = counts.filter(pl.col("items") > 0).with_row_index("place")
    kept = present.sort(["items", "place"], descending=[True, False]).head(most)
    return kept.sort("place")["label"].to_list()


def _items(dataset: Dataset, colours: NDArray[np.float32]) -> pl.DataFrame:
    """A row an item; `colours` (items, 61) in their order."""

    def column(name: str) -> NDArray[np.float64]:
        return colours[:, COLUMNS.index(name)].astype(np.float64)

    red, green, blue = (column(f"whole mean {c}") for c in ("red", "green", "blue"))
    spread = [column(f"whole deviation {c}") for c in ("red", "green", "blue")]
    apart = [column(f"whole {s} {c}") for s, c in _colour_differences()]
    table = dataset.items
    return table.select("id", "label", "part", "group", "width", "height").with_columns(
        (pl.col("width") / pl.col("height")).alias("aspect"),
        pl.Series("kilobytes", _kilobytes(table["path"]), dtype=pl.Float64),
        table["format"],
        pl.Series("mode", modes(table), dtype=pl.String),
        pl.Series("brightness", LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue),
        pl.Series("contrast", np.mean(spread, axis=0) - 1),  # the bank adds one level
        pl.Series("red", red),
        pl.Series("green", green),
        pl.Series("blue", blue),
        pl.Series("red_green", column("whole mean red-green")),
        pl.Series("blue_green", column("whole mean blue-green")),
        pl.Series("grey", np.max(np.abs(apart), axis=0) <= GREYISH),
    )


def _colour_differences() -> list[tuple[str, str]]:
    """Statistics that are all zero where red, green and blue are the same in every pixel."""
    statistics = ("mean", "minimum", "maximum")
    return [(s, c) for s in statistics for c in ("red-green", "blue-green")]


def _kilobytes(paths: Iterable[str]) -> list[float | None]:
    found: list[float | None] = []
    for path in paths:
        try:
            found.append(Path(path).stat().st_size / 1000)
        except OSError:  # gone since it was looked at
            found.append(None)
    return found


def _sizes() -> list[pl.Expr]:
    return [
        expression
        for name in ("width", "height", "aspect", "kilobytes")
        for expression in (
            pl.col(name).median().alias(f"{name}_median"),
            pl.col(name).min().alias(f"{name}_least"),
            pl.col(name).max().alias(f"{name}_most"),
        )
    ]


def _colours() -> list[pl.Expr]:
    means = [pl.col(name).mean() for name in ("red", "green", "blue")]
    return means + [
        pl.col(trait).quantile(share, interpolation="linear").alias(f"{trait}_{name}")
        for trait in TRAITS
        for name, share in QUARTILES.items()
    ]


def _by_class(classes: tuple[str, ...], table: pl.DataFrame) -> pl.DataFrame:
    """In the order of `classes`, which may have no item left."""
    return (
        pl.DataFrame({"label": classes}, schema={"label": pl.String})
        .join(table.rename({"len": "items"}), on="label", how="left", maintain_order="left")
        .with_columns(pl.col("items").fill_null(0))
    )


def _formats(items: pl.DataFrame) -> pl.DataFrame:
    return (
        items.group_by("format", "mode")
        .agg(pl.len().alias("items"), pl.col("grey").sum())
        .sort(["items", "format", "mode"], descending=[True, False, False])
    )
