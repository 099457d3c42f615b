"""The report's figures and pictures as files, for documents that take no SVG: Word, PDF and others.

In: an `<svg>` of faces/plots or faces/curves, or pictures with lines below. Out: Figures. Elements
of an `<svg>` are those that the plots draw; colours and widths are read from templates/report.css,
their only home, as it is on a light screen. Any other element is refused: it would be missing
unseen.
Try: `drawn(ElementTree.fromstring(comparison_plot(bars)), file="comparison.png", caption="").data`.
"""

from __future__ import annotations

import functools
import io
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from objektiv.faces.canvas import INK, SOFT, new_drawing, png, shortened, style
from objektiv.faces.papers import Figure
from objektiv.faces.pictures import TINY
from objektiv.faces.words import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHEET = Path(__file__).with_name("templates") / "report.css"
INCH = 2.54  # centimetres
UNITS = 1 / 48  # centimetres a user unit: WIDTH becomes 7.5 cm, half a page
SHARP = 1.9  # times canvas.DPI
NARROWER = 0.9  # of text: matplotlib's font is that much wider than those of screens
ALIGNED = {"start": "left", "middle": "center", "end": "right"}
Rules = tuple[tuple[frozenset[str], Mapping[str, str]], ...]


WIDE, GUTTER, ROW = 16.0, 0.2, 0.36  # centimetres: a row of pictures, an edge, a line of text
LETTERS = 8.0  # of a line below a picture, a centimetre of its width
DENSE = 1.25  # times canvas.DPI, of pictures
QUALITY = 88  # of JPEG


def drawn(svg: ElementTree.Element, *, file: str, caption: str) -> Figure:
    """A figure of ours as PNG.

    Raises:
        ValueError: it holds an element that the plots do not draw.
    """
    strange = {e.tag for e in svg} - KINDS
    if strange:
        raise ValueError(f"a figure holds {sorted(strange)}, which no plot of ours draws")
    box = svg.attrib.get("viewBox") or svg.attrib["viewbox"]  # an HTML parser's letters are small
    _, _, width, height = map(float, box.split())
    told = svg.attrib.get("aria-label", "")
    draw = functools.partial(_drawn, svg, width, height)
    return Figure(file, caption, told, width * UNITS, height * UNITS, draw)


def _drawn(svg: ElementTree.Element, width: float, height: float) -> bytes:
    unit = SHARP * UNITS / INCH  # in inches
    with style():
        drawing = new_drawing(width * unit, height * unit, layout=None)
        axes = _field(drawing, width, height)
        for order, element in enumerate(svg):
            _draw(axes, element, point=72 * unit, order=order + 2)
    return png(drawing)


def _field(drawing: Any, width: float, height: float) -> Axes:
    """Room for all that is drawn, with its own units, from the upper left."""
    axes: Axes = drawing.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    return axes


@dataclass(frozen=True, eq=False)
class Tile:
    """A picture, if it is there, and the lines below it."""

    image: Image.Image | None
    lines: tuple[str, ...]


def gallery(tiles: Sequence[Tile], *, columns: int, file: str, caption: str) -> Figure:
    """Pictures in rows, each in the middle of its square, as JPEG."""
    side = WIDE / columns
    tall = side + GUTTER + ROW * max(len(tile.lines) for tile in tiles)
    width = side * min(columns, len(tiles))
    height = tall * math.ceil(len(tiles) / columns)
    told = "; ".join(dict.fromkeys(" ".join(tile.lines) for tile in tiles))
    draw = functools.partial(_gallery, tiles, columns, (width, height), (side, tall))
    return Figure(file, caption, told, width, height, draw)


