"""Train a network: epochs with early stopping, the best weights, a history, and exact resuming.

In: a Trainable, pictures and settings. Out: Learnt, the state of the best epoch. What is needed
to go on lies in `folder`; calling `fit` again after a kill goes on from there to the same weights.
Source of the loop: Lightning's Trainer, which brings devices and precisions.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.plugins.environments import LightningEnvironment
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import MachineError
from objektiv.base.language import say
from objektiv.base.lock import only_process
from objektiv.base.machine import own_version
from objektiv.base.progress import Progress
from objektiv.training import checkpoint, history, memory
from objektiv.training.history import Learnt as Learnt
from objektiv.training.learner import Learner, Plan
from objektiv.training.pictures import Batches, Pictures
from objektiv.training.pictures import Lessons as Lessons
from objektiv.training.settings import FitSettings
from objektiv.training.trainable import Trainable

CHANGED = 16  # pictures whose changes tell one kind of change from another


def fit(
    trainable: Trainable,
    lessons: Lessons,
    settings: FitSettings,
    *,
    seed: int,
    folder: Path,
    progress: Progress,
) -> Learnt:
    """Train until the epochs are over or patience is; go on where `folder` holds a checkpoint.

    Raises:
        ModelError: the loss is no number any more, or the checkpoint is of another training.
        MachineError: the device is not there, memory is too small, or another process trains here.
        Cancelled: on request, after a checkpoint.
    """
    settings, notes = _capped(settings, len(lessons.train))
    accelerator, precision = device_of(settings), precision_of(settings)
    with only_process(files.make_folder(folder / checkpoint.FOLDER)):
        network = trainable.module(seed)
        memory.require(network, settings, size=lessons.train.size, device=accelerator)
        plan = Plan(
            trainable,
            settings,
            Batches(
                lessons.train,
                size=settings.batch,
                seed=seed,
                change=lessons.change,
                workers=lessons.workers,
            ),
            lessons.validation,
            seed,
            folder / checkpoint.FOLDER,
            {
                **_belongs(lessons, settings, seed, precision),
                "weights at the beginning": _digest_of(trainable.state(network).values()),
            },
            progress,
        )
        learner = Learner(network, plan)
        _run(learner, plan, accelerator=accelerator, precision=precision)
        past = tuple(learner.clock.history)
        best = history.best(past, settings.monitor) + 1
        return Learnt(
            state=checkpoint.load_best(plan.folder, best),
            history=past,
            best_epoch=best,
            stopped="patience" if history.is_over(past, settings) else "epochs",
            parameters=sum(p.numel() for p in network.parameters()),
            trainable=sum(
                p.numel() for g in learner.configure_optimizers().param_groups for p in g["params"]
            ),
            device=accelerator,
            precision=precision,
            notes=notes,
        )


def _run(learner: Learner, plan: Plan, *, accelerator: str, precision: str) -> None:
    """The epochs that are left."""
    last = plan.folder / checkpoint.LAST
    resumed = last.exists()
    if resumed:
        stands = checkpoint.read_stands(last)
        checkpoint.require_same(stands["belongs"], plan.belongs, path=last)
        learner.on_load_checkpoint({checkpoint.STANDS: stands})
    done, past = learner.clock.epoch, learner.clock.history
    if done >= plan.settings.epochs or history.is_over(past, plan.settings):
        return
    with _quiet():
        trainer = Trainer(
            accelerator={"cuda": "gpu"}.get(accelerator, accelerator),
            devices=1,
            precision="bf16-mixed" if precision == "bf16" else "32-true",
            max_epochs=plan.settings.epochs - done,
            reload_dataloaders_every_n_epochs=1,
            num_sanity_val_steps=0,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=plan.folder,
            plugins=[checkpoint.Arrays(), LightningEnvironment()],  # the latter: no cluster's
        )
        try:
            trainer.fit(learner, ckpt_path=last if resumed else None)
        except SystemExit:  # what Lightning makes of Ctrl-C
            raise KeyboardInterrupt from None
        finally:
            learner.close()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Lightning says nothing: what matters goes through Progress."""
    logger = logging.getLogger("lightning")
    names = [n for n in logging.root.manager.loggerDict if n.startswith("lightning")]
    loggers = [logger, *map(logging.getLogger, names)]
    levels = [one.level for one in loggers]
    try:
        for one in loggers:
            one.setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)


def device_of(settings: FitSettings) -> str:
    """`auto` made concrete: cuda, mps or cpu.

    Raises:
        MachineError: the machine has no such device.
    """
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if settings.device == "auto":
        return next(name for name, yes in there.items() if yes)
    if not there[settings.device]:
        raise MachineError(
            "this machine has no such device for training",
            value=f"--device {settings.device}",
            allowed=f"There is {' and '.join(name for name, yes in there.items() if yes)}",
            next="leave `--device` away",
        )
    return settings.device


def precision_of(settings: FitSettings) -> str:
    """`auto` made concrete: fp32 or bf16.

    Raises:
        MachineError: the device does not compute in bf16.
    """
    device = device_of(settings)
    capable: Callable[[], bool] = {
        "cuda": lambda: torch.cuda.is_bf16_supported(including_emulation=False),
        "cpu": lambda: torch.ops.mkldnn._is_mkldnn_bf16_supported(),
        "mps": lambda: False,
    }[device]
    if settings.fit_precision == "bf16" and not capable():
        raise MachineError(
            "this device does not train in bf16",
            value=f"--fit-precision bf16 on {device}",
            allowed="bf16 needs a graphics card or processor that has it; fp32 runs everywhere",
            next="leave `--fit-precision` away",
        )
    if settings.fit_precision == "auto":
        return "bf16" if device == "cuda" and capable() else "fp32"
    return settings.fit_precision


def _capped(settings: FitSettings, count: int) -> tuple[FitSettings, tuple[str, ...]]:
    if settings.batch <= count:
        return settings, ()
    note = say(
        "Batches hold all {count} training images: {batch} a batch are more than there are.",
        count=count,
        batch=settings.batch,
    )
    return settings.model_copy(update={"batch": count}), (note,)


def _belongs(lessons: Lessons, settings: FitSettings, seed: int, precision: str) -> dict[str, Any]:
    """What must be the same for weights to become the same."""
    return {
        **settings.model_dump(mode="json"),
        "fit_precision": precision,
        "seed": seed,
        "training images": _digest(lessons.train),
        "validation images": _digest(lessons.validation),
        "changes of the images": _changes(lessons),
        "objektiv": own_version(),
        "torch": torch.__version__,
    }


def _digest(pictures: Pictures) -> str:
    return _digest_of((pictures.labels, pictures.weights, pictures.rows, pictures.squares))


def _changes(lessons: Lessons) -> str | None:
    """What becomes of some pictures tells one kind of change from another."""
    if lessons.change is None:
        return None
    train = lessons.train
    rows = train.rows[:CHANGED]
    changed = np.zeros((len(rows), *train.squares.shape[1:]), np.uint8)
    for out, row in zip(changed, rows.tolist(), strict=True):
        lessons.change(train.squares[row], out, 0, row)
    return _digest_of([changed])


def _digest_of(arrays: Iterable[NDArray[Any]]) -> str:
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()[:16]
