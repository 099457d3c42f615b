"""The tables of the report: what is counted, and how it stands in a cell.

In: a Dataset, a Split, Predictions, Scores and what a run noted. Out: Tables of text, a confusion
matrix and a list of mistakes; no HTML.
Try: `class_table(score(predictions.only("test"))).rows`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from objektiv.base.language import figure, mark, tr, tr_count
from objektiv.base.names import natural_key
from objektiv.data.dataset import Dataset
from objektiv.data.split import Split
from objektiv.faces.words import NONE, duration, number, percent, percent_range, whole
from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.metrics import Scores
from objektiv.judging.predictions import Predictions
from objektiv.judging.ranges import Ranges

MATRIX = 30  # classes; more make a matrix that nobody reads
CONFUSIONS = 12  # most frequent mix-ups that are named
MISTAKES = 20  # pictures; fills rows of 5, 4 and 2
# What a run calls by English words of its own: columns of what was tried, steps, parts.
NAMES = {
    "blocks": mark("blocks"),
    "strength": mark("strength"),
    "log loss": mark("log loss"),
    "accuracy": mark("accuracy"),
    "train": mark("train||part"),
    "validation": mark("validation||part"),
    "test": mark("test||part"),
    "look": mark("look||step"),
    "split": mark("split||step"),
    "choose and fit": mark("choose and fit"),
    "baseline": mark("baseline||step"),
    "none of these": mark("none of these||step"),
    "judge": mark("judge||step"),
    "package": mark("package||step"),
    "load torch": mark("load torch"),
    "predict": mark("predict||step"),
    "begin at a probe": mark("begin at a probe"),
    "read images": mark("read images"),
    "rehearse": mark("rehearse||step"),
}


@dataclass(frozen=True)
class Table:
    """Text in rows; the first `names` columns are words, the others numbers.

    The second line of a number stands small below it.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    foot: tuple[str, ...] = ()
    names: int = 1
    marked: tuple[int, ...] = ()  # rows that were chosen


@dataclass(frozen=True)
class Cell:
    """A field of the confusion matrix; `shade` from 0 to 1."""

    items: int
    share: str
    shade: float
    style: str  # classes of the style sheet
    told: str


@dataclass(frozen=True)
class Mistake:
    """A test item that was wrong: `place` in the predictions it comes from."""

    place: int
    id: str
    label: str
    predicted: str
    probability: float


def class_table(scores: Scores, ranges: Ranges | None = None) -> Table:
    """Each class against the rest; `ranges` are the intervals of what has no closed one."""
    of_precision = ranges.precision if ranges else (None,) * len(scores.per_class)
    of_f1 = ranges.f1 if ranges else (None,) * len(scores.per_class)
    rows = tuple(
        (
            c.name,
            whole(c.support),
            _ranged(c.recall.estimate if c.recall else None, c.recall),
            _ranged(c.precision, precision),
            _ranged(c.f1, f1),
        )
        for c, precision, f1 in zip(scores.per_class, of_precision, of_f1, strict=True)
    )
    caption = tr(
        "Recall: of the class so many were recognised. Precision: of the pictures called so, "
        "so many are of the class"
    )
    head = (tr("class"), tr("test pictures"), tr("recall"), tr("precision"), tr("F1"))
    return Table(caption, head, rows)


def _ranged(share: float | None, ends: Interval | NotDefined | None) -> str:
    told = f"\n{percent_range(ends)}" if isinstance(ends, Interval) else ""
    return percent(share) + told


def confusion(scores: Scores) -> tuple[tuple[Cell, ...], ...]:
    """Cells with counts and shares of their row; empty where classes are too many to be read."""
    if len(scores.classes) > MATRIX:
        return ()
    return tuple(
        tuple(_cell(scores, true, said) for said in range(len(scores.classes)))
        for true in range(len(scores.classes))
    )


def _cell(scores: Scores, true: int, said: int) -> Cell:
    items, total = scores.confusion[true][said], sum(scores.confusion[true])
    share = items / total if total else 0.0
    told = tr_count(
        "{number} picture of {true} taken for {said}",
        "{number} pictures of {true} taken for {said}",
        items,
        true=scores.classes[true],
        said=scores.classes[said],
    )
    # Mistakes are few: without the root their shades could not be told from white.
    shade = share if true == said else math.sqrt(share)
    style = "right" if true == said else "wrong"
    style += " deep" * (shade > 0.6) + " zero" * (not items)
    return Cell(items, percent(share) if total else NONE, round(shade, 3), style, told)


