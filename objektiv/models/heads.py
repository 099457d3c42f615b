"""Heads: from features to logits. What is listed in HEADS can be chosen, tested and shipped.

In: a Task (features, labels, folds to leave out) and Variants. Out: a Fit for each variant, with
a linear map a fold. A further linear head (nearest class mean, LDA) is a function like `logistic`
and one line in HEADS; one that is not linear (a small network) also extends `model.Probe.add`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from objektiv.base.names import Registry
from objektiv.models.descent import Floats
from objektiv.models.logistic import Leading, Linear, Problems, Stretch, minimise

WIDE = 160  # columns of parameters that are fitted together; more would only take memory
# A column that varies by less of its mean is constant: it is left out, since 32 bits cannot tell
# the rest from rounding. A channel that never fires is 0 everywhere and must not divide by 0.
CONSTANT, TINY = 1e-3, 1e-6
ROWS = 512
CHOOSING, EXACT = 3e-3, 1e-5  # tolerances of the gradient
ROUNDS = 1000


@dataclass(frozen=True, eq=False)
class Task:
    """What a head is fitted to: x (items, columns), labels (items,) and `classes` of them.

    `fitted` (problems, items) is True where a problem may learn from an item: five rows leave out
    one fold each, a single row of True is the final fit. `balanced` lets each class count the same.
    """

    x: Floats
    labels: NDArray[np.int64]
    classes: int
    fitted: NDArray[np.bool_]
    balanced: bool = False

    @property
    def standard(self) -> tuple[Floats, Floats]:
        """Mean and deviation (columns,), averaged over the problems."""
        shift, deviation = self._standard
        return shift.mean(axis=0), deviation.mean(axis=0)

    def problems(self, importances: Floats, strengths: Floats) -> Problems:
        """Every problem for each row of `importances` (variants, columns), variant by variant.

        Columns are standardised over the items a problem may learn from and then multiplied by
        their importance; a column of importance 0 is left out. `strengths` (variants,) is C.
        """
        shift, deviation = self._standard
        variants, count = len(importances), len(shift)
        scale = (importances[:, None] / deviation).reshape(-1, shift.shape[1])
        return Problems(
            self.x,
            self.labels,
            self.classes,
            np.tile(self._weights, (variants, 1)),
            np.tile(shift, (variants, 1)),
            np.asarray(scale, np.float32),
            np.repeat(strengths, count).astype(np.float32),
        )

    @cached_property
    def _standard(self) -> tuple[Floats, Floats]:
        """Mean and deviation (problems, columns) of the items each problem may learn from; the
        deviation of a constant column is infinite."""
        share = self.fitted / self.fitted.sum(axis=1, keepdims=True)
        share = share.astype(np.float32)
        mean = share @ self.x
        square = np.zeros_like(mean)
        for first in range(0, len(self.x), ROWS):  # a square of everything would have to be stored
            rows = slice(first, first + ROWS)
            square += share[:, rows] @ np.square(self.x[rows])
        deviation = np.sqrt(np.maximum(square - np.square(mean), 0))
        constant = deviation <= CONSTANT * np.abs(mean) + TINY
        return mean, np.where(constant, np.float32(np.inf), deviation)

    @cached_property
    def _weights(self) -> Floats:
        """What each item counts in each problem, (problems, items)."""
        weights = self.fitted.astype(np.float32)
        if not self.balanced:
            return weights
        per_class = weights @ np.eye(self.classes, dtype=np.float32)[self.labels]
        total = per_class.sum(axis=1, keepdims=True)
        factor = total / (self.classes * np.maximum(per_class, 1))
        return np.asarray(weights * factor[:, self.labels], np.float32)


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted head: the maps of every problem, and where a fit like it may begin."""

    linear: Linear
    parameters: Floats  # of the problems' shape, standardised
    leading: Leading
    importance: Floats  # as the variant's


@dataclass(frozen=True, eq=False)
class Variant:
    """One way to fit a task: how much each column counts, and C times the number of columns.

    `like` is a fit to begin at: of the same problems, or of several whose mean is near.
    """

    importance: Floats  # (columns,), 0 for a column that is left out
    strength: float
    like: Fit | None = None


def logistic(task: Task, variants: Sequence[Variant], *, tolerance: float = CHOOSING) -> list[Fit]:
    """Multinomial logistic regression of each variant.

    Choosing needs two or three digits; what ships (EXACT) is fitted until nothing moves.
    Variants share the reading of the features, as folds do: a product with 48 columns of
    parameters takes 1.6 times as long as one with 10 (docs/lab_log.md).
    """
    columns = 1 if task.classes == 2 else task.classes
    together = max(1, WIDE // (len(task.fitted) * columns))
    parts = (variants[i : i + together] for i in range(0, len(variants), together))
    return [fit for part in parts for fit in _fit(task, part, tolerance)]


def _fit(task: Task, variants: Sequence[Variant], tolerance: float) -> list[Fit]:
    columns = [int((v.importance > 0).sum()) for v in variants]
    leadings = [_leading(task, v) for v in variants]
    count = len(task.fitted)
    problems = task.problems(
        np.stack([v.importance for v in variants]),
        np.array([v.strength / n for v, n in zip(variants, columns, strict=True)]),
    )
    parameters = minimise(
        problems,
        Stretch.of([leading for leading in leadings for _ in range(count)]),
        start=np.concatenate([_start(variant, problems.shape, count) for variant in variants]),
        tolerance=tolerance * 2 / task.classes,  # the gradient is divided among the classes
        rounds=ROUNDS if tolerance <= EXACT else ROUNDS // 5,
    )
    linear = problems.of_raw(parameters)
    fits = []
    for number, leading in enumerate(leadings):
        own = slice(number * count, (number + 1) * count)
        maps = Linear(linear.weights[own], linear.bias[own])
        fits.append(Fit(maps, parameters[own], leading, variants[number].importance))
    return fits


def _leading(task: Task, variant: Variant) -> Leading:
    """Those of other columns or other weights would do too, but cost more rounds than they save."""
    like = variant.like
    if like is not None and np.array_equal(like.importance, variant.importance):
        return like.leading
    shift, deviation = task.standard
    return Leading.of(task.x, shift, variant.importance / deviation)


def _start(variant: Variant, shape: tuple[int, int, int], count: int) -> Floats:
    if variant.like is None:
        return np.zeros((count, *shape[1:]), np.float32)
    start = variant.like.parameters
    if len(start) != count:
        start = np.repeat(start.mean(axis=0, keepdims=True), count, axis=0)
    kept = np.append(variant.importance > 0, True)
    return np.asarray(start * kept[None, :, None], np.float32)


Head = Callable[..., list[Fit]]  # called as `logistic` is
HEADS: Registry[Head] = Registry(
    "head", {"logistic": logistic}, list_command="objektiv train --help"
)
