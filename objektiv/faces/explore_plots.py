"""The plots of `explore`: counts, sizes and colours of each class.

In: Facts. Out: matplotlib Figures; None where there is nothing to show, such as sizes of pictures
that are all of one size. Where classes are many, the most frequent are shown.
Try: `sizes(explored.facts).savefig("sizes.png")`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.auditing.facts import TRAITS, Facts, most_frequent
from objektiv.data.folders import PARTS
from objektiv.faces.canvas import (
    GREY,
    SOFT,
    VIOLET,
    colour,
    new_drawing,
    shortened,
    style,
)
from objektiv.faces.plots import size_range, ticks_between

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMED = 40  # classes that have a line of their own
PANELS = 12  # classes that have a panel of their own
PART_COLOURS = dict(zip(PARTS, (VIOLET, "#a98fd0", "#d1841b"), strict=True))
TRAIT_WORDS = dict(
    zip(
        TRAITS,
        ("brightness", "contrast", "redder than green", "bluer than green"),
        strict=True,
    )
)


def counts(facts: Facts) -> Figure:
    """Pictures of each class, by part where parts are given, and what was set aside."""
    table = facts.counts
    columns = [(part, PART_COLOURS[part]) for part in PARTS if part in table.columns]
    rest = table["items"] - sum((table[part] for part, _ in columns), pl.Series([0] * len(table)))
    if rest.sum():
        table = table.with_columns(rest.alias("in no part" if columns else "pictures"))
        columns.append(("in no part" if columns else "pictures", "#b8b3c0" if columns else VIOLET))
    if table["quarantine"].sum():
        table = table.rename({"quarantine": "set aside"})
        columns.append(("set aside", GREY))
    with style():
        return _ranked(table) if len(table) > NAMED else _bars(table, columns)


def _bars(table: pl.DataFrame, columns: Sequence[tuple[str, str]]) -> Figure:
    from matplotlib.ticker import MaxNLocator

    drawing = new_drawing(8, 0.9 + 0.34 * len(table))
    axes = drawing.add_subplot()
    left = np.zeros(len(table))
    for name, fill in columns:
        values = table[name].to_numpy().astype(np.float64)
        aside: dict[str, Any] = {
            "hatch": "////",
            "edgecolor": fill,
            "facecolor": "none",
            "linewidth": 0.8,
        }
        look = aside if name == "set aside" else {"color": fill}
        axes.barh(np.arange(len(table)), values, 0.66, left=left, label=name, **look)
        left += values
    for row, (items, end) in enumerate(zip(table["items"], left, strict=True)):
        axes.annotate(f"{items:,}", (end, row), (5, 0), textcoords="offset points", va="center")
    _named_rows(axes, table["label"].to_list())
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, max(1.0, float(left.max())) * 1.1)
    axes.set_xlabel("pictures")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    if len(columns) > 1:
        drawing.legend(loc="outside upper left", ncols=len(columns))
    return drawing


def _named_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Class names at the left of a line each, the first one on top."""
    axes.set_yticks(range(len(labels)), [shortened(label) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)


def _ranked(table: pl.DataFrame) -> Figure:
    """So many classes that names cannot be read: their sizes, the largest first."""
    ordered = table.sort("items", descending=True, maintain_order=True)
    drawing = new_drawing(8, 3.4)
    axes = drawing.add_subplot()
    axes.fill_between(np.arange(1, len(table) + 1), ordered["items"].to_numpy(), color=VIOLET, lw=0)
    most, least = ordered.row(0, named=True), ordered.row(-1, named=True)
    axes.set_title(
        f"largest: {shortened(most['label'])} {most['items']:,}   "
        f"smallest: {shortened(least['label'])} {least['items']:,}",
        loc="left",
    )
    axes.set_ylim(0, max(1, most["items"]) * 1.08)
    axes.set_xlim(0, len(table) + 1)
    axes.set_xlabel("classes, the largest first")
    axes.set_ylabel("pictures")
    return drawing


def sizes(facts: Facts) -> Figure | None:
    """Width against height, a panel a class with the others in grey; None where all are alike."""
    table = facts.items
    if table.select("width", "height").n_unique() < 2:
        return None
    labels = most_frequent(facts.counts, PANELS)
    rows = math.ceil(len(labels) / 4)
    columns = math.ceil(len(labels) / rows)
    wide = 8 if columns > 2 else 4 * columns
    with style():
        drawing = new_drawing(wide, (wide / columns + 0.35) * rows + 0.3)
        everything = _dots(table)
        for place, label in enumerate(labels):
            axes = drawing.add_subplot(rows, columns, place + 1)
            _size_axes(axes, table, most=5 if columns < 3 else 3)
            own = table.filter(pl.col("label") == label)
            if len(labels) > 1:
                axes.scatter(*everything, color=GREY, alpha=0.2, linewidths=0, rasterized=True)
            dots = _dots(own)
            axes.scatter(*dots, color=colour(place), alpha=0.6, linewidths=0, rasterized=True)
            usual = " × ".join(f"{np.median(own[side]):,.0f}" for side in ("width", "height"))
            axes.set_title(f"{shortened(label, 64 // columns)}\nmedian {usual}")
        drawing.supxlabel("width, pixels", color=SOFT, fontsize=9)
        drawing.supylabel("height, pixels", color=SOFT, fontsize=9)
    return drawing


def _dots(table: pl.DataFrame) -> tuple[pl.Series, pl.Series, NDArray[np.float64]]:
    """Widths, heights and areas of dots: one a size, larger where more pictures have it."""
    found = table.group_by("width", "height", maintain_order=True).len()
    share = found["len"].to_numpy() / len(table)
    return found["width"], found["height"], 5 + 300 * share


def _size_axes(axes: Axes, table: pl.DataFrame, *, most: int) -> None:
    lengths = [*table["width"], *table["height"]]
    low, high = size_range(lengths)
    ticks = ticks_between(low, high)
    ticks = ticks[:: math.ceil(len(ticks) / most)]
    axes.plot([low, high], [low, high], "--", color=GREY, lw=0.8)
    axes.set_aspect("equal")
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        getattr(axes, f"set_{name}scale")("log")
        getattr(axes, f"set_{name}lim")(low, high)
        axis.set_ticks(ticks, [f"{tick:,}" for tick in ticks])
        axis.set_ticks([], minor=True)


def colours(facts: Facts) -> Figure:
    """Median and middle half of brightness, contrast and colour of each class."""
    from matplotlib.ticker import MaxNLocator

    labels = most_frequent(facts.counts, NAMED)
    table = facts.colours.filter(pl.col("label").is_in(labels))
    traits = TRAITS[:2] if facts.items["grey"].all() else TRAITS
    with style():
        drawing = new_drawing(8, 1.05 + 0.34 * len(table))
        every = drawing.subplots(1, len(traits), sharey=True, squeeze=False)[0]
        for place, (axes, trait) in enumerate(zip(every, traits, strict=True)):
            low, middle, high = (table[f"{trait}_{q}"] for q in ("low", "median", "high"))
            rows = np.arange(len(table))
            axes.hlines(rows, low, high, color=VIOLET, alpha=0.4, lw=5)
            axes.plot(middle, rows, "o", color=VIOLET, ms=5.5)
            axes.set_title(TRAIT_WORDS[trait], loc="left")
            axes.margins(x=0.12)
            axes.xaxis.set_major_locator(MaxNLocator(4 if len(traits) > 2 else 7))
            axes.grid(visible=False, axis="y")
            if place == 0:
                _named_rows(axes, table["label"].to_list())
                _swatches(axes, table)
            else:
                axes.tick_params(left=False)
        drawing.supxlabel("grey levels, from 0 to 255", color=SOFT, fontsize=9)
    return drawing


def _swatches(axes: Axes, table: pl.DataFrame) -> None:
    """The mean colour of each class beside its name."""
    axes.tick_params(axis="y", pad=20)
    for row, levels in enumerate(table.select("red", "green", "blue").iter_rows()):
        shade = tuple(min(1.0, max(0.0, level / 255)) for level in levels)
        frame: dict[str, Any] = {
            "boxstyle": "square,pad=0.35",
            "facecolor": shade,
            "edgecolor": GREY,
            "lw": 0.6,
        }
        place: dict[str, Any] = {
            "xycoords": axes.get_yaxis_transform(),
            "textcoords": "offset points",
        }
        look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8, "bbox": frame}
        axes.annotate("  ", (0, row), (-12, 0), annotation_clip=False, **place, **look)
