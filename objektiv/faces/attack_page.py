"""One page about what a model bears: accuracy against strength, and pictures before and after.

In: a Robustness. Out: attack.html in the look of report.html, the pictures as PNG and the figures
as CSV beside it.
Try: `save(robustness, Path("attacks/cells-001"), typed="cells.objektiv")`.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from objektiv.base import files
from objektiv.base.language import figure as said_figure
from objektiv.base.language import tr
from objektiv.data.drawing import png as png_of
from objektiv.data.images import Pixels
from objektiv.explaining.natural import NATURAL
from objektiv.explaining.robustness import Changed, Curve, Point, Robustness
from objektiv.faces.canvas import colour, new_drawing, style, svg
from objektiv.faces.pictures import Thumbnail, thumbnail_of
from objektiv.faces.report import environment
from objektiv.faces.sections import Table
from objektiv.faces.words import NONE, percent, percent_range, pictures
from objektiv.judging.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE, CURVES = "attack.html", "curves.csv"
SHOWN = 6  # pictures on the page
FULL = 127  # grey levels that the magnified difference may use to either side


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture before and after, and the difference so many times as strong around grey."""

    name: str
    before: Thumbnail
    after: Thumbnail
    difference: Thumbnail
    times: float
    told: tuple[str, str]
    change: str


def save(found: Robustness, folder: Path, *, typed: str) -> Path:
    """Write page, pictures and table into a new `folder`; returns the page.

    Raises:
        MachineError: the folder cannot be written.
    """
    for number, changed in enumerate(chosen(found), 1):
        difference, _ = magnified(changed)
        for kind, pixels in (
            ("before", changed.before), ("after", changed.after), ("difference", difference)
        ):  # fmt: skip
            files.write_bytes(folder / f"{number:02d}-{kind}.png", png_of(pixels))
    files.write_text(folder / CURVES, _csv(found))
    files.write_text(folder / PAGE, page(found, typed=typed))  # last, so that it means finished
    return folder / PAGE


def page(found: Robustness, *, typed: str) -> str:
    """The page as text; `typed` names the model on the command line."""
    return (
        environment()
        .get_template("attack.html")
        .render(
            title=tr("How much change {name} bears", name=found.subject.name),
            about=about(found),
            headline=headline(found),
            natural=found.settings.method == "natural",
            target=found.settings.target or "",
            own=found.own,
            defended=found.settings.defend > 0 and found.settings.method != "natural",
            copies=found.settings.copies,
            noise=found.settings.defend,
            norm=found.settings.norm,
            method=found.settings.method,
            drawn=svg(curve_figure(found), told=tr("Accuracy against strength")),
            tables=tables(found),
            shown=[_shown(found, changed) for changed in chosen(found)],
            next_commands=next_commands(found, typed),
        )
    )


def about(found: Robustness) -> str:
    """How many pictures were changed, and how."""
    count = len({changed.name for changed in found.changed})
    return tr("{pictures}, changed by {method}", pictures=pictures(count), method=method(found))


def method(found: Robustness) -> str:
    """What was done, in words."""
    names = {
        "pgd": tr("many steps along the gradient (PGD)"),
        "fgsm": tr("one step along the gradient (FGSM)"),
        "square": tr("the square attack, without gradients"),
        "natural": tr("blur, noise, light, stain and JPEG"),
    }
    return names[found.settings.method]


def headline(found: Robustness) -> str:
    """The accuracy without change, and at the worst point."""
    points = [
        (point.accuracy.estimate, curve, point)
        for curve in found.curves
        if curve.kind != "smoothed"
        for point in curve.points
    ]
    _, curve, point = min(points, key=lambda row: row[0])
    return tr(
        "Right in {clean} without change, in {worst} at worst ({kind}, {level})",
        clean=percent(found.clean.estimate),
        worst=percent(point.accuracy.estimate),
        kind=title(curve),
        level=level(curve, point.level),
    )


def title(curve: Curve) -> str:
    """What a curve is called."""
    if curve.kind in NATURAL:
        return tr(NATURAL[curve.kind].title)
    return tr("behind smoothing") if curve.kind == "smoothed" else curve.kind.upper()


def level(curve: Curve, value: float) -> str:
    """A strength with its unit."""
    if curve.kind in NATURAL:
        return NATURAL[curve.kind].unit.format(value)
    return tr("{value} of 255", value=said_figure(value, "g"))


def tables(found: Robustness) -> list[Table]:
    """Each curve as a table."""
    return [_table(found, curve) for curve in found.curves]


