"""Train by gradient within what the machine and the user allow, and say before how long it takes.

In: a Job, something trainable and its lessons. Out: what was learnt, beside what was predicted.
A few steps are rehearsed first; with a budget, the number of epochs is chosen so that all fits in.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from objektiv.base import files
from objektiv.base.errors import UsageError
from objektiv.base.settings import write_yaml
from objektiv.flow import run as names
from objektiv.flow.pupils import told_of
from objektiv.flow.resolve import part_of, seconds_of
from objektiv.flow.trained import Forecast, Job
from objektiv.training.history import Learnt
from objektiv.training.pictures import Lessons
from objektiv.training.settings import FitSettings

if TYPE_CHECKING:
    from objektiv.training.trainable import Trainable

FORECAST = "forecast.json"  # beside the checkpoint, for a training that goes on
AFTER = 3.0  # seconds that predicting and packaging take at least
A_PICTURE = 0.02  # and so many more for each picture that is predicted


def learn(job: Job, trainable: Trainable, lessons: Lessons) -> tuple[Learnt, Forecast]:
    """Rehearse, settle the epochs, train; go on where the run's folder holds a checkpoint.

    Raises:
        UsageError: the budget is too small for one epoch.
        MachineError: another process trains here, or memory is too small.
    """
    from objektiv.training.fit import fit

    settings = part_of(FitSettings, job.settings)
    kept = job.run.folder / names.CHECKPOINT / FORECAST
    if kept.exists():
        plan = json.loads(kept.read_text("utf-8"))
    else:
        plan = _planned(job, trainable, lessons, settings)
        files.make_folder(kept.parent)
        files.write_json(kept, plan)
    settings = settings.model_copy(update={"epochs": plan["epochs"]})
    with job.log.step("train") as told:
        learnt = fit(
            trainable,
            lessons,
            settings,
            seed=job.settings.seed,
            folder=job.run.folder,
            progress=job.progress,
        )
        forecast = Forecast(
            plan["epochs"],
            plan["predicted"],
            len(learnt.history),
            round(sum(epoch.seconds for epoch in learnt.history), 3),
        )
        told += [*told_of(learnt), f"predicted {forecast.predicted_of_trained:.1f} s"]
    return learnt, forecast


def _planned(
    job: Job, trainable: Trainable, lessons: Lessons, settings: FitSettings
) -> dict[str, float]:
    """Epochs, and seconds that they will take."""
    from objektiv.training.rehearse import rehearse

    with job.log.step("rehearse") as told:
        rehearsed = rehearse(trainable, lessons, settings, seed=job.settings.seed)
        epoch = rehearsed.epoch(len(lessons.train), len(lessons.validation))
        epochs = settings.epochs
        if job.settings.budget:
            epochs = min(epochs, _affordable(job, epoch, lessons))
            # what the run keeps is what was decided, so that it can be trained again
            decided = job.settings.model_copy(update={"epochs": epochs, "budget": None})
            write_yaml(decided, job.run.folder / names.SETTINGS)
        told += [f"{epoch:.1f} s an epoch", f"{epochs} epochs"]
    return {"epochs": epochs, "predicted": round(epochs * epoch, 3)}


def _affordable(job: Job, epoch: float, lessons: Lessons) -> int:
    budget = seconds_of(str(job.settings.budget))
    later = AFTER + A_PICTURE * 2 * len(lessons.validation)
    left = budget - job.log.elapsed - later
    if left < epoch:
        least = job.log.elapsed + later + epoch
        raise UsageError(
            "the budget is too small for one epoch",
            value=f"--budget {job.settings.budget}",
            allowed=f"About {least:.0f} s are needed here, {epoch:.0f} s of them for each epoch",
            next=f"give `--budget {least * 1.2:.0f}s`, a smaller `--size`, or take `--model probe`",
        )
    return int(left // epoch)
