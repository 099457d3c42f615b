"""Score a table of predictions, made by objektiv or by any other tool, in a run folder of its own.

In: a CSV or Parquet file and EvaluateSettings. Out: a JudgedTable; the same scores as a run of ours
would get, from the predictions alone.
Try: `evaluate_table(Path("predictions.csv"), EvaluateSettings()).scores.accuracy`.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from objektiv.base import files
from objektiv.base.errors import ObjektivError
from objektiv.base.language import say
from objektiv.base.settings import write_yaml
from objektiv.flow import ledger
from objektiv.flow import run as names
from objektiv.flow.entries import look_at
from objektiv.flow.judge import Judgement, judge, require_columns, save_judged
from objektiv.flow.ledger import Home, Ledger
from objektiv.flow.log import Log
from objektiv.flow.run import Run
from objektiv.flow.settings import EvaluateSettings
from objektiv.judging.foreign import recognised
from objektiv.judging.metrics import Scores, positive_class
from objektiv.judging.predictions import Predictions
from objektiv.judging.reading import read_table


@dataclass(frozen=True, eq=False)
class JudgedTable:
    """What a table of predictions was worth; `predictions` are of all its parts."""

    run: Run
    predictions: Predictions
    judgement: Judgement
    ledger: Ledger
    notes: tuple[str, ...]  # what a reader of the scores must know

    @property
    def scores(self) -> Scores:
        """Of the test part."""
        return self.judgement.scores


def evaluate_table(path: Path, settings: EvaluateSettings) -> JudgedTable:
    """Score the part test of a table; one without parts is test as a whole.

    Raises:
        DataError: the table cannot be read, or is not one of predictions.
        UsageError: no item is test, or `positive` is no class.
    """
    raw, source = read_table(path), str(path)
    require_columns(settings.by, raw.columns)
    table = recognised(raw, source=source, positive=settings.positive, aside=settings.by)
    predictions = Predictions.from_table(table, source=source)
    columns = None
    if settings.by:  # under the names that the table has for them
        columns = pl.DataFrame({"id": predictions.ids}).with_columns(raw.select(settings.by))
    positive_class(predictions.classes, settings.positive)
    test = predictions.only("test")
    stem = settings.name or f"evaluate-{names.stem_of(path)}"
    folder = files.new_numbered_folder(settings.out, stem)
    try:
        write_yaml(settings, folder / names.SETTINGS)
        log = Log(folder)
        with log.ending():
            log.line(f"predictions: {path.resolve()}")
            with log.step("judge"):
                judgement = judge(predictions, settings, columns=columns)
            save_judged(predictions, judgement, folder, columns=columns)
            scores = judgement.scores
            accuracy = scores.accuracy.estimate
            log.line(f"accuracy {accuracy:.4f} of {len(test):,} items")
            look = look_at(
                test, folder, command="evaluate", model=f"table {path.name}", accuracy=accuracy
            )
            record = ledger.add(_home(path, test), look)
            metrics = {"test": scores.to_dict(), "table": path.name, "seconds": log.seconds}
            files.write_json(folder / names.METRICS, metrics | {"ledger": record.to_dict()})
    except ObjektivError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return JudgedTable(Run(folder), predictions, judgement, record, _notes(test))


def _home(path: Path, test: Predictions) -> Home:
    """With the pictures, where the table lies in the run folder that it came from."""
    home = Home.of_table(test)
    try:
        told = Run(path.parent).metrics()["ledger"]
        found = replace(home, root=Path(told["root"]), data=str(told["data"]))
        # only where a ledger is already: a strange run must not make us write elsewhere
        if told["test"] == home.data and found.places[0].is_file():
            return found
    except (OSError, ObjektivError, KeyError, TypeError):  # no run, or an older one
        pass
    return home


def _notes(test: Predictions) -> tuple[str, ...]:
    """What a reader of the scores must know about the items."""
    present = {test.classes[k] for k in set(test.labels.tolist())}
    absent = [name for name in test.classes if name not in present]
    notes: list[str] = []
    if absent:
        notes.append(say("no item of {names} is in the part test", names=", ".join(absent)))
    if test.group_numbers is None:
        notes.append(
            say(
                "the items name no groups, so each counts as independent: with a column `group` "
                "(patient, slide, video) the intervals are right where items belong together"
            )
        )
    return tuple(notes)
