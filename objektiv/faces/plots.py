"""The figures of the report as SVG: sharp at every size, coloured by the page's own style sheet.

In: intervals, reliability bins, sizes of pictures. Out: `<svg>` text to put into a page; names are
escaped. The classes `ink`, `faint`, `model`, `plain`, `line` and `grid` get their colours from
templates/report.css. No library draws here: importing one takes longer than the whole report.
Try: `Path("sizes.svg").write_text(sizes_plot(size_cells(widths, heights)))`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from objektiv.base.language import tr, tr_count
from objektiv.faces.words import percent, percent_range, pictures, shown, whole
from objektiv.judging.calibration import ReliabilityBin
from objektiv.judging.intervals import Interval

WIDTH = 360  # user units of every figure, near to the pixels a phone gives it, so that text fits
MARGIN = 36  # left of a figure with a vertical axis
CELLS = 36  # of the sizes plot, along each axis
FAINT = "faint"


@dataclass(frozen=True)
class Bar:
    """One line of the comparison: `kind` is the class that colours it, model or plain."""

    name: str
    kind: str
    share: Interval | float
    key: str = ""  # what its numbers are called in a file


@dataclass(frozen=True)
class SizeCell:
    """So many pictures have about this size in pixels."""

    width: float
    height: float
    items: int


@dataclass(frozen=True)
class Axis:
    """Where a value between `start` and `end` stands, from `low` to `high` in user units."""

    start: float
    end: float
    low: float
    high: float

    def at(self, value: float) -> float:
        """The place of a value; one outside is held at the end."""
        share = (value - self.start) / (self.end - self.start)
        return self.low + min(1.0, max(0.0, share)) * (self.high - self.low)


def svg(parts: Iterable[str], *, height: float, title: str) -> str:
    """A figure of WIDTH by `height`."""
    inside = "".join(parts)
    box = f'viewBox="0 0 {WIDTH} {height:g}"'
    return (
        f'<svg class="figure" {box} role="img" aria-label="{escape(shown(title))}">{inside}</svg>'
    )


def text(x: float, y: float, told: str, style: str = "ink", anchor: str = "start") -> str:
    """Words at a place, escaped."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{style}" {place}>{escape(shown(told))}</text>'


def line(x1: float, y1: float, x2: float, y2: float, *, style: str) -> str:
    """From one place to another."""
    return f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def dot(x: float, y: float, radius: float, *, style: str, title: str = "") -> str:
    """A disc; `title` is told where a mouse rests on it."""
    told = f"<title>{escape(shown(title))}</title>" if title else ""
    return f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.2f}">{told}</circle>'


def comparison_plot(bars: Sequence[Bar]) -> str:
    """Shares as dots with their 95 % intervals, one line each, on one axis that ends at 100 %."""
    lowest = min(b.share.low if isinstance(b.share, Interval) else b.share for b in bars)
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2) if 1 - lowest <= 5 * s or s == 0.2)
    ticks = max(1, math.ceil((1 - lowest) / step - 1e-9))
    axis = Axis(max(0.0, 1 - ticks * step), 1.0, 12, WIDTH - 12)
    bottom = 44 * len(bars) + 6
    parts = []
    for k in range(ticks + 1):
        share = max(0.0, 1 - k * step)
        x, anchor = axis.at(share), "end" if k == 0 else "start" if k == ticks else "middle"
        shift = {"end": 10, "start": -10, "middle": 0}[anchor]
        parts.append(line(x, 2, x, bottom, style="grid"))
        parts.append(text(x + shift, bottom + 16, f"{100 * share:.0f} %", FAINT, anchor))
    told = []
    for k, bar in enumerate(bars):
        y = 44 * k + 34
        if isinstance(bar.share, Interval):
            estimate, span = bar.share.estimate, f" ({percent_range(bar.share)})"
            ends = axis.at(bar.share.low), axis.at(bar.share.high)
            parts.append(line(ends[0], y, ends[1], y, style=f"range {bar.kind}"))
        else:
            estimate, span = bar.share, ""
        told.append(f"{bar.name} {percent(estimate)}{span}")
        parts.append(dot(axis.at(estimate), y, 6, style=f"dot {bar.kind}"))
        parts.append(text(2, y - 14, bar.name))
        parts.append(text(WIDTH - 2, y - 14, percent(estimate) + span, "ink", "end"))
    title = tr("Accuracy with 95 % intervals: {told}", told="; ".join(told))
    return svg(parts, height=bottom + 22, title=title)


def reliability_plot(bins: Sequence[ReliabilityBin], *, classes: int) -> str:
    """How often the model was right against how sure it was, and how many pictures tell that.

    Confidence starts near 1 / `classes`: the most probable of so many cannot be less.
    """
    start = max(k / 10 for k in range(6) if k / 10 <= 1 / max(classes, 2) + 1e-9)
    across = Axis(start, 1.0, MARGIN, WIDTH - 10)
    up = Axis(0.0, 1.0, 228, 12)
    floor = 306.0  # the counts stand on it
    ticks = (start, (1 + start) / 2, 1.0)
    parts = [line(across.at(start), up.at(start), across.at(1), up.at(1), style="line ideal")]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(line(across.low, up.at(share), across.high, up.at(share), style="grid"))
        parts.append(text(MARGIN - 5, up.at(share) + 4, f"{100 * share:.0f}", FAINT, "end"))
    parts.append(line(across.low, floor, across.high, floor, style="grid"))
    parts += [
        text(across.at(share), floor + 16, f"{100 * share:.0f} %", FAINT, anchor)
        for share, anchor in zip(ticks, ("start", "middle", "end"), strict=True)
    ]
    parts.append(text(MARGIN + 4, 24, tr("% that were right")))
    parts.append(text(WIDTH - 10, floor + 33, tr("how sure the model was"), "ink", "end"))
    most = max((b.items for b in bins), default=0) or 1
    width = (across.high - across.low) / (1 - start) / max(len(bins), 1)
    for b in bins:
        parts += _reliability_bin(b, across, up, (floor, width, most))
    title = tr("Share of right answers against how sure the model was, with counts")
    return svg(parts, height=floor + 40, title=title)


