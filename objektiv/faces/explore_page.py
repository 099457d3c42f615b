"""One page that shows what a dataset holds: a single HTML file that needs nothing from outside.

In: an Explored. Out: explore.html in the look of report.html, and every figure as PNG beside it.
Try: `save(explored, Path("explored/cells-001"))`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from objektiv.base import files
from objektiv.faces import data_part, explore_grids, explore_map, explore_plots
from objektiv.faces.canvas import COLOURED, png, svg
from objektiv.faces.pictures import Thumbnail, thumbnail_of, thumbnails
from objektiv.faces.report import environment
from objektiv.faces.sections import Table
from objektiv.faces.words import count
from objektiv.flow.explore import Explored
from objektiv.flow.run import QUARANTINE, save_quarantine, save_table, typed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE, CLASSES, ITEMS = "explore.html", "classes.csv", "items.csv"
LISTED = 50  # classes in a table; the others stand in classes.csv

FIGURES: dict[str, Callable[[Explored], Figure | None]] = {
    "samples": lambda e: explore_grids.samples(e.seen.dataset, e.settings),
    "counts": lambda e: explore_plots.counts(e.facts),
    "sizes": lambda e: explore_plots.sizes(e.facts),
    "colours": lambda e: explore_plots.colours(e.facts),
    "means": lambda e: explore_grids.means(e.means),
    "map": explore_map.dots,
    "map_pictures": explore_map.thumbnails,
}


def save(explored: Explored, folder: Path) -> Path:
    """Write the page, the figures and the tables into a new `folder`; returns the page.

    Raises:
        MachineError: the folder cannot be written.
    """
    figures = draw(explored)
    contents = {f"{name}.png": png(figure) for name, figure in figures.items()}
    for name, data in contents.items():
        files.write_bytes(folder / name, data)
    facts = explored.facts
    save_table(class_facts(explored), folder / CLASSES)
    save_table(facts.items, folder / ITEMS)
    save_quarantine(explored.seen.dataset, folder / QUARANTINE)
    files.write_text(folder / PAGE, page(explored, figures))  # last, so that it means finished
    return folder / PAGE


def draw(explored: Explored) -> dict[str, Figure]:
    """Every figure that there is, by name."""
    drawn = {name: make(explored) for name, make in FIGURES.items()}
    return {name: figure for name, figure in drawn.items() if figure is not None}


def class_facts(explored: Explored) -> pl.DataFrame:
    """Counts, sizes and colours in one row a class."""
    facts = explored.facts
    return facts.counts.join(
        facts.sizes.drop("items"), on="label", maintain_order="left", how="left"
    ).join(facts.colours.drop("items"), on="label", maintain_order="left", how="left")


def page(explored: Explored, figures: dict[str, Figure]) -> str:
    """The page as text; `figures` are those of `draw`."""
    dataset, facts = explored.seen.dataset, explored.facts
    canvas = explore_map.picture_of(figures["map_pictures"])
    return (
        environment()
        .get_template("explore.html")
        .render(
            title=dataset.root.name or str(dataset.root),
            about=about(explored),
            usual=usual(explored),
            notes=dataset.notes,
            samples=_samples(explored),
            columns=explored.settings.columns,
            seed=explored.settings.seed,
            drawn={
                name: svg(figures[name], told=_told(explored, name)) if name in figures else ""
                for name in ("counts", "sizes", "colours", "map")
            },
            limits=_limits(explored),
            count_table=count_table(explored),
            size_table=size_table(explored),
            means=[(mean, thumbnail_of(mean.pixels, name=mean.label)) for mean in explored.means],
            map=explored.map,
            map_pictures=explore_map.address(canvas),
            map_size=canvas.size,
            map_told=_told(explored, "map_pictures"),
            format_table=format_table(explored),
            odd_table=data_part.odd_table(dataset),
            quarantined=len(dataset.quarantine),
            quarantine=data_part.quarantine_tables(dataset),
            next_commands=next_commands(explored),
            grey=bool(facts.items["grey"].all()),
        )
    )


def about(explored: Explored) -> str:
    """`6,000 pictures of 2 classes from 120 groups; 3 files set aside`."""
    dataset = explored.seen.dataset
    told = f"{count(len(dataset.items), 'picture')} of "
    told += count(len(dataset.classes), "class", plural="classes")
    if groups := dataset.items["group"].drop_nulls().n_unique():
        told += f" from {count(groups, 'group')}"
    if aside := len(dataset.quarantine):
        told += f"; {count(aside, 'file')} set aside"
    return told


def usual(explored: Explored) -> str:
    """What size and kind the pictures usually are."""
    facts = explored.facts
    items = facts.items.with_columns((pl.col("width") * pl.col("height")).alias("area"))
    least, most = (items.sort("area").row(k, named=True) for k in (0, -1))
    width, height = (float(np.median(items[side])) for side in ("width", "height"))
    if (least["width"], least["height"]) == (most["width"], most["height"]):
        size = f"All are {least['width']:,} x {least['height']:,} pixels"
    else:
        size = f"Usually {width:,.0f} x {height:,.0f} pixels, "
        size += f"from {least['width']:,} x {least['height']:,} "
        size += f"to {most['width']:,} x {most['height']:,}"
    kinds = [f"{f} {m}" for f, m in facts.formats.select("format", "mode").iter_rows()]
    more = f" and {len(kinds) - 3} more kinds" if len(kinds) > 3 else ""
    return f"{size}; {', '.join(kinds[:3])}{more}."


def _samples(explored: Explored) -> list[tuple[str, str, Thumbnail]]:
    """Class, size and picture of each place of the grid."""
    dataset = explored.seen.dataset
    chosen = explore_grids.choose_samples(dataset, explored.settings)
    sizes = {r[0]: r[1:] for r in dataset.items.select("id", "width", "height").iter_rows()}
    shown = thumbnails(dataset, [name for _, name in chosen])
    return [
        (label, "{:,} x {:,}".format(*sizes[name]), picture)
        for (label, name), picture in zip(chosen, shown, strict=True)
    ]


def _told(explored: Explored, name: str) -> str:
    """What a figure shows, for people who do not see it; tables beside it have the numbers."""
    sample = f"{len(explored.map.ids):,} pictures laid out by likeness"
    return {
        "counts": "Bars: pictures of each class; the table has the numbers",
        "sizes": "Dots: width against height of the pictures of each class; the table has medians",
        "colours": "Ranges: brightness, contrast and colour of each class; classes.csv has numbers",
        "map": f"Dots: {sample}, coloured by class",
        "map_pictures": f"Thumbnails of {sample}, framed in the colour of their class",
    }[name]


def _limits(explored: Explored) -> dict[str, str]:
    """What is not shown, where classes are many; "" where everything is."""
    there = explored.facts.counts.filter(pl.col("items") > 0).height
    shown = {
        "samples": min(there, explored.settings.rows * explored.settings.columns),
        "sizes": explore_plots.PANELS,
        "colours": explore_plots.NAMED,
        "means": len(explored.means),
        "map": COLOURED,
    }
    return {
        name: f"{most:,} of {there:,} classes are {'coloured' if name == 'map' else 'shown'}"
        + ("." if name == "samples" else ", those with the most pictures.")
        if there > most
        else ""
        for name, most in shown.items()
    }


def count_table(explored: Explored) -> Table:
    """Pictures of each class and part."""
    table = explored.facts.counts
    numbers = [name for name in table.columns if name != "label"]
    if not table["quarantine"].sum():
        numbers.remove("quarantine")
    shown = {"items": "pictures", "quarantine": "set aside"}
    head = ("class", *(shown.get(name, name) for name in numbers))
    rows = tuple(
        (row["label"], *(f"{row[name]:,}" for name in numbers))
        for row in table.head(LISTED).iter_rows(named=True)
    )
    foot = ("all", *(f"{table[name].sum():,}" for name in numbers))
    return Table(_caption("Pictures of each class", table), head, rows, foot)


def size_table(explored: Explored) -> Table:
    """Sizes of the pictures of each class."""
    table = explored.facts.sizes
    rows = tuple(
        (
            row["label"],
            f"{row['width_median']:,.0f} x {row['height_median']:,.0f}",
            span(f"{row['width_least']:,}", f"{row['width_most']:,}"),
            span(f"{row['height_least']:,}", f"{row['height_most']:,}"),
            f"{row['aspect_median']:.2f}",
            span(f"{row['aspect_least']:.2f}", f"{row['aspect_most']:.2f}"),
            "-" if row["kilobytes_median"] is None else f"{row['kilobytes_median']:,.1f}",
        )
        for row in table.head(LISTED).iter_rows(named=True)
        if row["items"]
    )
    head = ("class", "median size", "width", "height", "aspect", "from, to", "median kB")
    return Table(_caption("Sizes in pixels; aspect is width / height", table), head, rows)


def span(least: str, most: str) -> str:
    """`60 to 180`, or one number where both are the same."""
    return least if least == most else f"{least} to {most}"


def _caption(text: str, table: pl.DataFrame) -> str:
    more = f"; the first {LISTED} classes, all are in {CLASSES}" if len(table) > LISTED else ""
    return text + more


def format_table(explored: Explored) -> Table:
    """Formats and modes; grey pictures stored in colour are counted apart."""
    rows = tuple(
        (kind, mode, f"{items:,}", "" if "grey" in mode else f"{grey:,}")
        for kind, mode, items, grey in explored.facts.formats.iter_rows()
    )
    head = ("format", "stored as", "pictures", "of these without colour")
    return Table("Formats, by content and not by suffix", head, rows, names=2)


def next_commands(explored: Explored) -> list[str]:
    """What to type next, best first."""
    settings, root = explored.settings, explored.seen.dataset.root
    told = typed(root)
    told += f" --labels {typed(settings.labels)}" if settings.labels else ""
    told += f' --group "{settings.group}"' if settings.group else ""
    return [f"objektiv {verb} {told}" for verb in ("check", "split", "train")]
