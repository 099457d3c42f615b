"""Heads: from features to logits. What is listed in HEADS can be chosen, tested and shipped.

In: a matrix of features, labels and the Folds to leave out. Out: Linear maps, one a fold.
A further linear head (nearest class mean, LDA) is a class like Fit and one line in HEADS; one that
is not linear (a small network) also extends `model.Probe.add`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from objektiv.base.names import Registry
from objektiv.models.logistic import Floats, Linear, Problems, minimise

TINY = 1e-6  # added to deviations, so that a constant column is 0 and not infinite


@dataclass(frozen=True)
class Task:
    """What a head is fitted to: x (items, columns), labels (items,) and `classes` of them.

    `fitted` (problems, items) is True where a problem may learn from an item: five rows leave out
    one fold each, a single row of True is the final fit. `importance` (columns,) multiplies the
    standardised columns. `balanced` lets each class count the same.
    """

    x: Floats
    labels: NDArray[np.int64]
    classes: int
    fitted: NDArray[np.bool_]
    importance: Floats
    balanced: bool = False

    def problems(self) -> Problems:
        """Every problem with columns standardised over the items it may learn from."""
        weights = self.fitted.astype(np.float32)
        count = weights.sum(axis=1, keepdims=True)
        shift = (weights @ self.x) / count
        square = (weights @ np.square(self.x)) / count
        deviation = np.sqrt(np.maximum(square - np.square(shift), 0)) + TINY
        if self.balanced:
            weights = weights * self._class_weights(weights)
        scale = self.importance / deviation
        return Problems(self.x, self.labels, self.classes, weights, shift, scale)

    def _class_weights(self, weights: Floats) -> Floats:
        """Items (problems, items) weighted so that the classes sum to the same."""
        members = np.eye(self.classes, dtype=np.float32)[self.labels]
        per_class = weights @ members
        factor = per_class.sum(axis=1, keepdims=True) / (self.classes * np.maximum(per_class, 1))
        return np.asarray(factor[:, self.labels], np.float32)


class Fit:
    """A head being fitted: the same task at one strength after another, each from the last."""

    def __init__(self, task: Task, start: Floats | None = None) -> None:
        """`start` are `parameters` of a task like this one, to begin near the end."""
        self._problems = task.problems()
        self._columns = task.x.shape[1]
        self.parameters = start  # (problems, columns + 1, classes), of standardised columns

    def at(self, strength: float, *, exact: bool = False) -> Linear:
        """The maps at `strength`, which is C times the number of columns.

        Choosing needs two or three digits, what ships is fitted until nothing moves (`exact`).
        """
        tolerance, rounds = (1e-5, 1000) if exact else (2e-3, 100)
        self.parameters = minimise(
            self._problems,
            strength=strength / self._columns,
            start=self.parameters,
            tolerance=tolerance,
            rounds=rounds,
        )
        return self._problems.of_raw(self.parameters)


HEADS: Registry[type[Fit]] = Registry(
    "head", {"logistic": Fit}, list_command="objektiv train --help"
)