def mix_ups(scores: Scores) -> Table:
    """Which class was most often taken for which."""
    found = [
        (items, scores.classes[true], scores.classes[said], sum(row))
        for true, row in enumerate(scores.confusion)
        for said, items in enumerate(row)
        if items and true != said
    ]
    found.sort(key=lambda f: (-f[0], natural_key(f[1]), natural_key(f[2])))
    rows = tuple(
        (true, said, whole(items), percent(items / total))
        for items, true, said, total in found[:CONFUSIONS]
    )
    head = (tr("truly"), tr("taken for"), tr("pictures"), tr("of this class"))
    return Table(tr("The most frequent mix-ups"), head, rows, names=2)


def worst_mistakes(test: Predictions) -> tuple[Mistake, ...]:
    """Wrong items, the most confident first."""
    predicted, classes = test.predicted, test.classes
    wrong = [
        Mistake(
            place,
            test.ids[place],
            classes[int(test.labels[place])],
            classes[int(predicted[place])],
            float(test.probabilities[place, predicted[place]]),
        )
        for place, right in enumerate(test.correct)
        if not right
    ]
    wrong.sort(key=lambda m: (-m.probability, natural_key(m.id)))
    return tuple(wrong[:MISTAKES])


def named(name: str) -> str:
    """A word of the run's own in the language that is spoken; another one stays what it is."""
    return tr(NAMES.get(name, name))


def choices_table(choices: Sequence[Mapping[str, Any]]) -> Table | None:
    """What was tried out-of-fold, one row a try; columns are the keys but `chosen`."""
    keys = list(dict.fromkeys(key for choice in choices for key in choice if key != "chosen"))
    if not keys:
        return None
    words = {key for key in keys if all(_is_word(choice.get(key)) for choice in choices)}
    keys.sort(key=lambda key: key not in words)
    rows = tuple(tuple(_value(key, choice.get(key)) for key in keys) for choice in choices)
    marked = tuple(place for place, choice in enumerate(choices) if choice.get("chosen"))
    head = tuple(named(key.replace("_", " ")) for key in keys)
    caption = tr("Tried out-of-fold; the marked row was chosen")
    return Table(caption, head, rows, names=len(words), marked=marked)


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, str | list | tuple)


def _value(name: str, value: Any) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, float):
        if name.endswith(("accuracy", "share")):
            return percent(value)
        return number(value) if name.endswith("loss") else figure(value, "g")
    if isinstance(value, list | tuple):
        return tr(", ||between numbers").join(_value(name, one) for one in value) or NONE
    return whole(value) if isinstance(value, int) and name != "seed" else str(value)


def timing_table(timings: Mapping[str, float]) -> Table:
    """How long each step took, and all of them."""
    rows = tuple(
        (named(step), duration(seconds)) for step, seconds in timings.items() if step != "total"
    )
    total = timings.get("total", sum(timings.values()))
    foot = (tr("all"), duration(total))
    return Table(tr("Time of each step"), (tr("step"), tr("time")), rows, foot)


def facts_table(caption: str, facts: Mapping[str, Any]) -> Table:
    """Names and values, nested ones as `step.name`."""
    rows = tuple((name, _fact(name, value)) for name, value in _flat(facts))
    return Table(caption, (tr("name"), tr("value")), rows, names=2)


def _flat(facts: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _fact(name: str, value: Any) -> str:
    if name.endswith("memory") and isinstance(value, int):
        return f"{figure(value / 2**30, '.1f')} GiB"
    return _value(name.rpartition(".")[2], value)


def fingerprints(dataset: Dataset, split: Split, test: Predictions) -> Table:
    """SHA-256 of what went in and came out: two reports with the same ones judge the same thing."""
    columns = [name for name in ("id", "label", "group", "hash") if name in dataset.items.columns]
    said = zip(test.ids, test.probabilities.round(6).tolist(), strict=True)
    rows = (
        (tr("pictures, labels and groups"), _digest(dataset.items.select(columns).iter_rows())),
        (tr("split"), _digest(split.table.iter_rows())),
        (tr("test predictions, to six digits"), _digest(said)),
    )
    return Table(tr("Fingerprints (SHA-256)"), (tr("of"), tr("fingerprint")), rows, names=2)


def _digest(rows: Iterable[object]) -> str:
    lines = sorted(map(repr, rows))
    return hashlib.sha256("\n".join(lines).encode("utf-8", errors="backslashreplace")).hexdigest()
