"""Train: from pictures to a judged model, its bundle and all tables, in a new run folder.

In: a folder or a Dataset, and TrainSettings. Out: a Trained; faces print it and draw its report.
Every training looks at the pictures through the bank, fits the quick probe and the plain baseline,
and hands on to the family of its model: FAMILIES.
Try: `train(Path("cells"), TrainSettings(group=r"C\\d+"), progress=Progress()).run.folder`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from objektiv.base import files
from objektiv.base.errors import Cancelled, ObjektivError
from objektiv.base.machine import this_machine
from objektiv.base.progress import Progress
from objektiv.base.settings import write_yaml
from objektiv.data import dataset as datasets
from objektiv.data import split as splits
from objektiv.data.dataset import Dataset
from objektiv.data.folders import PARTS
from objektiv.data.split import Split
from objektiv.features.bank import default_folder
from objektiv.features.look import Features, look
from objektiv.flow import run as names
from objektiv.flow import train_probe
from objektiv.flow.items import Items
from objektiv.flow.log import Log
from objektiv.flow.package import package
from objektiv.flow.run import Run, save_quarantine
from objektiv.flow.settings import TrainSettings
from objektiv.flow.trained import Beside, Job, Judged, Made, Trained
from objektiv.judging.intervals import paired_difference
from objektiv.judging.metrics import positive_class, score
from objektiv.judging.predictions import Predictions
from objektiv.models.choose import STRENGTHS, Fitted, Truth, candidates, fit, fit_baseline
from objektiv.models.heads import HEADS

FAMILIES: Mapping[str, Callable[[Job], Made]] = {
    train_probe.FAMILY: train_probe.make,
}


def train(
    data: Path | Dataset,
    settings: TrainSettings,
    *,
    split: Split | None = None,
    progress: Progress,
) -> Trained:
    """From pictures to a judged model in a new run folder; `split` is used where it is given.

    Raises:
        ObjektivError: with what to do about it; features that were computed stay in the bank.
    """
    root = data.root if isinstance(data, Dataset) else data
    if isinstance(data, Path) and not settings.labels:  # a folder is searched
        names.require_outside(root, settings.out, option="out")
        names.require_outside(root, settings.bank or default_folder(), option="bank")
    folder = files.new_numbered_folder(settings.out, settings.name or names.stem_of(root))
    if split is not None:  # given as an object: the run's own copy is what a replay needs
        settings = settings.model_copy(update={"split": folder / names.SPLIT})
    try:
        write_yaml(settings, folder / names.SETTINGS)
        log = Log(folder)
        with log.ending():
            log.line(f"data: {root.resolve()}")
            return _train(data, settings, Run(folder), split=split, tell=(log, progress))
    except Cancelled:
        raise  # progress.jsonl tells how far it came
    except ObjektivError:
        if not (folder / names.PREDICTIONS).exists():  # nothing in it that cost time
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _train(
    data: Path | Dataset,
    settings: TrainSettings,
    run: Run,
    *,
    split: Split | None,
    tell: tuple[Log, Progress],
) -> Trained:
    dataset = data if isinstance(data, Dataset) else datasets.read(data, settings)
    split = _check(dataset, settings, given=split)
    job, plain = _prepare(dataset, settings, run, split=split, tell=tell)
    log, seen = job.log, job.seen
    made = FAMILIES[train_probe.FAMILY](job)
    with log.step("judge") as told:
        judged = _judge(made, plain, job)
        judged.predictions.save(run.folder / names.PREDICTIONS)
        judged.baseline.predictions.save(run.folder / names.BASELINE)
        if judged.probe:
            judged.probe.predictions.save(run.folder / names.PROBE)
        told += [f"accuracy {judged.scores.accuracy.estimate:.4f} on test"]
        told += [f"baseline {judged.baseline.scores.accuracy.estimate:.4f}"]
    with log.step("package"):
        shipped = package(run, seen, made, judged, settings)
    trained = Trained(run, settings, seen, job.split, job.probe, made, judged, shipped, log.seconds)
    _write_tables(trained)
    return trained


def _prepare(
    dataset: Dataset,
    settings: TrainSettings,
    run: Run,
    *,
    split: Split | None,
    tell: tuple[Log, Progress],
) -> tuple[Job, Fitted]:
    """What every family needs: pictures seen, split, the quick probe; and the plain baseline."""
    log, progress = tell[0], tell[1].in_folder(run.folder)
    with log.step("look") as told:
        seen = look(dataset, settings, max_pixels=settings.max_pixels, progress=progress)
        told += [f"{len(seen.dataset.items):,} images, {seen.looked:,} of them looked at anew"]
        told += [f"{len(seen.dataset.quarantine):,} set aside", f"{seen.size} pixels"]
        told += [seen.precision, *seen.dataset.notes]
    with log.step("split") as told:
        split = _split(seen.dataset, settings, given=split)
        split.save(run.folder / names.SPLIT)
        told += [f"{len(split.ids(part)):,} {part}" for part in PARTS] + [*split.notes]
    items = Items.of(seen, split)
    with log.step("choose and fit") as told:
        features, truth = items.learning()
        fitted = _fit(features, truth, settings, progress)
        told += [f"strength {fitted.chosen.strength:g}", f"blocks {' '.join(fitted.chosen.blocks)}"]
    with log.step("baseline"):
        plain = fit_baseline(features, truth, settings=settings)
    return Job(run, settings, seen, split, items, fitted, log, progress), plain


def _check(dataset: Dataset, settings: TrainSettings, *, given: Split | None) -> Split | None:
    """What can be refused before an image is looked at; the split to use, if there is one."""
    datasets.require_trainable(dataset)
    positive_class(dataset.classes, settings.positive)
    HEADS.get(settings.head)
    return Split.load(settings.split) if given is None and settings.split else given


def _split(dataset: Dataset, settings: TrainSettings, *, given: Split | None) -> Split:
    if given is None:
        return splits.split(dataset, settings)
    kept = given.table.filter(~pl.col("id").is_in(dataset.quarantine["id"].implode()))
    split = Split(kept, given.notes)
    splits.check(split, dataset)
    return split


def _fit(features: Features, truth: Truth, settings: TrainSettings, progress: Progress) -> Fitted:
    most = len(STRENGTHS) + len(candidates(features)) - 1
    with progress.step("choose and fit", total=most) as step:
        fitted = fit(features, truth, settings=settings, advance=step.advance)
        step.advance(most - len(fitted.trials))  # strengths that need not be tried
    return fitted


def _judge(made: Made, plain: Fitted, job: Job) -> Judged:
    positive, test = job.settings.positive, made.predictions.only("test")

    def beside(predictions: Predictions) -> Beside:
        other = predictions.only("test")
        return Beside(predictions, score(other, positive=positive), paired_difference(test, other))

    own = made.family == train_probe.FAMILY
    return Judged(
        made.predictions,
        score(test, positive=positive),
        beside(job.items.predictions(plain)),
        None if own else beside(job.items.predictions(job.probe)),
    )


def _write_tables(trained: Trained) -> None:
    """What a person or another program wants to read; metrics.json last, so it means finished."""
    folder, seen = trained.run.folder, trained.seen
    save_quarantine(seen.dataset, folder / names.QUARANTINE)
    history = trained.made.history
    rows = [{key: _cell(value) for key, value in row.items()} for row in history.rows]
    files.write_text(folder / names.HISTORY, pl.DataFrame(rows).write_csv())
    metrics = {
        **_scores(trained.judged),
        "model": _model(trained),
        "chosen": dict(history.rows[history.best]),
        "temperature": trained.made.model.temperature,
        "size": trained.made.size,
        "precision": trained.made.precision,
        "items": len(seen.dataset.items),
        "quarantined": len(seen.dataset.quarantine),
        "looked_at": seen.looked,
        "shipped_difference": trained.shipped.difference,
        "seconds": trained.timings,
        "machine": this_machine().as_dict(),
    }
    files.write_json(folder / names.METRICS, metrics)


def _cell(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, tuple) else value


def _scores(judged: Judged) -> dict[str, Any]:
    found = {
        "test": judged.scores.to_dict(),
        "baseline": judged.baseline.scores.to_dict(),
        "difference": judged.baseline.difference.to_dict(),
    }
    if judged.probe:
        found["probe"] = judged.probe.scores.to_dict()
        found["difference_to_probe"] = judged.probe.difference.to_dict()
    return found


def _model(trained: Trained) -> dict[str, Any]:
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
