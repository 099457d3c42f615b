"""One page of two curves: accuracy by number of images, with what more would give, and by pixels.

In: a Curved. Out: curve.html, a single file with figures and tables that loads nothing.
Try: `write_curve_page(curve(data, settings, progress=Progress()))`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from objektiv.base import files
from objektiv.faces.canvas import GREY, VIOLET, new_drawing, style, svg
from objektiv.faces.report import environment
from objektiv.faces.sections import Table
from objektiv.faces.words import NONE, count, percent, percent_range, points, points_range
from objektiv.flow.curve import TABLE, Curved
from objektiv.flow.curve_law import Forecast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = "curve.html"


def write_curve_page(curved: Curved) -> Path:
    """Publish the page in the folder of the curves."""
    path = curved.folder / PAGE
    files.write_text(path, page(curved))
    return path


def page(curved: Curved) -> str:
    """The page as text."""
    learning = svg(learning_figure(curved), told="accuracy against number of images")
    pixels = (
        svg(pixels_figure(curved), told="accuracy against pixels") if curved.resolutions else ""
    )
    return (
        environment()
        .get_template("curve.html")
        .render(
            title=curved.folder.name,
            about=f"{count(curved.items, 'picture')} outside test, judged on images and groups "
            "that were not learnt from",
            headline=headline(curved),
            checked=checked(curved),
            learning=learning,
            learning_table=learning_table(curved),
            pixels=pixels,
            pixels_table=pixels_table(curved) if curved.resolutions else None,
            coarse=coarse(curved),
            csv=TABLE,
        )
    )


def headline(curved: Curved) -> str:
    """What was reached, and what twice as many images are expected to give."""
    last, more = curved.learning.points[-1], curved.learning.forecasts[0]
    return (
        f"{last.images:,.0f} images give {percent(last.accuracy.estimate)} "
        f"({percent_range(last.accuracy)}); twice as many are expected to give {_told(more)}"
    )


def _told(forecast: Forecast) -> str:
    ends = f"{100 * forecast.low:.1f} to {100 * forecast.high:.1f}"
    return f"{percent(forecast.accuracy)} ({ends})"


def checked(curved: Curved) -> str:
    """Whether the law of the smaller numbers would have foretold the largest."""
    if curved.learning.tried is None:
        return "There are too few numbers of images to try whether the law foretells rightly."
    guess, low, high, measured = curved.learning.tried
    verdict = "held" if low <= measured <= high else "did not hold"
    return (
        f"Tried here: from at most half of the images the law foretells {percent(guess)} "
        f"({100 * low:.1f} to {100 * high:.1f}) for all, and {percent(measured)} were measured, "
        f"so it {verdict}."
    )


def coarse(curved: Curved) -> str:
    """The smallest resolution that is not shown to be worse, a sentence or ""."""
    if not curved.resolutions:
        return ""
    enough = [r for r in curved.resolutions if r.lost is None or r.lost.high >= 0]
    least, whole = enough[0], curved.resolutions[-1]
    if least is whole:
        return f"Every reduction loses accuracy against {whole.pixels} pixels."
    return (
        f"{least.pixels} pixels a side are not shown to be worse than {whole.pixels}, at which "
        "the network usually looks here."
    )


def learning_table(curved: Curved) -> Table:
    """Numbers of images, measured and expected."""
    rows = [
        (
            f"{p.images:,.0f}",
            NONE if p.groups is None else f"{p.groups:,.0f}",
            f"{percent(p.accuracy.estimate)}\n{percent_range(p.accuracy)}",
            f"{100 * min(p.draws):.1f} to {100 * max(p.draws):.1f}",
        )
        for p in curved.learning.points
    ]
    for f in curved.learning.forecasts:
        told = _told(f).removesuffix(")").replace(" (", "\n")
        rows.append((f"{f.images:,.0f}", "expected", told, NONE))
    head = ("images", "groups", "accuracy", "single draws")
    caption = "Accuracy by number of images; the last three are expected, not measured"
    return Table(caption, head, tuple(rows), names=1)


def pixels_table(curved: Curved) -> Table:
    """Resolutions, and what each loses."""
    rows = tuple(
        (
            f"{r.pixels}",
            f"{percent(r.accuracy.estimate)}\n{percent_range(r.accuracy)}",
            NONE if r.lost is None else f"{points(r.lost.estimate)}\n{points_range(r.lost)}",
        )
        for r in curved.resolutions
    )
    caption = "Accuracy by resolution; the difference in percentage points, paired by picture"
    return Table(caption, ("pixels a side", "accuracy", "difference"), rows, names=1)


def learning_figure(curved: Curved) -> Figure:
    """Points with intervals, single draws, and the law with its band, to ten times the images."""
    learning = curved.learning
    many = np.array([p.images for p in learning.points])
    with style():
        drawing = new_drawing(6, 4)
        axes = drawing.add_subplot()
        x = np.geomspace(many[0], learning.forecasts[-1].images, 80)
        band = 100 * (1 - np.quantile(learning.band.at(x), (0.025, 0.975), axis=0))
        axes.fill_between(x, band[1], band[0], color=VIOLET, alpha=0.13, linewidth=0)
        law = 100 * (1 - learning.law.at(x)[0])
        inside = x <= many[-1]
        axes.plot(x[inside], law[inside], "-", color=VIOLET, linewidth=1)
        axes.plot(x[~inside], law[~inside], "--", color=VIOLET, linewidth=1)
        for p in learning.points:
            draws = [100 * share for share in p.draws]
            axes.plot([p.images] * len(draws), draws, "o", color=GREY, markersize=2.5, alpha=0.4)
            _point(axes, p.images, p.accuracy)
        _number_axis(axes, "images learnt from")
        ticks = [*many[::-2][::-1], *(f.images for f in learning.forecasts[::2])]
        axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
        return drawing


def pixels_figure(curved: Curved) -> Figure:
    """Accuracy with its interval against pixels a side."""
    with style():
        drawing = new_drawing(6, 3.4)
        axes = drawing.add_subplot()
        sides = [r.pixels for r in curved.resolutions]
        shares = [100 * r.accuracy.estimate for r in curved.resolutions]
        axes.plot(sides, shares, "-", color=VIOLET, linewidth=1)
        for r in curved.resolutions:
            _point(axes, r.pixels, r.accuracy)
        _number_axis(axes, "pixels a side")
        axes.set_xticks(sides, [str(side) for side in sides])
        return drawing


def _point(axes: Any, x: float, share: Any) -> None:
    axes.plot([x, x], [100 * share.low, 100 * share.high], "-", color=VIOLET, linewidth=2)
    axes.plot([x], [100 * share.estimate], "o", color=VIOLET, markersize=6)


def _number_axis(axes: Any, told: str) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.minorticks_off()
    axes.set_xlabel(told)
    axes.set_ylabel("accuracy, %")
