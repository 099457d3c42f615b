"""What networks that learn by gradient share: their pictures, and what the finished graph says.

In: a Job. Out: the lessons of a training, and outputs of a graph on the float squares of files, by
the engine, so that what is tested is what ships.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from objektiv.base.errors import DataError
from objektiv.base.language import mark, say
from objektiv.data.augment import apply, transform
from objektiv.data.images import decode, read_bytes, to_square
from objektiv.data.settings import AugmentSettings
from objektiv.features.engine import Engine, Prepared
from objektiv.features.settings import Arithmetic
from objektiv.flow.resolve import part_of
from objektiv.flow.settings import TrainSettings
from objektiv.flow.trained import History, Job
from objektiv.judging.calibration import fit_temperature
from objektiv.judging.predictions import Predictions
from objektiv.training import pictures as squares
from objektiv.training.history import Learnt
from objektiv.training.pictures import Change, Lessons
from objektiv.training.settings import Monitor

MONITORED: dict[Monitor, str] = {
    "val_accuracy": mark("validation accuracy"),
    "val_balanced_accuracy": mark("balanced accuracy on validation"),
    "val_macro_f1": mark("macro F1 on validation"),
    "val_loss": mark("validation loss"),
    "train_loss": mark("training loss"),
}
Numbers = NDArray[np.float64]
LEARNING, JUDGED = ("train", "validation"), ("validation", "test")


def lessons(job: Job, *, size: int) -> Lessons:
    """Pictures of train and validation in memory; those of train change anew each epoch."""
    settings, items = job.settings, job.items
    rows = items.rows(*LEARNING)
    ids = items.table["id"].gather(rows).to_list()
    parts = items.table["part"].gather(rows).to_numpy()
    how = squares.Reading(size, settings.fit, settings.max_pixels, settings.workers)
    with job.log.step("read images"):
        read = squares.read(paths(job, ids), items.labels[rows], how, progress=job.progress)
    train = read.only(np.flatnonzero(parts == "train"))
    if settings.class_weights == "balanced":
        train = train.balanced(len(items.classes))
    validation = read.only(np.flatnonzero(parts == "validation"))
    if not len(train) or not len(validation):
        raise DataError(
            "a network needs pictures to learn from and others to stop by",
            value=f"{len(train)} in train, {len(validation)} in validation",
            allowed="Both parts need pictures",
            next="leave `--split` away, or name one that has both",
        )
    return Lessons(train, validation, changes(job.settings, ids), settings.workers)


def changes(settings: TrainSettings, ids: Sequence[str]) -> Change | None:
    """What is done to the training picture in each row, anew each epoch; None where nothing is."""
    augment = part_of(AugmentSettings, settings)
    if augment == AugmentSettings():
        return None
    seed = settings.seed

    def change(square: squares.Squares, out: squares.Squares, epoch: int, row: int) -> object:
        drawn = transform(augment, seed=seed, epoch=epoch, item=ids[row])
        return apply(square, drawn, out=out)

    return change


def paths(job: Job, ids: Sequence[str]) -> list[Path]:
    """Where the files of items lie."""
    known = dict(job.seen.dataset.items.select("id", "path").iter_rows())
    return [Path(known[id]) for id in ids]


@dataclass(frozen=True)
class Judging:
    """A graph from PIXELS to one output, and how pictures come to it."""

    graph: bytes
    size: int
    precision: Arithmetic


def outputs(job: Job, judging: Judging, rows: NDArray[np.int64] | None = None) -> Numbers:
    """What the graph says of validation and test, or of the items in `rows`, (items, columns)."""
    settings, size = job.settings, judging.size
    rows = job.items.rows(*JUDGED) if rows is None else rows
    ids = job.items.table["id"].gather(rows).to_list()

    def prepare(path: Path) -> Prepared[None]:
        data = read_bytes(str(path), name=path.name)
        picture = decode(data, name=path.name, max_pixels=settings.max_pixels)
        return Prepared(None, to_square(picture.pixels, size=size, fit=settings.fit))

    engine = Engine(
        judging.graph,
        size=size,
        precision=judging.precision,
        workers=settings.workers,
        described=False,
    )
    found = []
    with job.progress.step("predict", total=len(rows)) as step:
        for looked in engine.run(paths(job, ids), prepare):
            found.append(looked.features)
            step.advance()
    return np.asarray(found, np.float64)


def calibrated(job: Job, logits: Numbers) -> tuple[float, Predictions]:
    """The temperature that suits validation, and predictions of validation and test under it."""
    rows = job.items.rows(*JUDGED)
    known = job.items.table["part"].gather(rows).to_numpy() == "validation"
    temperature = fit_temperature(logits[known], job.items.labels[rows][known])
    return temperature, job.items.predicted(rows, logits / temperature)


def history_of(learnt: Learnt) -> History:
    """Its epochs."""
    return History("epochs", tuple(map(asdict, learnt.history)), learnt.best_epoch - 1)


def told_of(learnt: Learnt) -> list[str]:
    """What the log says of a training."""
    best = learnt.history[learnt.best_epoch - 1]
    return [
        f"epoch {learnt.best_epoch} of {len(learnt.history)} kept",
        f"validation accuracy {best.val_accuracy:.4f}",
        f"{learnt.device} in {learnt.precision}",
        *learnt.notes,
    ]


def notes_of(learnt: Learnt, settings: TrainSettings) -> tuple[str, ...]:
    """What a reader of the report should know of a training."""
    best, epochs = learnt.best_epoch, len(learnt.history)
    why = {
        "epochs": say("all epochs were trained"),
        "patience": say(
            "it stopped because {epochs} epochs brought nothing better", epochs=settings.patience
        ),
    }[learnt.stopped]
    return (
        say(
            "The weights of epoch {best} of {epochs} are kept, the best by {monitor}; {why}.",
            best=best,
            epochs=epochs,
            monitor=say(MONITORED[settings.monitor]),
            why=why,
        ),
        say(
            "This model learnt from the training part alone and stopped by validation; the quick "
            "probe and the plain baseline beside it learnt from both."
        ),
        *learnt.notes,
    )


def seconds_of(job: Job, learnt: Learnt) -> float:
    """What reading the pictures and all epochs took, also those before a break."""
    return job.log.seconds["read images"] + sum(epoch.seconds for epoch in learnt.history)