def _table(found: Robustness, curve: Curve) -> Table:
    attacked = curve.kind not in NATURAL
    head = [tr("strength||of a change"), tr("accuracy")]
    head += [tr("from a file of 8 bits")] * attacked
    target = found.settings.target
    head += [tr("became {target}", target=target)] * (target is not None)
    rows = [_row(curve, point, len(head)) for point in curve.points]
    if curve.kind != "smoothed":
        rows.insert(0, (tr("no change"), _interval(found.clean), *[NONE] * (len(head) - 2)))
    return Table(title(curve), tuple(head), tuple(rows))


def _row(curve: Curve, point: Point, columns: int) -> tuple[str, ...]:
    name = tr("no change") if point.level == 0 else level(curve, point.level)
    cells = [_interval(i) for i in (point.accuracy, point.whole, point.reached)]
    return (name, *cells)[:columns]


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return NONE
    return f"{percent(interval.estimate)}\n{percent_range(interval)}"


def curve_figure(found: Robustness) -> Figure:
    """Accuracy with its interval against the step of strength."""
    with style():
        drawing = new_drawing(6.4, 3.6)
        axes = drawing.add_subplot()
        for place, curve in enumerate(found.curves):
            levels = [point.level for point in curve.points]
            points = [point.accuracy for point in curve.points]
            x = [float(n) for n in range(1, len(points) + 1)]
            if curve.kind == "smoothed":
                x = [step - 1 for step in x]
            else:
                x, points = [0.0, *x], [found.clean, *points]
            shares = [100 * interval.estimate for interval in points]
            own = colour(place)
            axes.plot(x, shares, "o-", color=own, linewidth=1.5, markersize=5, label=title(curve))
            low, high = ([100 * getattr(i, end) for i in points] for end in ("low", "high"))
            if len(found.curves) < 3:
                axes.fill_between(x, low, high, color=own, alpha=0.13, linewidth=0)
            names = [level(curve, value) for value in levels if value]
        axes.set_ylim(-3, 103)
        axes.set_ylabel(tr("accuracy, %"))
        if found.settings.method == "natural":
            steps = len(found.curves[0].points)
            names = [tr("step {number}", number=n) for n in range(1, steps + 1)]
        axes.set_xticks(range(len(names) + 1), [tr("no change"), *names])
        if len(found.curves) > 1:
            axes.legend(loc="lower left", ncols=2)
        return drawing


def chosen(found: Robustness) -> list[Changed]:
    """Pictures to show: of each the weakest change that turns the answer, else the strongest; those
    that turned first."""
    by_name: dict[str, list[Changed]] = {}
    for changed in found.changed:
        by_name.setdefault(changed.name, []).append(changed)
    best = [
        next((c for c in rows if c.called_after != c.called_before), rows[-1])
        for rows in by_name.values()
    ]
    return sorted(best, key=lambda c: c.called_after == c.called_before)[:SHOWN]


def magnified(changed: Changed) -> tuple[Pixels, float]:
    """The difference around grey, as strong as it can be without cutting, and how many times."""
    difference = changed.after.astype(np.float32) - changed.before
    times = FULL / max(float(np.abs(difference).max()), 1.0)
    return np.rint(128 + times * difference).astype(np.uint8), times


def _shown(found: Robustness, changed: Changed) -> Shown:
    difference, times = magnified(changed)
    classes = found.subject.classes
    told = [
        f"{classes[called]} {percent(float(said[called]))}"
        for called, said in (
            (changed.called_before, changed.said_before),
            (changed.called_after, changed.said_after),
        )
    ]
    name = Path(changed.name).name
    most = int(np.abs(changed.after.astype(int) - changed.before).max())
    return Shown(
        name,
        before=thumbnail_of(changed.before, name=name),
        after=thumbnail_of(changed.after, name=name),
        difference=thumbnail_of(difference, name=name),
        times=times,
        told=(told[0], told[1]),
        change=tr("at most {most} of 255 levels", most=most),
    )


def next_commands(found: Robustness, typed: str) -> list[str]:
    """What to try next."""
    images = "IMAGES"
    if found.settings.method == "natural":
        return [f"objektiv attack {typed} {images}"]
    return [
        f"objektiv attack {typed} {images} --method natural",
        f"objektiv attack {typed} {images} --defend 8",
    ]


def _csv(found: Robustness) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    ends = ("estimate", "low", "high")
    kinds = ("accuracy", "whole", "reached")
    writer.writerow(["kind", "level", *(f"{kind}_{end}" for kind in kinds for end in ends)])
    for curve in found.curves:
        for point in curve.points:
            values = [getattr(point, kind) for kind in kinds]
            cells = ["" if v is None else round(getattr(v, e), 6) for v in values for e in ends]
            writer.writerow([curve.kind, point.level, *cells])
    return stream.getvalue()
