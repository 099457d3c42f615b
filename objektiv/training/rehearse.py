"""A few steps with the real pictures, to say before training how long it will take.

In: what `fit` is given. Out: seconds a picture, from which `forecast` reckons. Nothing of it stays:
the weights that moved are thrown away, and `fit` begins anew.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from dataclasses import dataclass
from itertools import count

import torch

from objektiv.training.fit import device_of, precision_of
from objektiv.training.optimizers import Rules
from objektiv.training.pictures import Batch, Batches, Lessons, in_order
from objektiv.training.schedule import ever_learning
from objektiv.training.settings import FitSettings
from objektiv.training.trainable import Trainable

SECONDS = 1.5  # of training steps, after one that warms up
MOST = 12  # steps; so many say enough
BATCH = 32  # at most: a step of 256 large pictures would take too long, and speed hardly changes
BYTES_A_WEIGHT = 20  # in a checkpoint: weight and what Adam keeps, and the best state twice
DISK = 2e8  # bytes a second, of a disk that is no fast one
LOOP = 0.2  # seconds that Lightning takes around an epoch


@dataclass(frozen=True)
class Rehearsed:
    """What was measured."""

    train: float  # seconds a picture, with its change, both ways through the network
    validation: float  # seconds a picture, one way
    parameters: int

    def epoch(self, train: int, validation: int) -> float:
        """Seconds of an epoch of so many pictures, with its checkpoint."""
        steps = train * self.train + validation * self.validation
        return steps + LOOP + self.parameters * BYTES_A_WEIGHT / DISK


def rehearse(
    trainable: Trainable, lessons: Lessons, settings: FitSettings, *, seed: int
) -> Rehearsed:
    """Train for about two seconds.

    Raises:
        MachineError: the device is not there, or does not compute in that precision.
    """
    device = device_of(settings)
    network = trainable.module(seed).to(device).train()
    stages = trainable.stages(network)
    ever = ever_learning(settings, stages=len(stages))
    for stage, yes in zip(stages, ever, strict=True):
        for parameter in stage.parameters:
            parameter.requires_grad_(yes)
    rules = Rules([s.parameters for s, yes in zip(stages, ever, strict=True) if yes], settings)
    cast = _cast(device, precision_of(settings))
    batches = Batches(
        lessons.train,
        size=min(settings.batch, BATCH, len(lessons.train)),
        seed=seed,
        change=lessons.change,
        workers=lessons.workers,
    )
    train = _train(network, rules, batches, cast)
    return Rehearsed(
        train,
        _validation(network, next(in_order(lessons.validation, size=BATCH)), cast),
        sum(p.numel() for p in network.parameters()),
    )


def _cast(device: str, precision: str) -> torch.autocast:
    return torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")


def _train(
    network: torch.nn.Module,
    rules: Rules,
    batches: Batches,
    cast: torch.autocast,
) -> float:
    seen, began = 0, 0.0
    with contextlib.closing(_endless(batches)) as drawn:
        for step, batch in enumerate(drawn):
            squares, labels = _on(network, batch)
            with cast:
                logits = network(squares)
            rules.zero_grad()
            torch.nn.functional.cross_entropy(logits.float(), labels).backward()
            rules.step()
            _wait(squares)
            now = time.perf_counter()
            if step == 0:
                began = now  # kernels are chosen, memory is there
                continue
            seen += len(labels)
            if now - began > SECONDS or step == MOST:
                break
    return (now - began) / seen


def _endless(batches: Batches) -> Generator[Batch, None, None]:
    for epoch in count():
        yield from batches.epoch(epoch)


def _validation(network: torch.nn.Module, batch: Batch, cast: torch.autocast) -> float:
    network.eval()
    squares, labels = _on(network, batch)
    with torch.no_grad(), cast:
        network(squares)
        _wait(squares)
        began = time.perf_counter()
        network(squares)
        _wait(squares)
    return (time.perf_counter() - began) / len(labels)


def _on(network: torch.nn.Module, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    device = next(network.parameters()).device
    return torch.from_numpy(batch.squares).to(device), torch.from_numpy(batch.labels).to(device)


def _wait(tensor: torch.Tensor) -> None:
    """A graphics card works on after it was told what to do."""
    if tensor.is_cuda:
        torch.cuda.synchronize()
