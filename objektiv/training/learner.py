"""What Lightning's Trainer runs: the loss, the steps, the figures, and a clock of our own.

In: a network, batches and settings. Out: a history, and in a folder the best state and the last
checkpoint. The clock (epoch, batch) decides order, rates and noise, so that a training which
was killed goes on as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning.pytorch import LightningModule

from objektiv.base import seeds
from objektiv.base.errors import Cancelled, ModelError
from objektiv.base.progress import Progress, Step
from objektiv.training import checkpoint, history, schedule
from objektiv.training.history import Epoch
from objektiv.training.optimizers import Rules
from objektiv.training.pictures import Batch, Batches, Pictures, in_order
from objektiv.training.settings import FitSettings
from objektiv.training.trainable import Trainable

SAVE_EVERY = 60.0  # seconds between checkpoints within an epoch; what a kill can cost
SAVE_SHARE = 0.02  # of the time that they may take
CHECK_EVERY = 50  # steps between looks at the loss on a graphics card, which it has to wait for


class Torches(NamedTuple):
    """A batch as torch has it."""

    squares: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor


@dataclass
class Clock:
    """Where training stands."""

    epoch: int = 0  # the first is 0
    batch: int = 0  # the next one of this epoch
    loss: float = 0.0  # summed over the epoch's pictures so far
    right: int = 0
    seen: int = 0
    seconds: float = 0.0  # of this epoch
    history: list[Epoch] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """All that a learner needs beside its network."""

    trainable: Trainable
    settings: FitSettings
    batches: Batches
    validation: Pictures
    seed: int
    folder: Path  # of checkpoints; history.csv lies above
    belongs: dict[str, Any]  # what a checkpoint must agree with
    progress: Progress


class Learner(LightningModule):
    """One training."""

    def __init__(self, network: torch.nn.Module, plan: Plan) -> None:
        super().__init__()
        self.network = network
        self.clock = Clock()
        self._plan = plan
        self._stages = plan.trainable.stages(network)
        self._loss = _Sum()
        self._right = _Sum()
        self._logits: list[torch.Tensor] = []
        self._bar: contextlib.ExitStack = contextlib.ExitStack()
        self._step: Step | None = None
        self._began = self._saved = time.monotonic()
        self._save_took = 0.0

    # --- what Lightning asks for -----------------------------------------------------------

    def configure_optimizers(self) -> Rules:
        """One group a stage that ever learns."""
        ever = schedule.ever_learning(self._plan.settings, stages=len(self._stages))
        learning = [s.parameters for s, yes in zip(self._stages, ever, strict=True) if yes]
        return Rules(learning, self._plan.settings)

    def train_dataloader(self) -> Loader:
        """The rest of the epoch that the clock shows; Lightning asks anew each epoch."""
        clock, batches = self.clock, self._plan.batches
        number, start = clock.epoch, clock.batch
        return Loader(lambda: batches.epoch(number, start=start), len(batches) - start)

    def val_dataloader(self) -> Loader:
        """The validation pictures."""
        pictures, size = self._plan.validation, 2 * self._plan.settings.batch
        count = -(-len(pictures) // size)
        return Loader(lambda: in_order(pictures, size=size), count)

    def on_train_epoch_start(self) -> None:
        """Stages that do not learn now are frozen."""
        shares = self._shares()
        for stage, share in zip(self._stages, shares, strict=True):
            for parameter in stage.parameters:
                parameter.requires_grad_(share > 0)
        clock, settings, batches = self.clock, self._plan.settings, self._plan.batches
        name = f"epoch {clock.epoch + 1} of {settings.epochs}"
        total = len(batches)
        self._step = self._bar.enter_context(self._plan.progress.step(name, total=total))
        self._step.advance(clock.batch)
        self._began = time.monotonic()

    def on_train_batch_start(self, batch: Torches, batch_idx: int) -> None:
        """Rate and noise of this step, from the clock alone."""
        clock, settings = self.clock, self._plan.settings
        steps = len(self._plan.batches)
        step = clock.epoch * steps + clock.batch
        rate = schedule.rate(settings, step=step, steps_an_epoch=steps)
        ever = schedule.ever_learning(settings, stages=len(self._stages))
        shares = [s for s, yes in zip(self._shares(), ever, strict=True) if yes]
        for group, share in zip(self.optimizers().param_groups, shares, strict=True):
            group["lr"] = rate * share
        self._rate = rate
        noise = seeds.generator(self._plan.seed, "noise", clock.epoch, clock.batch)
        torch.manual_seed(int(noise.integers(2**63)))

    def training_step(self, batch: Torches, batch_idx: int) -> torch.Tensor:
        """The mean of each picture's loss times its weight, as Keras has it."""
        logits = self.network(batch.squares)
        losses = torch.nn.functional.cross_entropy(logits.float(), batch.labels, reduction="none")
        loss = (losses * batch.weights).mean()
        with torch.no_grad():
            self._loss.add((losses * batch.weights).sum())
            self._right.add((logits.argmax(1) == batch.labels).sum())
        return loss

    def on_train_batch_end(self, outputs: Any, batch: Torches, batch_idx: int) -> None:
        """The clock moves on; a checkpoint where the last is old."""
        clock = self.clock
        clock.batch += 1
        clock.seen += len(batch.labels)
        last = clock.batch == len(self._plan.batches)
        if last or self.device.type == "cpu" or clock.batch % CHECK_EVERY == 0:
            clock.loss += self._loss.taken()
            clock.right += int(self._right.taken())
            self._require_finite(clock.loss)
        self._advance(last=last)
        since = time.monotonic() - self._saved
        if not last and since > max(SAVE_EVERY, self._save_took / SAVE_SHARE):
            self._save()

    def on_validation_epoch_start(self) -> None:
        """Logits are gathered anew."""
        self._logits = []

    def validation_step(self, batch: Torches, batch_idx: int) -> None:
        """Keep the logits."""
        self._logits.append(self.network(batch.squares).float().cpu())

    def on_train_epoch_end(self) -> None:
        """Figures, best state, checkpoint; stop where patience has run out."""
        clock, plan = self.clock, self._plan
        logits = torch.cat(self._logits).numpy().astype(np.float64)
        self._require_finite(float(logits.sum()))
        seconds = clock.seconds + time.monotonic() - self._began
        found = Epoch(
            epoch=clock.epoch + 1,
            train_loss=clock.loss / clock.seen,
            train_accuracy=clock.right / clock.seen,
            learning_rate=self._rate,
            seconds=round(seconds, 3),
            **history.figures(logits, plan.validation.labels[plan.validation.rows]),
        )
        past = [*clock.history, found]
        best = history.best(past, plan.settings.monitor)
        self.clock = Clock(epoch=clock.epoch + 1, history=past)
        if best == len(past) - 1:
            checkpoint.save_best(plan.folder, best + 1, plan.trainable.state(self.network))
        self._save()
        checkpoint.tidy(plan.folder, best=best + 1)
        self._bar.close()
        self.trainer.should_stop = history.is_over(past, plan.settings)

    def on_save_checkpoint(self, checkpoint_: dict[str, Any]) -> None:
        """Where training stands."""
        clock = asdict(self.clock)
        clock["seconds"] += time.monotonic() - self._began if self.clock.batch else 0.0
        checkpoint_[checkpoint.STANDS] = {"clock": clock, "belongs": self._plan.belongs}

    def on_load_checkpoint(self, checkpoint_: dict[str, Any]) -> None:
        """Go on from there."""
        kept = checkpoint_[checkpoint.STANDS]["clock"]
        self.clock = Clock(**{**kept, "history": list(history.of_rows(kept["history"]))})

    # --- our own ---------------------------------------------------------------------------

    def _shares(self) -> list[float]:
        settings, stages = self._plan.settings, len(self._stages)
        return schedule.shares(settings, stages=stages, epoch=self.clock.epoch)

    def _save(self) -> None:
        start = time.monotonic()
        self.trainer.save_checkpoint(self._plan.folder / checkpoint.LAST)
        history.save(self.clock.history, self._plan.folder.parent)
        self._saved = time.monotonic()
        self._save_took = self._saved - start

    def _advance(self, *, last: bool) -> None:
        """Tell how far it is; a wish to stop is obeyed after a checkpoint."""
        if self._step is None:
            return
        try:
            self._step.advance()
        except Cancelled:
            if not last:
                self._save()
            raise

    def _require_finite(self, value: float) -> None:
        if math.isfinite(value):
            return
        past, settings = self.clock.history, self._plan.settings
        place = history.best(past, settings.monitor) + 1 if past else None
        raise ModelError(
            "the loss is no longer a number: the weights have run away",
            value=f"epoch {self.clock.epoch + 1}, batch {self.clock.batch}, "
            f"learning rate {settings.learning_rate:g}",
            allowed=f"The best weights, of epoch {place}, are kept in {self._plan.folder}"
            if place
            else "A rate at which the first epoch ends well is needed",
            next=f"train again with `--learning-rate {settings.learning_rate / 10:g}`, with "
            "`--warmup 1`, or with `--fit-precision fp32`",
        )

    def close(self) -> None:
        """End the bar of an epoch that was broken off."""
        self._bar.close()


class _Sum:
    """A sum that stays where it is computed until it is asked for."""

    def __init__(self) -> None:
        self._value: torch.Tensor | None = None

    def add(self, value: torch.Tensor) -> None:
        """Add a number."""
        self._value = value if self._value is None else self._value + value

    def taken(self) -> float:
        """The sum since it was last asked for."""
        value, self._value = self._value, None
        return 0.0 if value is None else float(value)


class Loader:
    """Batches as Lightning takes them; nothing is drawn before the first is asked for."""

    def __init__(self, draw: Callable[[], Iterator[Batch]], count: int) -> None:
        self._draw, self._count = draw, count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Torches]:
        for batch in self._draw():
            yield Torches(*map(torch.from_numpy, batch))