def _reliability_bin(
    b: ReliabilityBin, across: Axis, up: Axis, bars: tuple[float, float, int]
) -> list[str]:
    """The point of one bin with its interval, and its bar; `bars`: floor, width, largest count."""
    if b.accuracy is None or b.confidence is None:
        return []
    floor, width, most = bars
    told = tr(
        "{pictures}: {confidence} sure on average, {share} right (95 % interval {span})",
        pictures=pictures(b.items),
        confidence=percent(b.confidence),
        share=percent(b.accuracy.estimate),
        span=percent_range(b.accuracy),
    )
    left = max(across.at(b.centre) - width / 2, across.low) + 0.75
    right = min(across.at(b.centre) + width / 2, across.high) - 0.75
    tall = max(1.5, b.items / most * 42)
    place = f'x="{left:.1f}" y="{floor - tall:.1f}" height="{tall:.1f}"'
    parts = [f'<rect class="bar" {place} width="{max(1.0, right - left):.1f}"/>']
    if right - left >= 7 * len(whole(b.items)):  # about the width of the text
        middle = (left + right) / 2
        parts.append(text(middle, floor - tall - 4, whole(b.items), "faint small", "middle"))
    x = across.at(b.confidence)
    ends = up.at(b.accuracy.low), up.at(b.accuracy.high)
    parts.append(line(x, ends[0], x, ends[1], style="range thin model"))
    radius = 2.5 + 3 * math.sqrt(b.items / most)
    return [*parts, dot(x, up.at(b.accuracy.estimate), radius, style="dot model", title=told)]


def size_cells(widths: Sequence[int], heights: Sequence[int]) -> tuple[SizeCell, ...]:
    """Pictures counted in cells of equal size on logarithmic axes; the largest cell first.

    A cell stands where the mean (of the logarithms) of its pictures is.
    """
    if not len(widths):
        return ()
    low, high = size_range([*widths, *heights])
    step = math.log(high / low) / CELLS
    members: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for width, height in zip(widths, heights, strict=True):
        w, h = math.log(width / low), math.log(height / low)
        members.setdefault((int(w / step), int(h / step)), []).append((w, h))
    cells = [
        SizeCell(
            low * math.exp(sum(w for w, _ in own) / len(own)),
            low * math.exp(sum(h for _, h in own) / len(own)),
            len(own),
        )
        for _, own in sorted(members.items())
    ]
    return tuple(sorted(cells, key=lambda cell: -cell.items))


def size_range(lengths: Sequence[float]) -> tuple[float, float]:
    """A little wider than the lengths, and never empty."""
    low, high = min(lengths), max(lengths)
    room = max((high / low) ** 0.06, 1.1)
    return low / room, high * room


def sizes_plot(cells: Sequence[SizeCell]) -> str:
    """Width against height in pixels, both logarithmic; the area of a dot is its pictures."""
    low, high = size_range([length for c in cells for length in (c.width, c.height)])
    across = Axis(math.log(low), math.log(high), MARGIN, WIDTH - 10)
    up = Axis(math.log(low), math.log(high), 322, 8)
    parts = [line(across.low, up.low, across.high, up.high, style="line ideal")]
    for tick in ticks_between(low, high):
        x, y = across.at(math.log(tick)), up.at(math.log(tick))
        parts.append(line(x, up.low, x, up.high, style="grid"))
        parts.append(line(across.low, y, across.high, y, style="grid"))
        parts.append(text(x, up.low + 15, whole(tick), FAINT, "middle"))
        parts.append(text(MARGIN - 5, y + 4, whole(tick), FAINT, "end"))
    parts.append(text(MARGIN + 4, 20, tr("height, pixels")))
    parts.append(text(WIDTH - 10, up.low + 31, tr("width, pixels"), "ink", "end"))
    most = max(c.items for c in cells)
    for c in cells:
        radius = max(1.2, 8 * math.sqrt(c.items / most))
        told = tr_count(
            "{number} picture of about {width:.0f} x {height:.0f}",
            "{number} pictures of about {width:.0f} x {height:.0f}",
            c.items,
            width=c.width,
            height=c.height,
        )
        x, y = across.at(math.log(c.width)), up.at(math.log(c.height))
        parts.append(dot(x, y, radius, style="cloud", title=told))
    total = sum(c.items for c in cells)
    title = tr_count(
        "Width and height of {number} picture, in pixels",
        "Width and height of {number} pictures, in pixels",
        total,
    )
    return svg(parts, height=up.low + 38, title=title)


def ticks_between(low: float, high: float) -> list[int]:
    """Round numbers between two lengths: 1, 2, 5, 10, ..., closer where these are too few."""
    for leading in ((1, 2, 5), (1, 1.5, 2, 3, 4, 6, 8)):
        found = [round(lead * 10**k) for k in range(7) for lead in leading if lead * 10**k % 1 == 0]
        ticks = [tick for tick in found if low <= tick <= high]
        if len(ticks) >= 3:
            return ticks
    return ticks or [round(math.sqrt(low * high))]
