"""The feature map as figures: a dot an item, and thumbnails where they have room.

In: an Explored. Out: matplotlib Figures, and the thumbnails as one picture for the page.
Try: `dots(explored).savefig("map.png")`.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from objektiv.auditing.facts import most_frequent
from objektiv.faces.canvas import (
    COLOURED,
    GREY,
    bare,
    colour,
    marker,
    new_drawing,
    shortened,
    style,
)
from objektiv.faces.pictures import small_pictures
from objektiv.flow.explore import Explored

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS, DOWN = 22, 13  # cells of the map of thumbnails
CELL = 54  # pixels of a cell
EDGE = 3  # of its frame in the colour of the class
QUALITY = 80  # of the page's copy


def legend(explored: Explored) -> list[str]:
    """The classes that have a colour: all, or the most frequent ones."""
    return most_frequent(explored.facts.counts, COLOURED)


def _labels(explored: Explored) -> list[str]:
    known = dict(explored.seen.dataset.items.select("id", "label").iter_rows())
    return [known[name] for name in explored.map.ids]


def dots(explored: Explored) -> Figure:
    """Each picture of the sample as a dot in the colour of its class."""
    places = explored.map.places
    labels = pl.Series(_labels(explored))
    named = legend(explored)
    with style():
        drawing = new_drawing(8, 5.4)
        axes = drawing.add_subplot()
        area = float(np.clip(9000 / len(places), 9, 60))
        others = ~labels.is_in(named).to_numpy()
        look: dict[str, Any] = {"s": area, "alpha": 0.75, "linewidths": 0, "rasterized": True}
        axes.scatter(*places[others].T, color=GREY, **look)
        # In turns, so that the last class does not lie on top of all the others.
        paints = {label: (colour(k), marker(k)) for k, label in enumerate(named)}
        for start in range(8):
            for label, (paint, shape) in paints.items():
                own = np.flatnonzero((labels == label).to_numpy())[start::8]
                axes.scatter(*places[own].T, color=paint, marker=shape, **look)
        bare(axes)
        axes.set_aspect("auto")
        _legend(drawing, named, others=bool(others.any()))
    return drawing


def _legend(drawing: Figure, named: list[str], *, others: bool) -> None:
    from matplotlib.lines import Line2D

    columns = 1 if len(named) == 1 else min(5, max(1, 80 // (4 + max(map(_width, named)))))
    handles = [
        Line2D([], [], color=colour(k), marker=marker(k), ls="", ms=7, label=shortened(label))
        for k, label in enumerate(named)
    ]
    if others:
        handles.append(Line2D([], [], color=GREY, marker="o", ls="", ms=7, label="other classes"))
    drawing.legend(handles=handles, loc="outside lower left", ncols=columns, handletextpad=0.2)


def _width(name: str) -> int:
    return len(shortened(name))


def thumbnails(explored: Explored) -> Figure:
    """The same map made of pictures, framed in the colour of their class."""
    canvas = picture_map(explored)
    with style():
        drawing = new_drawing(11, 11 * DOWN / ACROSS + 0.4)
        axes = drawing.add_subplot()
        bare(axes)
        axes.imshow(np.asarray(canvas), interpolation="antialiased")
        named = legend(explored)
        _legend(drawing, named, others=len(named) < len(explored.facts.counts))
    return drawing


def picture_of(drawing: Figure) -> Image.Image:
    """The picture that `thumbnails` shows, as `picture_map` made it."""
    return Image.fromarray(np.asarray(drawing.axes[0].images[0].get_array(), np.uint8))


def picture_map(explored: Explored) -> Image.Image:
    """RGBA: in each cell that holds pictures, the one nearest to its middle."""
    nearest = _nearest(explored.map.places)
    labels, named = _labels(explored), legend(explored)
    ids = [explored.map.ids[row] for row in nearest.values()]
    inside = CELL - 2 * EDGE - 2  # two pixels between neighbours
    pictures = small_pictures(explored.seen.dataset, ids, side=inside)
    canvas = Image.new("RGBA", (ACROSS * CELL, DOWN * CELL), (0, 0, 0, 0))
    draw = ImageDraw.Draw(canvas)
    for (cell, row), picture in zip(nearest.items(), pictures, strict=True):
        label = labels[row]
        paint = colour(named.index(label)) if label in named else GREY
        if picture is None:  # gone since it was looked at
            continue
        left = cell[0] * CELL + (CELL - picture.width) // 2
        top = cell[1] * CELL + (CELL - picture.height) // 2
        right, bottom = left + picture.width, top + picture.height
        draw.rectangle((left - EDGE, top - EDGE, right + EDGE - 1, bottom + EDGE - 1), fill=paint)
        canvas.paste(picture, (left, top))
    return canvas


def _nearest(places: NDArray[np.float64]) -> dict[tuple[int, int], int]:
    """Row of the picture nearest to the middle of each cell (column, line from the top)."""
    scaled = places * [1, -1] + [0, 1]
    at = np.minimum(scaled * [ACROSS, DOWN], [ACROSS - 1e-9, DOWN - 1e-9])
    cells = at.astype(np.int64)
    far = ((at - cells - 0.5) ** 2).sum(axis=1)
    found: dict[tuple[int, int], int] = {}
    for row in np.argsort(far, kind="stable").tolist():
        found.setdefault((int(cells[row, 0]), int(cells[row, 1])), row)
    return found


def address(canvas: Image.Image) -> str:
    """A picture with see-through parts as a small `data:` address."""
    buffer = io.BytesIO()
    canvas.save(buffer, "WEBP", quality=QUALITY, method=4)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
