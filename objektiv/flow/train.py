"""Train: from pictures to a judged model, its bundle and all tables, in a new run folder.

In: a folder or a Dataset, and TrainSettings. Out: a Trained; faces print it and draw its report.
Every training looks at the pictures through the bank, fits the quick probe and the plain baseline,
and hands on to the family of its model: FAMILIES.
Try: `train(Path("cells"), TrainSettings(group=r"C\\d+"), progress=Progress()).run.folder`.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from objektiv.base import extras, files
from objektiv.base.errors import Cancelled, ObjektivError, UsageError
from objektiv.base.language import say
from objektiv.base.lock import only_process
from objektiv.base.places import BANK
from objektiv.base.progress import Progress
from objektiv.base.settings import read_yaml, write_yaml
from objektiv.data import dataset as datasets
from objektiv.data import split as splits
from objektiv.data.dataset import Dataset
from objektiv.data.folders import PARTS
from objektiv.data.split import Split
from objektiv.features.look import Features, look
from objektiv.features.settings import FeatureSettings
from objektiv.flow import ledger, train_finetune, train_frozen, train_network, train_probe
from objektiv.flow import run as names
from objektiv.flow.calibrate import calibrated
from objektiv.flow.entries import look_at
from objektiv.flow.items import Items
from objektiv.flow.judge import asked_columns, check_asked, divided_by, judge, save_judged
from objektiv.flow.ledger import Home
from objektiv.flow.log import Log
from objektiv.flow.package import package
from objektiv.flow.resolve import part_of, without_meaning
from objektiv.flow.run import Run
from objektiv.flow.settings import TrainSettings
from objektiv.flow.tables import write_tables
from objektiv.flow.trained import Beside, Family, Job, Judged, Made, Trained
from objektiv.judging.intervals import paired_difference
from objektiv.judging.metrics import positive_class, score
from objektiv.judging.predictions import Predictions
from objektiv.models.choose import STRENGTHS, Fitted, Truth, candidates, fit, fit_baseline
from objektiv.models.heads import HEADS
from objektiv.models.recipes import RECIPES, resolve

FAMILIES: Mapping[str, Family] = {
    train_probe.FAMILY: train_probe.PROBE,
    train_network.FAMILY: train_network.NETWORK,
    train_finetune.FAMILY: train_finetune.FINETUNE,
    train_frozen.FAMILY: train_frozen.FROZEN,
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
    settings = resolve(settings)
    _family(settings)
    root = data.root if isinstance(data, Dataset) else data
    if isinstance(data, Path) and not settings.labels:  # a folder is searched
        names.require_outside(root, settings.out, option="out")
        names.require_outside(root, settings.bank or BANK.folder(), option="bank")
    folder = files.new_numbered_folder(settings.out, settings.name or names.stem_of(root))
    if split is not None:  # given as an object: the run's own copy is what a replay needs
        settings = settings.model_copy(update={"split": folder / names.SPLIT})
    try:
        return _in_folder(data, settings, Run(folder), split=split, progress=progress)
    except Cancelled:
        raise  # progress.jsonl tells how far it came
    except ObjektivError:
        if not ((folder / names.PREDICTIONS).exists() or Run(folder).has_checkpoint):
            shutil.rmtree(folder, ignore_errors=True)  # nothing in it that cost time
        raise


def resume(data: Path | Dataset, folder: Path, *, progress: Progress) -> Trained:
    """Go on with a training that was cut off, in its own folder and with its own settings.

    Raises:
        UsageError: there is no such run, it is finished, or its kind is not resumed.
        ObjektivError: as of `train`.
    """
    run = names.open_cut_off(folder)
    settings = read_yaml(TrainSettings, run.folder / names.SETTINGS)
    if not _family(settings).resumes:
        raise UsageError(
            "a training of this kind does not go on where it stopped",
            value=f"--model {settings.model}",
            allowed="Networks that learn by gradient do",
            next="run `objektiv train` again; what it looked at is kept in the bank",
        )
    shutil.rmtree(run.bundle, ignore_errors=True)  # of a run that was cut off behind it
    return _in_folder(data, settings, run, split=None, progress=progress)


def _family(settings: TrainSettings) -> Family:
    """The family of the model.

    Raises:
        MissingExtra: a part of objektiv that it needs is not installed.
    """
    family = FAMILIES[RECIPES.get(settings.model).family]
    if family.extra:
        extras.require(family.extra, needed_by=f"--model {settings.model}")
    return family


def _in_folder(
    data: Path | Dataset,
    settings: TrainSettings,
    run: Run,
    *,
    split: Split | None,
    progress: Progress,
) -> Trained:
    root = data.root if isinstance(data, Dataset) else data
    resumes = _family(settings).resumes
    try:
        with only_process(run.folder) if resumes else contextlib.nullcontext():
            write_yaml(settings, run.folder / names.SETTINGS)
            log = Log(run.folder)
            with log.ending():
                log.line(f"data: {root.resolve()}")
                trained = _train(data, settings, run, split=split, tell=(log, progress))
                run.remove_checkpoint()
                return trained
    except (Cancelled, KeyboardInterrupt) as stopped:
        if not resumes:
            raise
        raise Cancelled(
            "the training was stopped",
            value=stopped.value if isinstance(stopped, Cancelled) else "Ctrl-C",
            allowed="What was learnt up to the last checkpoint is kept",
            next=f"`objektiv train {names.typed(root)} --resume {names.typed(run.folder)}` goes on "
            "from there",
        ) from stopped


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
    family = _family(settings)
    settings = family.settle(dataset, settings)
    write_yaml(settings, run.folder / names.SETTINGS)
    job, plain = _prepare(dataset, settings, run, split=split, tell=tell)
    log, seen = job.log, job.seen
    made = calibrated(_with_notes(family.make(job), settings, family), settings.calibration)
    settings = read_yaml(TrainSettings, run.folder / names.SETTINGS)  # with what a budget decided
    with log.step("judge") as told:
        judged = _judge(made, plain, job)
        judged.baseline.predictions.save(run.folder / names.BASELINE)
        if judged.probe:
            judged.probe.predictions.save(run.folder / names.PROBE)
        told += [f"accuracy {judged.scores.accuracy.estimate:.4f} on test"]
        told += [f"baseline {judged.baseline.scores.accuracy.estimate:.4f}"]
    with log.step("package"):
        shipped = package(run, seen, made, judged, settings)
    trained = Trained(run, settings, seen, job.split, job.probe, made, judged, shipped, log.seconds)
    write_tables(trained)
    return trained


def _with_notes(made: Made, settings: TrainSettings, family: Family) -> Made:
    """With a word on what was asked for and means nothing to such a model."""
    aside = without_meaning(settings, family.reads)
    if not aside:
        return made
    told = say(
        "Without meaning for --model {model}, and left aside: {aside}.",
        model=made.name,
        aside=", ".join(aside),
    )
    return replace(made, notes=(*made.notes, told))


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
        how = _looking(settings)
        seen = look(dataset, how, max_pixels=settings.max_pixels, progress=progress)
        told += [f"{len(seen.dataset.items):,} images, {seen.looked:,} of them looked at anew"]
        told += [f"{len(seen.dataset.quarantine):,} set aside", f"{seen.size} pixels"]
        told += [seen.precision, *seen.dataset.notes]
    with log.step("split") as told:
        split = split_of(seen.dataset, settings, given=split)
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


def _looking(settings: TrainSettings) -> FeatureSettings:
    """How the quick probe sees: beside a network as it always does, so that its bank is shared."""
    how = part_of(FeatureSettings, settings)
    if RECIPES.get(settings.model).family == train_probe.FAMILY:
        return how
    usual = FeatureSettings()
    return how.model_copy(
        update={name: getattr(usual, name) for name in ("backbone", "size", "fit")}
    )


def _check(dataset: Dataset, settings: TrainSettings, *, given: Split | None) -> Split | None:
    """What can be refused before an image is looked at; the split to use, if there is one."""
    datasets.require_trainable(dataset)
    positive_class(dataset.classes, settings.positive)
    check_asked(dataset.root, settings, settings.by)
    HEADS.get(settings.head)
    return Split.load(settings.split) if given is None and settings.split else given


def split_of(dataset: Dataset, settings: TrainSettings, *, given: Split | None) -> Split:
    """The split that is given, without what was set aside, or a new one."""
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
    settings, test = job.settings, made.predictions.only("test")
    columns = asked_columns(job.seen.dataset, settings, settings.by)
    temperature = divided_by(settings, made.model.temperature)
    judgement = judge(made.predictions, settings, columns=columns, temperature=temperature)
    save_judged(made.predictions, judgement, job.run.folder, columns=columns)

    def beside(predictions: Predictions) -> Beside:
        other = predictions.only("test")
        scores = score(other, positive=settings.positive)
        return Beside(predictions, scores, paired_difference(test, other))

    own = made.family == train_probe.FAMILY
    accuracy = judgement.scores.accuracy.estimate
    look = look_at(test, job.run.folder, command="train", model=made.name, accuracy=accuracy)
    return Judged(
        made.predictions,
        judgement.scores,
        beside(job.items.predictions(plain)),
        None if own else beside(job.items.predictions(job.probe)),
        judgement,
        ledger.add(Home.of(job.seen.dataset, bank=job.settings.bank), look),
    )
