"""A finished training with all that its report tells, also when read back from its folder.

In: a Trained, or a run's folder. Out: a Finished. What only this needs stands in story.json (notes,
layers, where the pictures lie) and pictures.parquet (the items and what was set aside).
Try: `reopen(open_run(Path("runs/cells-001"))).judged.scores`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from objektiv.base import files
from objektiv.base.errors import DataError, ModelError
from objektiv.base.language import packed, unpacked
from objektiv.base.machine import this_machine
from objektiv.base.settings import read_yaml
from objektiv.data.dataset import FACTS, ITEMS, QUARANTINE, Dataset
from objektiv.data.split import Split
from objektiv.flow import run as names
from objektiv.flow.judge import judgement_of
from objektiv.flow.ledger import Ledger, read_again
from objektiv.flow.run import Run
from objektiv.flow.settings import TrainSettings
from objektiv.flow.trained import Beside, Forecast, History, Judged, Trained
from objektiv.judging.intervals import paired_difference
from objektiv.judging.metrics import score
from objektiv.judging.predictions import Predictions
from objektiv.models.layers import Row, Summary

FORMAT = 1  # of story.json
COLUMNS = (*ITEMS, *FACTS, "reason", "message")


@dataclass(frozen=True, eq=False)
class Finished:
    """What a training was and gave, without the model itself."""

    run: Run
    settings: TrainSettings
    dataset: Dataset  # without pixels; its files may be gone
    split: Split
    judged: Judged
    history: History
    summary: Summary | None
    forecast: Forecast | None
    notes: tuple[str, ...]  # of the model
    timings: dict[str, float]  # seconds a step
    machine: dict[str, Any]
    model: Mapping[str, Any]  # as in metrics.json: name, family, parameters, bytes, speed
    size: int
    precision: str
    looked: int  # items looked at anew
    difference: float  # largest of a test probability, bundle against predictions


def finished(trained: Trained) -> Finished:
    """A training that has just ended."""
    made, seen = trained.made, trained.seen
    return Finished(
        run=trained.run,
        settings=trained.settings,
        dataset=seen.dataset,
        split=trained.split,
        judged=trained.judged,
        history=made.history,
        summary=made.summary,
        forecast=made.forecast,
        notes=made.notes,
        timings=trained.timings,
        machine=this_machine().as_dict(),
        model=about_model(trained),
        size=made.size,
        precision=made.precision,
        looked=seen.looked,
        difference=trained.shipped.difference,
    )


def about_model(trained: Trained) -> dict[str, Any]:
    """What a table of models says of each."""
    made, shipped = trained.made, trained.shipped
    return {
        "name": made.name,
        "family": made.family,
        "parameters": trained.parameters,
        "trainable": made.trainable,
        "bytes": shipped.bytes,
        "weights_bytes": shipped.weights_bytes,
        "train_seconds": round(made.seconds, 3),
        "images_per_second": round(shipped.images_per_second, 2),
    }


def save(story: Finished) -> None:
    """Write story.json and pictures.parquet into the run's folder."""
    dataset, summary = story.dataset, story.summary
    _save_pictures(dataset, story.run.folder / names.PICTURES)
    layers = [asdict(row) | {"kind": packed(row.kind)} for row in summary.rows] if summary else None
    told = {
        "format": FORMAT,
        "data": str(dataset.root.resolve()),
        "classes": list(dataset.classes),
        "notes": {
            "data": [packed(note) for note in dataset.notes],
            "split": [packed(note) for note in story.split.notes],
            "model": [packed(note) for note in story.notes],
        },
        "history": asdict(story.history),
        "layers": layers,
        "forecast": asdict(story.forecast) if story.forecast else None,
        "difference": story.difference,
    }
    files.write_json(story.run.folder / names.STORY, told)


def _save_pictures(dataset: Dataset, path: Path) -> None:
    """Items and what was set aside, one row a file; paths as from the root where they lie in it."""
    table = pl.concat([dataset.items, dataset.quarantine], how="diagonal")
    inside = f"{dataset.root}{os.sep}", f"{dataset.root}/"
    paths = [_from_root(place, inside) for place in table["path"]]
    table = table.with_columns(path=pl.Series(paths, dtype=pl.String))
    buffer = io.BytesIO()
    table.select(*COLUMNS).write_parquet(buffer)
    files.write_bytes(path, buffer.getvalue())


def _from_root(place: str, inside: tuple[str, ...]) -> str:
    for root in inside:
        if place.startswith(root):
            return place.removeprefix(root)
    return os.path.abspath(place)


