"""The look of every figure drawn with matplotlib, and the ways out of one: PNG, and SVG for a page.

In: a size in inches. Out: a matplotlib Figure that a notebook shows by itself. Nothing global
of matplotlib is changed, and pyplot is not used. In the SVG the colours of text and lines
are the variables of templates/report.css, so that one figure serves light and dark.
Try: `png(new_drawing(4, 3))`.
"""

from __future__ import annotations

import contextlib
import functools
import io
import re
import warnings
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, RULE, VIOLET, GREY = "#1f1d24", "#645f6d", "#e2ded8", "#5b3a8c", "#8b8694"
_VARIABLES = {INK: "--ink", SOFT: "--soft", RULE: "--rule", VIOLET: "--violet", GREY: "--grey"}
# Of classes: told apart on white and on near black, also by most people who see few colours.
COLOURS = (
    *("#8a5cc9", "#d1841b", "#1f9e89", "#d1495b", "#3f88c5"),
    *("#7a9e2f", "#a0522d", "#c77dba", "#6b7a8f", "#14a5b8"),
)
MARKERS = ("o", "^")  # the second ten classes
COLOURED = len(COLOURS) * len(MARKERS)
DPI = 150  # of PNG files and of the dots inside an SVG
LONGEST = 26  # characters of a class's name in a figure

_STYLE: dict[str, Any] = {
    **{"font.size": 10.0, "axes.titlesize": 10.0, "axes.labelsize": 9.0},
    **{"xtick.labelsize": 9.0, "ytick.labelsize": 9.0, "legend.fontsize": 9.0},
    **{"text.color": INK, "axes.titlecolor": INK, "axes.labelcolor": SOFT},
    **{"xtick.color": SOFT, "ytick.color": SOFT, "xtick.major.size": 0, "ytick.major.size": 0},
    **{"axes.edgecolor": RULE, "axes.spines.top": False, "axes.spines.right": False},
    **{"axes.grid": True, "grid.color": RULE, "grid.linewidth": 0.8, "axes.axisbelow": True},
    **{"axes.facecolor": "none", "legend.frameon": False, "figure.dpi": 100.0},
    **{"text.parse_math": False, "svg.fonttype": "none", "svg.hashsalt": "objektiv"},
}


@functools.cache
def _drawing() -> type[Figure]:
    # Made when it is first needed: importing matplotlib takes a second, lists the fonts of the
    # system and writes that list to the user's cache.
    from matplotlib.figure import Figure

    class Drawing(Figure):
        """A Figure that shows itself in a notebook, also where pyplot was never imported."""

        def _repr_png_(self) -> bytes:
            return png(self)

    return Drawing


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw in our style, whatever the user's own says; put back afterwards."""
    import matplotlib

    with warnings.catch_warnings(), matplotlib.rc_context():
        # A name in a script that the font lacks is drawn as boxes; the page shows it in full.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(cast(Any, _STYLE))
        yield


def new_drawing(
    width: float, height: float, *, layout: Literal["constrained"] | None = "constrained"
) -> Figure:
    """An empty figure of a size in inches; draw on it inside `style()`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawing = _drawing()(figsize=(width, height), layout=layout, facecolor="white")
    FigureCanvasAgg(drawing)
    return drawing


def png(drawing: Figure) -> bytes:
    """The figure as a PNG file on white."""
    buffer = io.BytesIO()
    with style():
        drawing.savefig(buffer, format="png", dpi=DPI, facecolor="white")
    return buffer.getvalue()


def svg(drawing: Figure, *, told: str) -> str:
    """The figure as `<svg>` to put into a page; `told` is what a person hears who does not see."""
    buffer = io.StringIO()
    with style():
        drawing.savefig(buffer, format="svg", transparent=True, dpi=DPI, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' id="[a-z]+[0-9]*(_[0-9]+)+"', "", text)  # would stand twice in the page
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    label = f'<svg class="drawing" role="img" aria-label="{escape(told)}"'
    return text.replace("<svg", label, 1)


def shortened(name: str, most: int = LONGEST) -> str:
    """A class's name with its middle left out where it is too long for a figure."""
    half = (most - 1) // 2
    return name if len(name) <= most else f"{name[:half]}…{name[-half:]}"


def colour(place: int) -> str:
    """The colour of the class at `place` among those that are coloured."""
    return COLOURS[place % len(COLOURS)]


def marker(place: int) -> str:
    """The shape of its dots."""
    return MARKERS[place // len(COLOURS) % len(MARKERS)]


def bare(axes: Axes) -> None:
    """Without axis, grid and frame, for pictures."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
