"""Figures of training and of comparing: curves over epochs, points on two axes.

In: numbers. Out: `<svg>` text in the style of faces/plots.
Try: `curve_plot({"training": [0.9, 0.4], "validation": [0.8, 0.5]}, best=1, of="loss")`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from objektiv.base.language import figure, mark, tr
from objektiv.faces.plots import FAINT, MARGIN, WIDTH, Axis, dot, line, svg, text
from objektiv.faces.words import percent, percent_range
from objektiv.judging.answered import RiskCoverage
from objektiv.judging.curves import Curve
from objektiv.judging.intervals import Interval

TALL = 190.0  # user units of a curve's field
STYLES = ("plain", "model", "none")  # of the curves, in their order
# What is measured over epochs, and on which part; the curves of other pages name their own.
NAMES = {
    "loss": mark("loss"),
    "accuracy": mark("accuracy"),
    "training": mark("training||curve"),
    "validation": mark("validation||curve"),
}
NEAR = 13.0  # user units between two lines of text


def curve_plot(curves: Mapping[str, Sequence[float]], *, best: int, of: str) -> str:
    """Curves over epochs, which count from 1; the epoch at place `best` is marked.

    Shares (`of` ends with accuracy) are in percent.
    """
    shares = of.endswith("accuracy")
    values = [v for curve in curves.values() for v in curve if math.isfinite(v)]
    low, high, step = _span(values, most=1.0 if shares else math.inf)
    epochs = max(map(len, curves.values()))
    across = Axis(1, max(epochs, 2), MARGIN + 6, WIDTH - 86)
    up = Axis(low, high, TALL, 26)
    measured = tr(NAMES.get(of, of))
    parts = [text(2, 12, f"{measured}{', %' * shares}")]
    for k in range(round((high - low) / step) + 1):
        y, value = up.at(low + k * step), low + k * step
        parts.append(line(across.low, y, across.high, y, style="grid"))
        told = figure(100 * value, "g") if shares else figure(value, ".3g")
        parts.append(text(across.low - 6, y + 4, told, FAINT, "end"))
    every = max(1, math.ceil(epochs / 8))
    for epoch in range(every, epochs + 1, every):
        parts.append(text(across.at(epoch), TALL + 16, f"{epoch}", FAINT, "middle"))
    parts.append(text(across.high, TALL + 32, tr("epoch"), "ink", "end"))
    x = across.at(best + 1)
    parts.append(line(x, up.high, x, TALL, style="line ideal"))
    ends = _apart([up.at(curve[-1]) for curve in curves.values()])
    for (name, curve), style, y in zip(curves.items(), STYLES, ends, strict=False):
        places = " ".join(f"{across.at(k + 1):.1f},{up.at(v):.1f}" for k, v in enumerate(curve))
        parts.append(f'<polyline class="curve {style}" points="{places}"/>')
        name = tr(NAMES.get(name, name))
        told = tr(
            "{name}, epoch {epoch}: {value:.4f}", name=name, epoch=best + 1, value=curve[best]
        )
        parts.append(dot(x, up.at(curve[best]), 3.5, style=f"dot {style}", title=told))
        parts.append(text(across.at(len(curve)) + 6, y + 4, name, f"label {style}"))
    names = ", ".join(tr(NAMES.get(name, name)) for name in curves)
    title = tr("{measured} by epoch: {names}", measured=measured, names=names)
    return svg(parts, height=TALL + 38, title=title)


def _span(values: Sequence[float], *, most: float) -> tuple[float, float, float]:
    """Round ends around the values, and the step between marks: about four of them."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    rough = max(high - low, 1e-3) / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= rough * 0.999)
    start, end = math.floor(low / step) * step, min(math.ceil(high / step - 1e-9) * step, most)
    return start, max(end, start + step), step


def _apart(places: Sequence[float]) -> list[float]:
    """The same places, moved so that lines of text there do not overlap."""
    found = list(places)
    order = sorted(range(len(found)), key=lambda k: found[k])
    for before, after in zip(order, order[1:], strict=False):
        found[after] = max(found[after], found[before] + NEAR)
    return found


@dataclass(frozen=True)
class Point:
    """A model: where it stands, with the interval of its accuracy."""

    name: str
    x: float
    share: Interval