def _gallery(
    tiles: Sequence[Tile], columns: int, size: tuple[float, float], field: tuple[float, float]
) -> bytes:
    (width, height), (side, tall) = size, field
    with style():
        drawing = new_drawing(DENSE * width / INCH, DENSE * height / INCH, layout=None)
        axes = _field(drawing, width, height)
        for place, tile in enumerate(tiles):
            corner = side * (place % columns), tall * (place // columns)
            _tile(axes, tile, corner, side)
        axes.set_aspect("auto")  # which a picture changes
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
    buffer = io.BytesIO()
    picture = Image.open(io.BytesIO(png(drawing))).convert("RGB")
    picture.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return buffer.getvalue()


def _tile(axes: Axes, tile: Tile, corner: tuple[float, float], side: float) -> None:
    left, top = corner
    middle, inside = left + side / 2, side - GUTTER
    if tile.image is not None:
        wide, high = (inside * n / max(tile.image.size) / 2 for n in tile.image.size)
        box = (middle - wide, middle + wide, top + side / 2 + high, top + side / 2 - high)
        smooth = "nearest" if max(tile.image.size) <= TINY else "antialiased"
        axes.imshow(tile.image, extent=box, interpolation=smooth, origin="upper")
    for row, told in enumerate(tile.lines):
        axes.text(
            middle,
            top + side + ROW * row,
            shortened(shown(told), int(LETTERS * side)),
            ha="center",
            va="top",
            fontsize=DENSE * 6.5,
            color=SOFT if row else INK,
        )


def _draw(axes: Axes, element: ElementTree.Element, *, point: float, order: int) -> None:
    from matplotlib.patches import Circle, Polygon, Rectangle

    kind, looks = element.tag, _looks(element)
    at = {name: float(v) for name, v in element.attrib.items() if name in PLACES}
    area: dict[str, Any] = {**_filled(looks, point), "zorder": order, "clip_on": False}
    pen: dict[str, Any] = {**_stroked(looks, point), "zorder": order, "clip_on": False}
    if kind == "line":
        axes.plot([at["x1"], at["x2"]], [at["y1"], at["y2"]], **pen)
    elif kind == "polyline":
        axes.plot(*zip(*_places(element), strict=True), **pen)
    elif kind == "polygon":
        axes.add_patch(Polygon(_places(element), **area))
    elif kind == "rect":
        corner = (at.get("x", 0.0), at.get("y", 0.0))
        axes.add_patch(Rectangle(corner, at["width"], at["height"], **area))
    elif kind == "circle":
        axes.add_patch(Circle((at["cx"], at["cy"]), at["r"], **area))
    else:
        axes.text(
            at["x"],
            at["y"],
            "".join(element.itertext()),
            ha=ALIGNED[element.attrib.get("text-anchor", "start")],
            va="baseline",
            fontsize=NARROWER * point * float(looks["font-size"].removesuffix("px")),
            color=_colour(looks.get("fill", "var(--ink)")) or "none",
            zorder=order,
        )


KINDS = {"line", "polyline", "polygon", "rect", "circle", "text"}
PLACES = {"x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "width", "height"}


def _places(element: ElementTree.Element) -> list[tuple[float, float]]:
    pairs = (place.split(",") for place in element.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


def _stroked(looks: Mapping[str, str], point: float) -> dict[str, Any]:
    dashes = [float(n) for n in looks.get("stroke-dasharray", "").split()]
    width = point * float(looks.get("stroke-width", "1"))
    return {
        "color": _colour(looks.get("stroke", "none")) or "none",
        "alpha": float(looks.get("opacity", "1")),
        "linewidth": width,
        "solid_capstyle": looks.get("stroke-linecap", "butt"),
        "dash_capstyle": "butt",
        "linestyle": (0, [n * point / width for n in dashes]) if dashes else "-",
    }


def _filled(looks: Mapping[str, str], point: float) -> dict[str, Any]:
    edge = _colour(looks.get("stroke", "none"))
    return {
        "facecolor": _colour(looks.get("fill", "#000")) or "none",
        "edgecolor": edge or "none",
        "linewidth": point * float(looks.get("stroke-width", "1")) if edge else 0.0,
        "alpha": float(looks.get("opacity", "1")),
    }


def _looks(element: ElementTree.Element) -> dict[str, str]:
    """What the style sheet says of an element, the later rule over the earlier."""
    own = frozenset(element.attrib.get("class", "").split())
    found = {"font-size": "12px"}
    for classes, values in _rules():
        if classes <= own:
            found.update(values)
    return found


@functools.cache
def _rules() -> Rules:
    """`.figure .name {...}` of the style sheet, in its order; of two classes after those of one."""
    sheet = SHEET.read_text(encoding="utf-8").partition("@media (max-width")[0]
    found = []
    for names, body in re.findall(r"^\.figure ((?:\.[a-z-]+)+) \{([^}]*)\}", sheet, re.MULTILINE):
        pairs = (p.split(":", 1) for p in body.split(";") if ":" in p)
        values = {name.strip(): value.strip() for name, value in pairs}
        found.append((frozenset(names.split(".")[1:]), values))
    return tuple(sorted(found, key=lambda rule: len(rule[0])))


@functools.cache
def _variables() -> dict[str, str]:
    root = re.search(r":root \{([^}]*)\}", SHEET.read_text(encoding="utf-8"))
    return dict(re.findall(r"(--[a-z-]+): ([^;]+);", root[1] if root else ""))


def _colour(text: str) -> tuple[float, ...] | str | None:
    """A colour for matplotlib; None for `none`."""
    text = re.sub(r"var\((--[a-z-]+)\)", lambda m: _variables()[m[1]], text)
    if text == "none":
        return None
    if numbers := re.fullmatch(r"rgb\((\d+) (\d+) (\d+) / ([\d.]+)\)", text):
        red, green, blue, share = map(float, numbers.groups())
        return (red / 255, green / 255, blue / 255, share)
    return text
