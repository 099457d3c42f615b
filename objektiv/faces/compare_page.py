"""The page of a comparison: runs, every two of them, accuracy against cost, and pictures.

In: a Comparison. Out: HTML text that needs nothing from outside; every name in it is escaped.
Try: `page(compare([Path("runs/cells-001"), Path("runs/cells-002")]), title="comparison-001")`.
"""

from __future__ import annotations

from dataclasses import dataclass

from objektiv.faces.contest import differing_told, first_differing, megabytes, p_value, verdicts
from objektiv.faces.curves import Point, scatter_plot
from objektiv.faces.pictures import Thumbnail, thumbnails
from objektiv.faces.report import environment
from objektiv.faces.sections import Table
from objektiv.faces.words import (
    NONE,
    count,
    duration,
    percent,
    percent_range,
    points,
    points_range,
)
from objektiv.flow.compare import SHOWN, Compared, Comparison
from objektiv.flow.run import typed

MOST_SHOWN = 6  # runs whose own pictures are shown


@dataclass(frozen=True)
class Alone:
    """A picture that one model alone had right."""

    picture: Thumbnail
    id: str
    label: str
    sure: str
    others: str  # what the others said


@dataclass(frozen=True)
class Winner:
    """A model, with the first of `items` pictures that it alone had right."""

    name: str
    items: int
    pictures: tuple[Alone, ...]


def page(compared: Comparison, *, title: str) -> str:
    """The page as text; pictures only where their folder is known and holds them still."""
    rows = compared.rows
    tested = count(rows[0].scores.items, "test picture")
    about = f"{count(len(rows), 'run')} on the same {tested}"
    if compared.others:
        about += f"; {len(compared.others)} on others"
    template = environment().get_template("compare.html")
    return template.render(
        title=title,
        about=about,
        verdicts=verdicts(compared),
        runs=_runs(compared),
        pairs=_pairs(compared) if compared.pairs else None,
        figures=_figures(compared),
        winners=_winners(compared),
        pictures=compared.dataset is not None,
        others=_others(compared) if compared.others else None,
        differing=differing_told(compared),
        differing_items=[_differing(row) for row in compared.others],
        next_commands=_next(compared),
    )


def _next(compared: Comparison) -> list[str]:
    run = next((row.opened.run for row in compared.rows if row.opened.run), None)
    if run is None or not run.bundle.is_dir():
        return ["objektiv train PICTURES"]
    return [f"objektiv export {typed(run.folder)}"]


def _runs(compared: Comparison) -> Table:
    sought = f"sensitivity ({compared.positive})" if compared.positive else "sensitivity"
    head = ("run", "model", "accuracy", "to the first", sought, "bundle", "parameters")
    rows = tuple(_run(row, compared, k) for k, row in enumerate(compared.rows))
    caption = "The most accurate first; differences in percentage points, paired by test picture"
    return Table(caption, (*head, "training", "images/s"), rows, names=2, marked=(0,))


def _run(row: Compared, compared: Comparison, place: int) -> tuple[str, ...]:
    beside = NONE
    if place:
        back = compared.pair(0, place).difference
        beside = f"{points(-back.estimate)}\n{points(-back.high)} to {points(-back.low)}"
    return (*_known(row)[:3], beside, *_known(row)[3:])


def _known(row: Compared) -> tuple[str, ...]:
    """What stands in a row whatever the others are."""
    accuracy, sensitivity = row.scores.accuracy, row.sensitivity
    told = NONE
    if sensitivity:
        told = f"{percent(sensitivity.estimate)}\n{percent_range(sensitivity)}"
        told += f"\nfor {row.demanded}" if row.demanded else ""
    size, parameters = row.told("bytes"), row.told("parameters")
    seconds, speed = row.told("train_seconds"), row.told("images_per_second")
    learnt = row.told("trainable")
    return (
        row.name,
        row.model,
        f"{percent(accuracy.estimate)}\n{percent_range(accuracy)}",
        told,
        NONE if size is None else megabytes(size),
        NONE if parameters is None else f"{parameters:,}\n{learnt or 0:,} learnt",
        NONE if seconds is None else duration(seconds),
        NONE if speed is None else f"{speed:,.0f}",
    )


def _pairs(compared: Comparison) -> Table:
    names = [row.name for row in compared.rows]
    rows = tuple(
        (
            names[pair.a],
            names[pair.b],
            f"{points(pair.difference.estimate)}\n{points_range(pair.difference)}",
            p_value(pair) if pair.corrected is not None else f"not defined\n{pair.test.reason}",
            f"{pair.both:,}",
            f"{pair.test.only_a:,}",
            f"{pair.test.only_b:,}",
            f"{pair.neither:,}",
            percent(pair.same / pair.test.items),
        )
        for pair in compared.pairs
    )
    head = ("first", "second", "first minus second", "p", "both right", "only the first")
    marked = tuple(k for k, pair in enumerate(compared.pairs) if pair.better is not None)
    caption = "Differences in percentage points; "
    caption += "marked: one of the two is shown to be better" if marked else "no two are told apart"
    return Table(
        caption, (*head, "only the second", "both wrong", "agree"), rows, names=2, marked=marked
    )


def _figures(compared: Comparison) -> list[str]:
    figures = []
    for across, name, unit in (
        ("training, seconds", "train_seconds", 1.0),
        ("bundle, MB", "bytes", 1e6),
    ):
        found = [
            Point(f"{row.name} ({row.model})", max(x / unit, 1e-3), row.scores.accuracy)
            for row in compared.rows
            if (x := row.told(name))
        ]
        if found:
            figures.append(scatter_plot(found, across=across))
    return figures


def _winners(compared: Comparison) -> list[Winner]:
    """What only one gets right; without pictures where their folder is not known."""
    if len(compared.rows) < 2:
        return []
    return [
        Winner(row.name, len(row.alone), _alone(compared, place))
        for place, row in enumerate(compared.rows[:MOST_SHOWN])
    ]


def _alone(compared: Comparison, place: int) -> tuple[Alone, ...]:
    own, rows = compared.rows[place], compared.rows[place].alone[:SHOWN]
    ids = [own.test.ids[k] for k in rows]
    dataset = compared.dataset
    shown = thumbnails(dataset, ids) if dataset else [_absent(name) for name in ids]
    return tuple(
        Alone(picture, name, *_said(own, k), _others_said(compared, place, k))
        for picture, name, k in zip(shown, ids, rows, strict=True)
    )


def _absent(name: str) -> Thumbnail:
    return Thumbnail(name, "", 0, 0, "picture not at hand")


def _said(row: Compared, k: int) -> tuple[str, str]:
    test = row.test
    label = int(test.labels[k])
    return test.classes[label], percent(float(test.probabilities[k, label]))


def _others_said(compared: Comparison, place: int, k: int) -> str:
    said = [
        row.test.classes[int(row.test.predicted[k])]
        for other, row in enumerate(compared.rows)
        if other != place
    ]
    return ", ".join(dict.fromkeys(said))


def _others(compared: Comparison) -> Table:
    rows = tuple(
        (*_known(row)[:3], f"{row.scores.items:,}", *_known(row)[3:]) for row in compared.others
    )
    head = ("run", "model", "accuracy", "pictures", "sensitivity", "bundle", "parameters")
    caption = "Tested on other pictures, so that their accuracies cannot be held against the others"
    return Table(caption, (*head, "training", "images/s"), rows, names=2)


def _differing(row: Compared) -> Table:
    shown = tuple(first_differing(row))
    caption = f"The first items of {row.name} that differ; all of them stand in differing.csv"
    return Table(caption, ("item", "how it differs"), shown, names=2)