def scatter_plot(points: Sequence[Point], *, across: str) -> str:
    """Accuracy with its 95 % interval against a cost on a logarithmic axis."""
    low, high, step = _span([v for p in points for v in (p.share.low, p.share.high)], most=1.0)
    up = Axis(low, high, 226, 26)
    costs = [p.x for p in points]
    room = max((max(costs) / min(costs)) ** 0.12, 1.25)
    axis = Axis(math.log(min(costs) / room), math.log(max(costs) * room), MARGIN + 4, WIDTH - 8)
    parts = [text(2, 12, tr("accuracy, %"))]
    for k in range(round((high - low) / step) + 1):
        y = up.at(low + k * step)
        parts.append(line(axis.low, y, axis.high, y, style="grid"))
        parts.append(text(axis.low - 5, y + 4, figure(100 * (low + k * step), "g"), FAINT, "end"))
    for tick in _powers(min(costs) / room, max(costs) * room):
        x = axis.at(math.log(tick))
        parts.append(line(x, up.low, x, up.high, style="grid"))
        parts.append(text(x, up.low + 15, figure(tick, ",g"), FAINT, "middle"))
    parts.append(text(WIDTH - 8, up.low + 31, across, "ink", "end"))
    labels = _apart([up.at(p.share.estimate) for p in points])
    for p, y in zip(points, labels, strict=True):
        x = axis.at(math.log(p.x))
        parts.append(line(x, up.at(p.share.low), x, up.at(p.share.high), style="range thin model"))
        told = f"{p.name}: {percent(p.share.estimate)} ({percent_range(p.share)})"
        parts.append(dot(x, up.at(p.share.estimate), 4.5, style="dot model", title=told))
        right = x > (axis.low + axis.high) / 2
        anchor = "end" if right else "start"
        parts.append(text(x - 9 if right else x + 9, y - 6, p.name, "ink", anchor))
    return svg(parts, height=up.low + 38, title=tr("Accuracy against {across}", across=across))


def _powers(low: float, high: float) -> list[float]:
    """Round numbers between two: powers of ten, and twice and five times them where few."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for leading in ((1,), (1, 3), (1, 2, 5)):
        found = [float(f"{lead}e{e}") for e in exponents for lead in leading]
        ticks = [tick for tick in found if low <= tick <= high]
        if len(ticks) >= 3:
            break
    return ticks


def threshold_plot(curve: Curve, *, across: str, up: str, point: tuple[float, float] | None) -> str:
    """Two shares at every threshold, with the band of the second; `point` is the chosen one."""
    x_axis, y_axis = Axis(0, 1, MARGIN + 4, WIDTH - 10), Axis(0, 1, 330, 26)
    parts = [text(2, 12, up)]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y, told = x_axis.at(share), y_axis.at(share), figure(100 * share, ".0f")
        parts.append(line(x, y_axis.low, x, y_axis.high, style="grid"))
        parts.append(line(x_axis.low, y, x_axis.high, y, style="grid"))
        parts.append(text(x, y_axis.low + 16, told, FAINT, "middle"))
        parts.append(text(x_axis.low - 6, y + 4, told, FAINT, "end"))
    parts.append(text(WIDTH - 10, y_axis.low + 32, across, "ink", "end"))
    start, end = (0.0, 1.0) if curve.chance is None else (curve.chance, curve.chance)
    parts.append(
        line(x_axis.low, y_axis.at(start), x_axis.high, y_axis.at(end), style="line ideal")
    )
    parts += drawn_band(curve.x, (curve.y, curve.low, curve.high), x_axis, y_axis)
    if point:
        x, y = x_axis.at(point[0]), y_axis.at(point[1])
        parts.append(dot(x, y, 5, style="dot plain", title=tr("the threshold used here")))
    return svg(parts, height=y_axis.low + 38, title=f"{up}; {across}")


def drawn_band(
    x: Sequence[float], y: tuple[Sequence[float], ...], across: Axis, up: Axis
) -> list[str]:
    """A line and its band; `y` is the line, the low and the high end."""
    middle, low, high = (
        [f"{across.at(a):.1f},{up.at(b):.1f}" for a, b in zip(x, values, strict=True)]
        for values in y
    )
    return [
        f'<polygon class="band" points="{" ".join([*high, *reversed(low)])}"/>',
        f'<polyline class="curve model" points="{" ".join(middle)}"/>',
    ]


def answered_plot(found: RiskCoverage, *, across: str, up: str) -> str:
    """Accuracy of the surest items against their share, with its band."""
    points = found.points
    low, high, step = _span([v for p in points for v in (p.accuracy.low, 1.0)], most=1.0)
    x_axis, y_axis = Axis(0, 1, MARGIN + 4, WIDTH - 10), Axis(low, high, TALL, 26)
    parts = [text(2, 12, up)]
    for k in range(round((high - low) / step) + 1):
        y = y_axis.at(low + k * step)
        parts.append(line(x_axis.low, y, x_axis.high, y, style="grid"))
        told = figure(round(100 * (low + k * step), 6), "g")
        parts.append(text(x_axis.low - 6, y + 4, told, FAINT, "end"))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = x_axis.at(share)
        parts.append(text(x, TALL + 16, figure(100 * share, ".0f"), FAINT, "middle"))
    parts.append(text(WIDTH - 10, TALL + 32, across, "ink", "end"))
    shares = [p.share for p in points]
    ends = [[getattr(p.accuracy, n) for p in points] for n in ("estimate", "low", "high")]
    parts += drawn_band(shares, tuple(ends), x_axis, y_axis)
    return svg(parts, height=TALL + 38, title=f"{up}; {across}")
