"""A run: one folder with all that was decided, learnt and measured.

In: a folder below `out`. Out: its files by name, each read when asked for. Nothing in a finished
run is overwritten; a run that was cut off lacks metrics.json.
Try: `Run(Path("runs/cells-001")).scores()`.
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import io
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from objektiv.base import files
from objektiv.base.errors import ModelError, UsageError
from objektiv.base.lock import LOCK_FILE
from objektiv.data.dataset import Dataset
from objektiv.data.safe_names import FORMULA_SIGNS
from objektiv.judging.metrics import Scores, score
from objektiv.judging.predictions import Predictions
from objektiv.shipping.members import refuse_pickle

SETTINGS = "settings.yaml"
SPLIT = "split.csv"
QUARANTINE = "quarantine.csv"
HISTORY = "history.csv"
PREDICTIONS = "predictions.parquet"
BASELINE = "baseline.parquet"
PROBE = "probe.parquet"
JUDGEMENT = "judgement.json"
METRICS = "metrics.json"
BUNDLE = "model"
CARD = "model_card.md"
REPORT = "report.html"
STORY = "story.json"  # what the report tells and no other file holds
PICTURES = "pictures.parquet"
LOG = "log.txt"
CHECKPOINT = "checkpoint"  # folder, of a network while it trains
LONGEST_STEM = 64  # characters; systems allow 255, and a number and temporary marks come behind


def stem_of(root: Path) -> str:
    """A run's name after the folder its data lies in, in letters that every system takes."""
    letters = re.sub(r"[^A-Za-z0-9_.-]+", "-", root.resolve().stem)[:LONGEST_STEM]
    return letters.strip("-.") or "run"


def require_outside(root: Path, place: Path, *, option: str) -> None:
    """Check that what a run writes does not lie in the folder `root` that is searched for images.

    Raises:
        UsageError: it does, so that the next run would take it for a class.
    """
    if place.resolve().is_relative_to(root.resolve()):
        raise UsageError(
            f"--{option} lies among the data",
            value=place,
            allowed=f"A folder outside of {root} is needed: what is inside is read as images",
            next=f"name another folder with --{option}",
        )


def typed(path: Path) -> str:
    """A path as one types it in a command, on every system: quoted where it holds a blank."""
    return f'"{path}"' if " " in str(path) else str(path)


@dataclass(frozen=True)
class Run:
    """One run folder."""

    folder: Path

    @property
    def bundle(self) -> Path:
        """The folder of its bundle."""
        return self.folder / BUNDLE

    @property
    def report(self) -> Path:
        """Where its report stands."""
        return self.folder / REPORT

    @property
    def has_checkpoint(self) -> bool:
        """Whether something was learnt that a training can go on from."""
        return any((self.folder / CHECKPOINT).glob("*.safetensors"))

    def remove_checkpoint(self) -> None:
        """What a finished training no longer needs."""
        shutil.rmtree(self.folder / CHECKPOINT, ignore_errors=True)
        with contextlib.suppress(OSError):  # Windows keeps a file that is in use
            (self.folder / LOCK_FILE).unlink()

    def predictions(self) -> Predictions:
        """Every item's prediction: out of fold for train and validation, final for test."""
        return Predictions.load(self.folder / PREDICTIONS)

    def baseline(self) -> Predictions:
        """The same from the plain baseline, of all items."""
        return Predictions.load(self.folder / BASELINE)

    def metrics(self) -> dict[str, Any]:
        """metrics.json."""
        path = self.folder / METRICS
        found: dict[str, Any] = files.parse_json(path.read_bytes(), name=str(path))
        return found

    def scores(self, part: str = "test") -> Scores:
        """Scores of one part, computed anew from the predictions."""
        positive = self.metrics()["test"]["positive"]
        return score(self.predictions().only(part), positive=positive)


def save_quarantine(dataset: Dataset, path: Path) -> None:
    """Publish what was set aside as CSV."""
    save_table(dataset.quarantine, path)


def save_table(table: pl.DataFrame, path: Path) -> None:
    """Publish a table as CSV; a cell that a spreadsheet would run gets a `'` before."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_harmless(cell) for cell in row] for row in table.iter_rows())
    files.write_text(path, text.getvalue())


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else cell


def open_run(path: Path) -> Run:
    """The finished run in a folder.

    Raises:
        UsageError: there is no such folder.
        ModelError: the run was cut off before it had results, or this is a file.
    """
    if path.is_file():
        refuse_pickle(path)
        raise ModelError(
            "this is a file, not a run's folder",
            value=path,
            allowed="A run's folder is needed, such as runs/cells-001",
            next="name the folder, or give a bundle's file with --bundle",
        )
    _require_folder(path)
    if not (path / METRICS).is_file():
        raise ModelError(
            "this folder holds no finished run",
            value=f"{path} has no {METRICS}",
            allowed="A run that came to its end is needed",
            next="run `objektiv train` again; what it looked at is kept in the bank",
        )
    return Run(path)


def open_cut_off(path: Path) -> Run:
    """The run in a folder that was cut off and can go on.

    Raises:
        UsageError: there is no such folder, it is no run, or the run is finished.
    """
    _require_folder(path)
    if (path / METRICS).is_file():
        wrong = "the run came to its end"
    elif not (path / SETTINGS).is_file():
        wrong = f"there is no {SETTINGS} in it"
    else:
        return Run(path)
    raise UsageError(
        "this run cannot go on",
        value=f"{path}: {wrong}",
        allowed="The folder of a training that was cut off is needed",
        next="train anew without `--resume`",
    )


def _require_folder(path: Path) -> None:
    if not path.is_dir():
        siblings = [p.name for p in path.parent.glob("*") if p.is_dir()]
        near = difflib.get_close_matches(path.name, siblings, n=1)
        raise UsageError(
            "there is no such run",
            value=path,
            allowed="A run's folder is needed, such as runs/cells-001",
            next=f"did you mean {path.parent / near[0]}?" if near else "list the folder runs",
        )
