"""A run folder or a table of predictions, opened: what can be compared with others.

In: a path. Out: an Opened: its predictions, and what a run noted beside them.
Try: `open_any(Path("predictions.csv")).predictions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from objektiv.base import files
from objektiv.base.errors import UsageError
from objektiv.data.dataset import ITEMS, QUARANTINE, Dataset
from objektiv.flow.run import JUDGEMENT, Run, open_run
from objektiv.judging.foreign import SUFFIXES, load
from objektiv.judging.intervals import Interval
from objektiv.judging.predictions import Predictions


@dataclass(frozen=True, eq=False)
class Opened:
    """`run` is None for a table, whose `metrics` are empty."""

    path: Path
    run: Run | None
    predictions: Predictions
    metrics: dict[str, Any]

    @property
    def positive(self) -> str | None:
        """The class that its sensitivity speaks of."""
        found: str | None = self.metrics.get("test", {}).get("positive")
        return found

    @property
    def data(self) -> Path | None:
        """The folder of its pictures, where it is told and still there."""
        told = self.metrics.get("ledger", {}).get("root")
        return Path(told) if told and Path(told).is_dir() else None

    def operating(self, positive: str | None) -> tuple[Interval | None, str]:
        """Sensitivity where the run decides, and what its threshold was chosen for, or ""."""
        if self.run is None or not (self.run.folder / JUDGEMENT).is_file():
            return None, ""
        path = self.run.folder / JUDGEMENT
        told = files.parse_json(path.read_bytes(), name=str(path)).get("operating") or {}
        threshold, found = told.get("threshold") or {}, told.get("sensitivity") or {}
        if threshold.get("positive") != positive or "estimate" not in found:
            return None, ""
        way, demanded = threshold.get("way", ""), threshold.get("demanded")
        about = "" if way == "most probable" else way
        return Interval(**found), f"{about} {demanded:g}" if about and demanded else about

    def pictures(self, test: Predictions) -> Dataset | None:
        """Where the pictures of these items lie; None where that is not told."""
        if self.data is None:
            return None
        items = pl.DataFrame(
            {
                "id": test.ids,
                "path": [f"{self.data}/{name}" for name in test.ids],
                "label": [test.classes[k] for k in test.labels],
                "group": pl.Series(test.groups, dtype=pl.String),
                "part": test.parts,
                "hash": test.hashes,
            },
            schema_overrides=ITEMS,
        )
        items = items.filter([".." not in Path(name).parts for name in test.ids])
        return Dataset(self.data, test.classes, items, pl.DataFrame(schema=QUARANTINE))


def open_any(path: Path) -> Opened:
    """The finished run in a folder, or the predictions in a table.

    Raises:
        UsageError: there is no such folder or file.
        ModelError: the folder holds no finished run, or the file is no table.
        DataError: the table is not one of predictions.
    """
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        return Opened(path, None, load(path), {})
    if path.suffix.lower() in SUFFIXES and not path.exists():
        raise UsageError(
            "there is no such table",
            value=path,
            allowed="Run folders and tables of predictions (.csv, .parquet) are read",
            next="check the path; relative ones start where you are",
        )
    run = open_run(path)
    return Opened(path, run, run.predictions(), run.metrics())
