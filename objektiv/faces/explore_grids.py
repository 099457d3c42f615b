"""The grids of `explore`: random samples with class and size, and the mean of each class.

In: a dataset with facts, or its class means. Out: matplotlib Figures. Pictures keep their shape.
Try: `samples(seen.dataset, ExploreSettings(rows=2)).savefig("samples.png")`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from objektiv.auditing.means import ClassMean
from objektiv.base import seeds
from objektiv.data.dataset import Dataset
from objektiv.faces.canvas import SOFT, bare, new_drawing, shortened, style
from objektiv.faces.pictures import SIDE, TINY, small_pictures
from objektiv.flow.settings import ExploreSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def choose_samples(dataset: Dataset, settings: ExploreSettings) -> list[tuple[str, str]]:
    """(label, id) for each place of the grid, row by row: classes take turns, drawn by the seed.

    Where classes are more than places, some are drawn; where pictures are few, places stay empty.
    """
    places = settings.rows * settings.columns
    ids: dict[str, list[str]] = {}
    for name, label in dataset.items.select("id", "label").iter_rows():
        ids.setdefault(label, []).append(name)
    labels = [label for label in dataset.classes if label in ids]
    if len(labels) > places:
        drawn = seeds.generator(settings.seed, "samples").permutation(len(labels))[:places]
        labels = [labels[k] for k in sorted(drawn.tolist())]
    shuffled = {
        label: seeds.generator(settings.seed, "samples", label).permutation(len(ids[label]))
        for label in labels
    }
    turns = ((label, turn) for turn in range(places) for label in labels)
    found = (
        (label, ids[label][shuffled[label][turn]])
        for label, turn in turns
        if turn < len(ids[label])
    )
    return [sample for sample, _ in zip(found, range(places), strict=False)]


def samples(dataset: Dataset, settings: ExploreSettings) -> Figure:
    """The grid of random samples with class and size; pictures keep their shape."""
    chosen = choose_samples(dataset, settings)
    pictures = small_pictures(dataset, [name for _, name in chosen], side=SIDE)
    sizes = {r[0]: r[1:] for r in dataset.items.select("id", "width", "height").iter_rows()}
    rows = math.ceil(len(chosen) / settings.columns)
    with style():
        drawing = new_drawing(2 * settings.columns, 2.4 * rows, layout=None)
        for place, ((label, name), picture) in enumerate(zip(chosen, pictures, strict=True)):
            axes = _tile(drawing, place, (settings.columns, rows), room=(0.22, 0.2))
            _letterboxed(axes, picture)
            axes.set_title(shortened(label, 22))
            width, height = sizes[name]
            axes.set_xlabel(f"{width:,} × {height:,}")
    return drawing


def _tile(drawing: Figure, place: int, grid: tuple[int, int], *, room: tuple[float, float]) -> Axes:
    """A field of a grid (columns, rows), with `room` in inches for text above and below.

    Not matplotlib's own layout, which takes seconds for sixteen pictures.
    """
    (columns, rows), (above, below) = grid, room
    width, height = drawing.get_size_inches()
    across, down = width / columns, height / rows
    left, bottom = across * (place % columns), height - down * (place // columns + 1)
    inside = (left + 0.05, bottom + below, across - 0.1, down - above - below)
    return drawing.add_axes(
        (inside[0] / width, inside[1] / height, inside[2] / width, inside[3] / height)
    )


def _letterboxed(axes: Axes, picture: Image.Image | None) -> None:
    """A picture in the middle of a square, as large as it fits."""
    bare(axes)
    axes.set_aspect("equal")
    if picture is None:
        axes.text(0.5, 0.5, "cannot be\nread now", ha="center", va="center", color=SOFT)
    else:
        wide, high = (length / max(picture.size) for length in picture.size)
        box = (0.5 - wide / 2, 0.5 + wide / 2, 0.5 - high / 2, 0.5 + high / 2)
        smooth = "nearest" if max(picture.size) <= TINY else "antialiased"
        axes.imshow(np.asarray(picture), extent=box, interpolation=smooth)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)


def means(found: Sequence[ClassMean]) -> Figure | None:
    """The mean picture of each class."""
    if not found:
        return None
    columns = min(len(found), 6)
    rows = math.ceil(len(found) / columns)
    with style():
        drawing = new_drawing(1.75 * columns, 2.2 * rows, layout=None)
        for place, mean in enumerate(found):
            axes = _tile(drawing, place, (columns, rows), room=(0.22, 0.24))
            bare(axes)
            axes.imshow(mean.pixels, interpolation="nearest")
            axes.set_title(shortened(mean.label, 20))
            of = "all" if mean.used == mean.items else f"{mean.used:,} of"
            axes.set_xlabel(f"{of} {mean.items:,}")
    return drawing