def paths_of(run: Run, *, data: Path | None = None) -> dict[str, Path]:
    """Where each picture of a finished training lies, by id; `data` as of `reopen`.

    Raises:
        DataError: `data` is no folder.
        ModelError: the run does not tell.
    """
    _check_folder(data)
    try:
        story = files.parse_json((run.folder / names.STORY).read_bytes(), name=names.STORY)
        table = pl.read_parquet((run.folder / names.PICTURES).read_bytes())
        root = Path(story["data"]) if data is None else data.resolve()
        return {id: root / path for id, path in table.select("id", "path").iter_rows()}
    except (OSError, KeyError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise _unreadable(run, error, "this run's pictures cannot be found") from error


def reopen(run: Run, *, data: Path | None = None) -> Finished:
    """A finished training from its folder; `data` is where its pictures lie now, if elsewhere.

    Scores are computed anew from the predictions.

    Raises:
        ModelError: the folder is not that of a training, or its files do not fit each other.
        DataError: a file in it cannot be read.
    """
    _check_folder(data)
    settings = read_yaml(TrainSettings, run.folder / names.SETTINGS)
    metrics = run.metrics()
    try:
        story = files.parse_json((run.folder / names.STORY).read_bytes(), name=names.STORY)
        return _reopened(run, settings, metrics, story, data)
    except (OSError, KeyError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise _unreadable(run, error, "this run's report cannot be made again") from error


def _check_folder(data: Path | None) -> None:
    if data is not None and not data.is_dir():
        raise DataError(
            "there is no such folder",
            value=data,
            allowed="The folder that the run's pictures lie in is needed",
            next="correct --data, or leave it away",
        )


def _unreadable(run: Run, error: Exception, happened: str) -> ModelError:
    return ModelError(
        happened,
        value=f"{run.folder}: {' '.join(str(error).split())[:200] or type(error).__name__}",
        allowed="A finished training by this version of objektiv is needed",
        next="train again; what it looked at is kept in the bank",
    )


def _reopened(
    run: Run,
    settings: TrainSettings,
    metrics: Mapping[str, Any],
    story: Mapping[str, Any],
    data: Path | None,
) -> Finished:
    if story["format"] != FORMAT:
        raise ValueError(f"{names.STORY} has the format {story['format']}, not {FORMAT}")
    notes = {about: tuple(map(unpacked, told)) for about, told in story["notes"].items()}
    root = Path(story["data"]) if data is None else data.resolve()
    dataset = _dataset(run.folder / names.PICTURES, root, story["classes"], notes["data"])
    history = story["history"]
    layers = story["layers"]
    return Finished(
        run=run,
        settings=settings,
        dataset=dataset,
        split=replace(Split.load(run.folder / names.SPLIT), notes=notes["split"]),
        judged=_judged(run, settings, read_again(metrics["ledger"])),
        history=History(history["kind"], tuple(history["rows"]), history["best"]),
        summary=None if layers is None else Summary(tuple(map(_row, layers))),
        forecast=Forecast(**story["forecast"]) if story["forecast"] else None,
        notes=notes["model"],
        timings=metrics["seconds"],
        machine=metrics["machine"],
        model=metrics["model"],
        size=metrics["size"],
        precision=metrics["precision"],
        looked=metrics["looked_at"],
        difference=story["difference"],
    )


def _row(row: Mapping[str, Any]) -> Row:
    kind = unpacked(row["kind"])
    return Row(row["name"], kind, tuple(row["shape"]), row["parameters"], row["trainable"])


def _dataset(path: Path, root: Path, classes: Sequence[str], notes: tuple[str, ...]) -> Dataset:
    table = pl.read_parquet(path.read_bytes()).select(*COLUMNS)
    table = table.with_columns(
        path=pl.Series([str(root / place) for place in table["path"]], dtype=pl.String)
    )
    aside = pl.col("reason").is_not_null()
    return Dataset(
        root=root,
        classes=tuple(classes),
        items=table.filter(~aside).select(*ITEMS, *FACTS),
        quarantine=table.filter(aside).select(*QUARANTINE),
        notes=notes,
    )


def _judged(run: Run, settings: TrainSettings, ledger: Ledger) -> Judged:
    """As `flow.train` does it, from the predictions that were kept."""
    own, positive = run.predictions(), settings.positive
    test = own.only("test")

    def beside(predictions: Predictions) -> Beside:
        other = predictions.only("test")
        return Beside(predictions, score(other, positive=positive), paired_difference(test, other))

    probe = run.folder / names.PROBE
    judgement = judgement_of(run)
    return Judged(
        own,
        judgement.scores,
        beside(run.baseline()),
        beside(Predictions.load(probe)) if probe.exists() else None,
        judgement,
        ledger,
    )
