"""One page that says what a search found: the winner, what it is worth, and what each setting did.

In: a Tuned. Out: tune.html, a single file with tables and figures. It loads nothing, runs no
script, and every name is escaped.
Try: `write_tune_page(tune(data, settings, progress=Progress()))`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from objektiv.base import files
from objektiv.faces.canvas import GREY, VIOLET, new_drawing, shortened, style, svg
from objektiv.faces.report import environment
from objektiv.faces.sections import Table
from objektiv.faces.words import count, percent, percent_range, points
from objektiv.flow.run import typed
from objektiv.flow.tune import BOARD, Row, Tuned, cell
from objektiv.judging.intervals import Interval, bounded
from objektiv.judging.spread import Mean
from objektiv.models.search import Honest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = "tune.html"
TOP = 15  # rows of the leaderboard on the page; all stand in the CSV
FAILED = 10
VALUES = 24  # of a setting that a figure shows


@dataclass(frozen=True)
class Effect:
    """All trials that had one value of a setting."""

    value: Any
    trials: int
    accuracy: Interval  # of their mean on other items
    best: float


def write_tune_page(tuned: Tuned) -> Path:
    """Publish the page in the folder of the search."""
    path = tuned.folder / PAGE
    files.write_text(path, page(tuned))
    return path


def page(tuned: Tuned) -> str:
    """The page as text."""
    plotted = [name for name in tuned.varied if len(_values(tuned, name)) > 1]
    test = tuned.winner.scores().accuracy
    return (
        environment()
        .get_template("tune.html")
        .render(
            title=tuned.folder.name,
            about=about(tuned),
            winner=", ".join(f"{n} {cell(v)}" for n, v in tuned.rows[0].values.items()),
            validation=told(tuned.rows[0].accuracy),
            test=told(test),
            expected=expected(tuned),
            board=board(tuned, most=TOP),
            csv=BOARD,
            effects=[
                (name, svg(effect_figure(tuned, name), told=f"accuracy against {name}"),
                 effect_table(tuned, name))
                for name in plotted
            ],
            failed=[
                (", ".join(f"{n} {cell(v)}" for n, v in t.values.items()), t.failed)
                for t in tuned.failed[:FAILED]
            ],
            failed_count=len(tuned.failed),
            next_commands=next_commands(tuned),
        )
    )  # fmt: skip


def about(tuned: Tuned) -> str:
    """`203 heads, judged out of fold on 4,792 pictures`."""
    what = "head" if tuned.kind == "heads" else "trial"
    how = "judged out of fold on" if tuned.kind == "heads" else "judged on validation,"
    return f"{count(len(tuned.rows), what)}, {how} {count(len(tuned.rows[0].correct), 'picture')}"


def told(interval: Interval) -> str:
    """`95.8 % (94.3 to 97.0)`."""
    return f"{percent(interval.estimate)} ({percent_range(interval)})"


def expected(tuned: Tuned) -> str:
    """What the best of so many is worth, once its luck is taken away."""
    worth = tuned.honest
    if worth is None:
        return (
            "The best of several is also the luckiest; here are too few trials or groups to say "
            "by how much."
        )
    gain = f"{points(worth.gain)} points ({points(worth.low)} to {points(worth.high)})"
    return (
        f"The best of {len(tuned.rows):,} is also the luckiest: {percent(worth.accuracy)} are to "
        f"be expected of it on new pictures, {points(worth.optimism).lstrip('+')} points less "
        f"than it shows here. Over {tuned.standard} it gains {gain}{_verdict(worth)}"
    )


def _verdict(worth: Honest) -> str:
    if worth.low > 0:
        return "."
    return ": it is not shown to be better." if worth.high >= 0 else ": it is worse."


def board(tuned: Tuned, *, most: int) -> Table:
    """The first rows of the leaderboard."""
    runs = ("run",) if tuned.kind == "runs" else ()
    rows = tuple(
        (
            f"{rank}",
            *(cell(value) for value in row.values.values()),
            *((row.run.folder.name,) if row.run else ()),
            f"{percent(row.accuracy.estimate)}\n{percent_range(row.accuracy)}",
            f"{row.log_loss:.4f}",
        )
        for rank, row in enumerate(tuned.rows[:most], 1)
    )
    head = ("rank", *tuned.varied, *runs, "accuracy", "log loss")
    caption = f"The best {len(rows)} of {len(tuned.rows):,}, least log loss first"
    return Table(caption, head, rows, names=len(head) - 2, marked=(0,))


def _values(tuned: Tuned, name: str) -> list[Any]:
    """The values of a setting in order; open ones and lists keep the order of the file."""
    found = list(dict.fromkeys(r.values[name] for r in sorted(tuned.rows, key=_by_number)))
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in found)
    return sorted(found) if numbers else found


def _by_number(row: Row) -> int:
    return row.number


def effects(tuned: Tuned, name: str) -> list[Effect]:
    """What each value of a setting gave, on average over all others."""
    found = []
    for value in _values(tuned, name):
        own = [row for row in tuned.rows if row.values[name] == value]
        shares = np.mean([row.correct for row in own], axis=0)
        mean = Mean(np.arange(len(shares)), shares)
        interval = bounded(float(shares.mean()), [mean], tuned.groups, most=len(shares))
        best = max(row.accuracy.estimate for row in own)
        found.append(Effect(value, len(own), interval, best))
    return found


def effect_table(tuned: Tuned, name: str) -> Table:
    """The same as a table."""
    shown = sorted(effects(tuned, name), key=lambda e: -e.accuracy.estimate)[:VALUES]
    rows = tuple(
        (
            cell(e.value),
            f"{e.trials:,}",
            f"{percent(e.accuracy.estimate)}\n{percent_range(e.accuracy)}",
            percent(e.best),
        )
        for e in shown
    )
    return Table(
        f"Accuracy by {name}, over all other settings", (name, "trials", "mean", "best"), rows
    )


def effect_figure(tuned: Tuned, name: str) -> Figure:
    """Each trial as a dot, the mean of each value with its interval."""
    found = effects(tuned, name)
    if len(found) > VALUES and not _numeric([e.value for e in found]):
        found = sorted(found, key=lambda e: -e.accuracy.estimate)[:VALUES]
    with style():
        return _lying(tuned, name, found) if _wordy(found) else _standing(tuned, name, found)


def _numeric(values: Sequence[Any]) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def _wordy(found: Sequence[Effect]) -> bool:
    """Whether the values are words, which stand better beside than below a figure."""
    return not _numeric([e.value for e in found]) and max(len(cell(e.value)) for e in found) > 6


def _dots(tuned: Tuned, name: str, value: Any) -> list[float]:
    shown = [row.accuracy.estimate for row in tuned.rows if row.values[name] == value]
    return [100 * share for share in shown]


def _standing(tuned: Tuned, name: str, found: Sequence[Effect]) -> Figure:
    drawing = new_drawing(6, 3)
    axes = drawing.add_subplot()
    values = [e.value for e in found]
    logarithmic = _numeric(values) and min(values) > 0 and max(values) / min(values) > 20
    many = _numeric(values) and len(values) > VALUES  # a search draws each value once
    places = values if logarithmic or many else list(range(len(values)))
    for place, e in zip(places, found, strict=True):
        dots = _dots(tuned, name, e.value)
        axes.plot(
            [place] * len(dots),
            dots,
            "o",
            color=VIOLET if many else GREY,
            markersize=4 if many else 3,
            alpha=0.6 if many else 0.35,
        )
        if not many:
            _mean(axes, [place] * 2, e, upright=True)
    if logarithmic:
        axes.set_xscale("log")
    if not many:
        axes.set_xticks(places, [cell(v) for v in values])
        axes.minorticks_off()
    axes.set_xlabel(name)
    axes.set_ylabel("accuracy, %")
    return drawing  # fmt: skip


def _lying(tuned: Tuned, name: str, found: Sequence[Effect]) -> Figure:
    drawing = new_drawing(7, 0.8 + 0.3 * len(found))
    axes = drawing.add_subplot()
    for place, e in enumerate(found):
        dots = _dots(tuned, name, e.value)
        axes.plot(dots, [place] * len(dots), "o", color=GREY, markersize=3, alpha=0.45, zorder=3)
        _mean(axes, [place] * 2, e, upright=False)
    axes.set_yticks(range(len(found)), [shortened(cell(e.value), 40) for e in found])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("accuracy, %")
    return drawing


def _mean(axes: Any, place: list[float], effect: Effect, *, upright: bool) -> None:
    ends = [100 * effect.accuracy.low, 100 * effect.accuracy.high]
    middle = [100 * effect.accuracy.estimate]
    if upright:
        axes.plot(place, ends, "-", color=VIOLET, linewidth=2)
        axes.plot(place[:1], middle, "o", color=VIOLET, markersize=6)
    else:
        axes.plot(ends, place, "-", color=VIOLET, linewidth=2)
        axes.plot(middle, place[:1], "o", color=VIOLET, markersize=6)


def next_commands(tuned: Tuned) -> list[str]:
    """What to type next."""
    runs = [row.run.folder for row in tuned.rows[:3] if row.run]
    compare = [f"objektiv compare {' '.join(map(typed, runs))}"] if len(runs) > 1 else []
    return [*compare, f"objektiv export {typed(tuned.winner.folder)}"]
