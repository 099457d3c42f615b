"""Train one dense layer behind a network that stays as it is, in NumPy, while the engine looks.

In: a LastMap, pictures and settings. Out: Learnt, the state of the best epoch. Fresh: each epoch
changes every training picture anew and looks at it again, as the course does; the maps of one batch
are all that is kept. Views: a few changed views are looked at once, and their maps are kept.
Validation pictures do not change: their maps are kept too where memory allows.
Try: `fit(LastMap("lite0", size=224, rescale="unit"), lessons, teaching, seed=0, progress=p)`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.base.errors import ModelError
from objektiv.base.machine import usable_memory
from objektiv.base.progress import Progress
from objektiv.features.engine import Engine, Looked, Prepared
from objektiv.features.last_map import LastMap
from objektiv.features.settings import Arithmetic
from objektiv.judging.calibration import softmax
from objektiv.models.frozen import BIAS, WEIGHT, initial_dense
from objektiv.models.kinds import Dense, Ending
from objektiv.training import history, schedule
from objektiv.training.history import Epoch, Learnt
from objektiv.training.pictures import Lessons, Pictures, room
from objektiv.training.rules import Rules
from objektiv.training.settings import FitSettings

SHARE = 0.25  # of memory that the maps of the validation pictures may take
TINY = 1e-300

Floats = NDArray[np.float32]
Logits = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Teaching:
    """How the layer learns; `last` gives the answers, `ending` says how they are read."""

    settings: FitSettings
    views: int | Literal["fresh"]
    last: Dense
    ending: Ending
    classes: int
    precision: Arithmetic


def fit(
    maps: LastMap, lessons: Lessons, teaching: Teaching, *, seed: int, progress: Progress
) -> Learnt:
    """Train until the epochs are over or patience is.

    Raises:
        ModelError: the loss is no number any more.
        Cancelled: on request.
    """
    return _Training(maps, lessons, teaching, seed, progress).run()


class _Training:
    """One training."""

    def __init__(
        self, maps: LastMap, lessons: Lessons, teaching: Teaching, seed: int, progress: Progress
    ) -> None:
        self._maps, self._lessons, self._teaching = maps, lessons, teaching
        self._seed, self._progress = seed, progress
        self._state = initial_dense(teaching.last.units, maps.width, seed=seed)
        self._rules = Rules([self._state[WEIGHT], self._state[BIAS]], teaching.settings)
        self._engine = Engine(
            maps.graph(),
            size=maps.size,
            precision=teaching.precision,
            workers=lessons.workers,
            described=False,
        )
        count, batch = len(lessons.train), teaching.settings.batch
        self._starts = range(0, max(count, 1), batch)
        self._views: NDArray[np.float16] | None = None
        self._validation: Floats | None = None

    def run(self) -> Learnt:
        """The epochs."""
        settings = self._teaching.settings
        if self._teaching.views != "fresh":
            self._views = self._looked_at_once(self._teaching.views)
        past: list[Epoch] = []
        best = {name: value.copy() for name, value in self._state.items()}
        while len(past) < settings.epochs and not history.is_over(past, settings):
            past.append(self._epoch(len(past)))
            if history.best(past, settings.monitor) == len(past) - 1:
                best = {name: value.copy() for name, value in self._state.items()}
        trainable = sum(value.size for value in best.values())
        return Learnt(
            state=best,
            history=tuple(past),
            best_epoch=history.best(past, settings.monitor) + 1,
            stopped="patience" if history.is_over(past, settings) else "epochs",
            parameters=self._maps.parameters + trainable,
            trainable=trainable,
            device="cpu",
            precision=self._teaching.precision,
            notes=(),
        )

    def _epoch(self, number: int) -> Epoch:
        settings, pictures = self._teaching.settings, self._lessons.train
        began, steps = time.monotonic(), len(self._starts)
        order = seeds.generator(self._seed, "order", number).permutation(len(pictures))
        loss, right, rate = 0.0, 0, settings.learning_rate
        with self._progress.step(f"epoch {number + 1} of {settings.epochs}", total=steps) as told:
            for place, (places, values) in enumerate(self._batches(order, number)):
                step = number * steps + place
                rate = schedule.rate(settings, step=step, steps_an_epoch=steps)
                more, hits = self._step(values, pictures.rows[places], rate)
                loss, right = loss + more, right + hits
                self._require_finite(loss, number, place)
                told.advance()
        found = self._validated()
        self._require_finite(found["val_loss"], number, steps)
        return Epoch(
            epoch=number + 1,
            train_loss=loss / len(pictures),
            train_accuracy=right / len(pictures),
            learning_rate=rate,
            seconds=round(time.monotonic() - began, 3),
            **found,
        )

    def _step(self, values: Floats, rows: Rows, rate: float) -> tuple[float, int]:
        """One step of the optimizer; the batch's summed loss and hits before it."""
        labels = self._lessons.train.labels[rows]
        weights = self._lessons.train.weights[rows].astype(np.float64)
        z = self._answers(values)
        logits = read(z, self._teaching.ending, classes=self._teaching.classes)
        right = softmax(logits)[np.arange(len(rows)), labels]
        pull = gradient(z, labels, self._teaching.ending, classes=self._teaching.classes)
        pull = pull * weights[:, None] / len(rows)
        kernel = pull.T.astype(np.float32) @ values
        self._rules.step([kernel, pull.sum(axis=0).astype(np.float32)], rate)
        loss = -np.log(np.maximum(right, TINY)) * weights
        return float(loss.sum()), int((logits.argmax(axis=1) == labels).sum())

    def _answers(self, values: Floats) -> Logits:
        found = values @ self._state[WEIGHT].T + self._state[BIAS]
        return np.asarray(found, np.float64)

    def _batches(self, order: Rows, epoch: int) -> Iterator[tuple[Rows, Floats]]:
        """Places in the training pictures and their maps."""
        parts = [order[start : start + self._starts.step] for start in self._starts]
        if self._views is not None:
            kept = self._views[epoch % len(self._views)]
            for part in parts:
                yield part, kept[part].astype(np.float32)
            return
        stream = self._looks(self._lessons.train, order, epoch=epoch)
        for part in parts:
            values = np.empty((len(part), self._maps.width), np.float32)
            for row in values:
                row[:] = next(stream)
            yield part, values
        stream.close()

    def _looks(
        self, pictures: Pictures, places: Rows, *, epoch: int | None
    ) -> Generator[Floats, None, None]:
        """Maps of pictures in this order, changed as in an epoch, or not at all."""
        change = self._lessons.change if epoch is not None else None

        def prepare(row: int) -> Prepared[None]:
            square = pictures.squares[row]
            if change is not None and epoch is not None:
                out = np.empty_like(square)
                change(square, out, epoch, row)
                square = out
            return Prepared(None, square.astype(np.float32))

        running = self._engine.run(pictures.rows[places].tolist(), prepare)
        with closing(cast("Generator[Looked[None], None, None]", running)) as looked:
            for _, found in looked:
                if found is not None:
                    yield found

    def _looked_at_once(self, views: int) -> NDArray[np.float16]:
        """The maps of all training pictures in each view, in half precision."""
        pictures = self._lessons.train
        views = views if self._lessons.change else 1
        places = np.arange(len(pictures))
        kept = room((views, len(pictures), self._maps.width), np.float16)
        with self._progress.step("look at views", total=views * len(pictures)) as told:
            for view in range(views):
                for row, found in zip(
                    kept[view], self._looks(pictures, places, epoch=view), strict=True
                ):
                    row[:] = found
                    told.advance()
        return kept

    def _validated(self) -> dict[str, float]:
        """Figures of the validation pictures, which are looked at once where memory allows."""
        pictures = self._lessons.validation
        if self._validation is None:
            size = 4 * len(pictures) * self._maps.width
            keep = size <= SHARE * (usable_memory() or 2**32)
            kept = np.empty((len(pictures) if keep else 0, self._maps.width), np.float32)
            z = np.empty((len(pictures), self._teaching.last.units))
            stream = self._looks(pictures, np.arange(len(pictures)), epoch=None)
            with self._progress.step("validate", total=len(pictures)) as told:
                for place, found in enumerate(stream):
                    if keep:
                        kept[place] = found
                    z[place] = self._answers(found[None])
                    told.advance()
            self._validation = kept if keep else None
        else:
            z = self._answers(self._validation)
        logits = read(z, self._teaching.ending, classes=self._teaching.classes)
        return history.figures(logits, pictures.labels[pictures.rows])

    def _require_finite(self, value: float, epoch: int, batch: int) -> None:
        if math.isfinite(value):
            return
        rate = self._teaching.settings.learning_rate
        raise ModelError(
            "the loss is no longer a number: the weights have run away",
            value=f"epoch {epoch + 1}, batch {batch}, learning rate {rate:g}",
            allowed="A rate at which the loss falls is needed",
            next=f"train again with `--learning-rate {rate / 10:g}`",
        )


def read(z: Logits, ending: Ending, *, classes: int) -> Logits:
    """Logits (items, classes) of what the last layer gives, as Layers.ending says."""
    if ending == "softmax":
        return z
    if classes == 2:
        return np.concatenate([np.zeros_like(z), z], axis=1)
    return -np.logaddexp(0, -z)


def gradient(z: Logits, labels: Rows, ending: Ending, *, classes: int) -> Logits:
    """Of each picture's cross-entropy by z, (items, units)."""
    wrong = softmax(read(z, ending, classes=classes))
    wrong[np.arange(len(labels)), labels] -= 1
    if ending == "softmax":
        return wrong
    if classes == 2:
        return wrong[:, 1:]
    pull: Logits = wrong / (1 + np.exp(z))  # d log sigmoid(z) = sigmoid(-z)
    return pull
