"""Finished runs side by side: how right, how large, how slow, and which is shown to be better.

In: run folders, and tables of predictions. Out: a Comparison: the runs that were tested on the
same items, the most accurate first, every two of them tested against each other; apart from them
those that were not, with the items that differ.
Try: `compare([Path("runs/cells-001"), Path("runs/cells-002")]).rows`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from objektiv.base.errors import UsageError
from objektiv.data.dataset import Dataset
from objektiv.flow.ledger import Ledger, read_again
from objektiv.flow.opened import Opened, open_any
from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import Scores, score
from objektiv.judging.pairs import Pair, alone_right, compare_all, in_one_order
from objektiv.judging.predictions import Predictions

SHOWN = 10  # items of each kind that are named or shown
Truth = Mapping[str, tuple[str, str]]  # content and label of each id


@dataclass(frozen=True, eq=False)
class Compared:
    """One run in the table; None where the run does not tell."""

    opened: Opened
    name: str  # unlike that of all others
    test: Predictions
    scores: Scores
    sensitivity: Interval | None  # where the run decides, else where the class is most probable
    demanded: str  # what the threshold was chosen for, or ""
    alone: tuple[int, ...] = ()  # rows of `test` that only this one had right
    differs: pl.DataFrame | None = None  # id and what, where the items are not the first's

    def told(self, name: str) -> Any:
        """What the run noted of its model."""
        return self.opened.metrics.get("model", {}).get(name)

    @property
    def model(self) -> str:
        """What is compared."""
        if self.opened.run is None:
            return "a table"
        usual = "a bundle" if "bundle" in self.opened.metrics else "probe"  # of an evaluation
        return str(self.told("name") or usual)

    @property
    def known(self) -> int:
        """Items of a probe whose features the bank had already."""
        if self.told("family") != "probe":
            return 0
        metrics = self.opened.metrics
        return max(0, int(metrics["items"]) - int(metrics["looked_at"]))


@dataclass(frozen=True, eq=False)
class Comparison:
    """`rows`: tested on the same items, in one order of them, the most accurate first.

    `pairs`: every two of `rows`. `others`: tested on other items.
    """

    rows: tuple[Compared, ...]
    pairs: tuple[Pair, ...]
    others: tuple[Compared, ...]
    positive: str | None
    ledger: Ledger | None  # of the test part, where a run tells it
    dataset: Dataset | None  # where the pictures lie, if a run tells

    def pair(self, a: int, b: int) -> Pair:
        """The pair of two rows, the lower place first."""
        return next(pair for pair in self.pairs if (pair.a, pair.b) == (a, b))


def compare(folders: Sequence[Path]) -> Comparison:
    """These runs and tables; one that is named twice counts once.

    Raises:
        UsageError: fewer than two, or one is not there.
        ModelError: a folder holds no finished run.
        DataError: a table is not one of predictions.
    """
    paths = list({path.resolve(): path for path in folders}.values())
    opened = [open_any(path) for path in paths]
    if len(opened) < 2:
        raise UsageError(
            "a comparison needs two runs",
            value=f"{len(opened)} given",
            allowed="Two or more run folders, or tables of predictions, are needed",
            next="for example `objektiv compare runs/cells-001 runs/cells-002`",
        )
    positive = next((o.positive for o in opened if o.positive), None)
    tests = [o.predictions.only("test") for o in opened]
    truths = [_truth(test) for test in tests]
    usual = _most_common(truths)
    same = [_same(truth, usual) for truth in truths]
    shared = _with_groups(in_one_order([tests[k] for k in range(len(tests)) if same[k]]))
    own = iter(shared)
    found = [
        _compared(o, name, next(own) if equal else test, positive)
        for o, name, test, equal in zip(opened, _names(paths), tests, same, strict=True)
    ]
    rows = [row for row, equal in zip(found, same, strict=True) if equal]
    rows.sort(key=lambda row: -row.scores.accuracy.estimate)
    ordered = [row.test for row in rows]
    return Comparison(
        rows=tuple(
            replace(row, alone=tuple(alone_right(ordered, k).tolist()))
            for k, row in enumerate(rows)
        ),
        pairs=compare_all(ordered),
        others=tuple(
            replace(row, differs=_differing(truth, usual))
            for row, truth, equal in zip(found, truths, same, strict=True)
            if not equal
        ),
        positive=positive,
        ledger=next((_ledger(row.opened) for row in rows if _ledger(row.opened)), None),
        dataset=next((row.opened.pictures(row.test) for row in rows if row.opened.data), None),
    )


def _with_groups(tests: Sequence[Predictions]) -> list[Predictions]:
    """With the groups that one of them names, where another names none: the items are the same."""
    groups = next((test.groups for test in tests if test.group_numbers is not None), None)
    if groups is None:
        return list(tests)
    return [replace(test, groups=groups) if test.group_numbers is None else test for test in tests]


def _names(paths: Sequence[Path]) -> list[str]:
    """The last part of each path, with the folder above where two would be called the same."""
    usual = [path.resolve().name for path in paths]
    times = Counter(usual)
    return [
        name if times[name] == 1 else f"{path.resolve().parent.name}/{name}"
        for name, path in zip(usual, paths, strict=True)
    ]


def _compared(opened: Opened, name: str, test: Predictions, positive: str | None) -> Compared:
    sought = positive if positive in test.classes and len(test.classes) == 2 else None
    scores = score(test, positive=sought)
    there, demanded = opened.operating(scores.positive)
    return Compared(opened, name, test, scores, there or scores.sensitivity, demanded)


def _ledger(opened: Opened) -> Ledger | None:
    told = opened.metrics.get("ledger")
    return read_again(told) if told else None


def _truth(test: Predictions) -> Truth:
    labels = (test.classes[k] for k in test.labels.tolist())
    return dict(zip(test.ids, zip(test.hashes, labels, strict=True), strict=True))


def _most_common(truths: Sequence[Truth]) -> Truth:
    """What most runs were tested on; of equally many, what the first of them was."""
    return max(truths, key=lambda truth: sum(_same(truth, other) for other in truths))


def _same(a: Truth, b: Truth) -> bool:
    return a.keys() == b.keys() and all(not _apart(a[name], b[name]) for name in a)


def _apart(a: tuple[str, str], b: tuple[str, str]) -> str:
    """How two records of one item differ; a table may not know what the pictures held."""
    if a[1] != b[1]:
        return f"label {a[1]} here, {b[1]} there"
    return "another content under this name" if a[0] and b[0] and a[0] != b[0] else ""


def _differing(own: Truth, usual: Truth) -> pl.DataFrame:
    """Every item that is not the same, and how."""
    rows = [(name, "only in this one") for name in own if name not in usual]
    rows += [(name, "not in this one") for name in usual if name not in own]
    rows += [
        (name, told) for name in own if name in usual and (told := _apart(own[name], usual[name]))
    ]
    return pl.DataFrame(rows, schema={"id": pl.String, "what": pl.String}, orient="row")
