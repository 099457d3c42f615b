"""The tables of the report: what is counted, and how it stands in a cell.

In: a Dataset, a Split, Predictions, Scores and what a run noted. Out: Tables of text, a confusion
matrix and a list of mistakes; no HTML.
Try: `split_table(dataset, split(dataset, SplitSettings())).rows`.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from objektiv.base.language import figure, mark, tr, tr_count
from objektiv.base.names import natural_key
from objektiv.data.dataset import Dataset
from objektiv.data.folders import PARTS
from objektiv.data.header import REASONS
from objektiv.data.split import Split
from objektiv.faces.words import NONE, duration, number, percent, percent_range, whole
from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import Scores
from objektiv.judging.predictions import Predictions

MATRIX = 30  # classes; more make a matrix that nobody reads
CONFUSIONS = 12  # most frequent mix-ups that are named
MISTAKES = 20  # pictures; fills rows of 5, 4 and 2
LISTED = 50  # files in quarantine that are named
ODD = 20  # kinds of odd files that are named
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
    "judge": mark("judge||step"),
    "package": mark("package||step"),
    "load torch": mark("load torch"),
    "predict": mark("predict||step"),
    "begin at a probe": mark("begin at a probe"),
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


def class_table(scores: Scores) -> Table:
    """Each class against the rest."""
    rows = tuple(
        (c.name, whole(c.support), _recall(c.recall), percent(c.precision), percent(c.f1))
        for c in scores.per_class
    )
    caption = tr(
        "Recall: of the class so many were recognised. Precision: of the pictures called so, "
        "so many are of the class"
    )
    head = (tr("class"), tr("test pictures"), tr("recall"), tr("precision"), tr("F1"))
    return Table(caption, head, rows)


def _recall(recall: Interval | None) -> str:
    return f"{percent(recall.estimate)}\n{percent_range(recall)}" if recall else NONE


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


def split_table(dataset: Dataset, split: Split) -> Table:
    """Pictures, and groups where there are any, of each class in each part."""
    parts = dict(split.table.select("id", "part").iter_rows())
    items: Counter[tuple[str, str]] = Counter()
    groups: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for name, label, group in dataset.items.select("id", "label", "group").iter_rows():
        part = parts.get(name, NONE)
        for key in ((label, part), (label, ""), ("", part), ("", "")):
            items[key] += 1
            if group is not None:
                groups[key].add(group)

    def cell(label: str, part: str) -> str:
        own = groups[label, part]
        return whole(items[label, part]) + (f" ({whole(len(own))})" if own else "")

    shown = [*PARTS, *([NONE] if items["", NONE] else []), ""]
    caption = tr("Pictures of each class in each part")
    if groups["", ""]:
        caption += tr("; in brackets the groups they come from")
    return Table(
        caption,
        (tr("class"), *(named(part) if part else tr("all") for part in shown)),
        tuple((label, *(cell(label, part) for part in shown)) for label in dataset.classes),
        (tr("all"), *(cell("", part) for part in shown)),
    )


def named(name: str) -> str:
    """A word of the run's own in the language that is spoken; another one stays what it is."""
    return tr(NAMES.get(name, name))


def size_table(dataset: Dataset) -> Table | None:
    """Sizes of each class; a class that differs in size can be told without looking at it."""
    if "width" not in dataset.items.columns:
        return None
    own: dict[str, list[tuple[int, int]]] = {label: [] for label in dataset.classes}
    for label, width, height in dataset.items.select("label", "width", "height").iter_rows():
        own[label].append((width, height))
    rows = tuple((label, *_sizes(found)) for label, found in own.items() if found)
    head = (tr("class"), tr("median"), tr("smallest"), tr("largest"))
    return Table(tr("Width x height in pixels, by class"), head, rows)


def _sizes(found: list[tuple[int, int]]) -> tuple[str, ...]:
    middle = [sorted(lengths)[len(found) // 2] for lengths in zip(*found, strict=True)]
    area = sorted(found, key=lambda size: size[0] * size[1])
    return tuple(f"{whole(w)} x {whole(h)}" for w, h in (middle, area[0], area[-1]))


def odd_table(dataset: Dataset) -> Table | None:
    """What was odd about files that were read all the same; None where nothing was."""
    if "notes" not in dataset.items.columns:
        return None
    seen: dict[str, list[str]] = {}
    for name, notes in dataset.items.select("id", "notes").iter_rows():
        for note in (notes or "").split("; "):
            if note:
                seen.setdefault(note, []).append(name)
    if not seen:
        return None
    ordered = sorted(seen.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    rows = tuple((note, names[0], whole(len(names))) for note, names in ordered[:ODD])
    head = (tr("what"), tr("for example"), tr("pictures"))
    caption = tr("Odd files that were read all the same")
    if len(ordered) > ODD:
        more = len(ordered) - ODD
        caption += tr_count(
            " ({number} kind more not shown)", " ({number} kinds more not shown)", more
        )
    return Table(caption, head, rows, names=2)


def quarantine_tables(dataset: Dataset) -> tuple[Table, ...]:
    """Counts by reason and the first files; nothing where nothing was set aside."""
    listed = list(dataset.quarantine.select("id", "reason", "message").iter_rows())
    if not listed:
        return ()
    means = {**REASONS, "two-labels": mark("equal files lie in two classes")}
    reasons = Counter(reason for _, reason, _ in listed).most_common()
    counts = tuple((reason, tr(means.get(reason, "")), whole(items)) for reason, items in reasons)
    more = len(listed) - LISTED
    caption = tr("These files")
    if more > 0:
        caption = tr("The first {listed} of these files, and {more} more", listed=LISTED, more=more)
    told = tuple((name, (text or "").removeprefix(f"{name}: ")) for name, _, text in listed)
    head = (tr("reason"), tr("what it means"), tr("files"))
    return (
        Table(tr("Files set aside, by reason"), head, counts, names=2),
        Table(caption, (tr("file"), tr("message")), told[:LISTED], names=2),
    )


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
        return ", ".join(map(str, value)) or NONE
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
