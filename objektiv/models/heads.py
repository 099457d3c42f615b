"""Heads: from features to logits. What is listed in HEADS can be chosen, tested and shipped.

In: a matrix of features, labels and the Folds to leave out. Out: Linear maps, one a fold.
A further linear head (nearest class mean, LDA) is a class like Fit and one line in HEADS; one that
is not linear (a small network) also extends `model.Probe.add`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from objektiv.base.names import Registry
from objektiv.models.logistic import Floats, Leading, Linear, Problems, minimise

FEW = 500  # columns; a round takes a millisecond
TINY = 1e-6  # added to deviations, so that a constant column is 0 and not infinite


@dataclass(frozen=True, eq=False)
class Task:
    """What a head is fitted to: x (items, columns), labels (items,) and `classes` of them.

    `fitted` (problems, items) is True where a problem may learn from an item: five rows leave out
    one fold each, a single row of True is the final fit. `balanced` lets each class count the same.
    """

    x: Floats
    transposed: Floats  # x.T laid out by rows
    labels: NDArray[np.int64]
    classes: int
    fitted: NDArray[np.bool_]
    balanced: bool = False

    def problems(self, importance: Floats) -> Problems:
        """Every problem, its columns standardised over the items it may learn from and then
        multiplied by `importance` (columns,); a column of importance 0 is left out."""
        shift, deviation = self._standard
        scale = np.asarray(importance / deviation, np.float32)
        weights = self._weights
        return Problems(self.x, self.transposed, self.labels, self.classes, weights, shift, scale)

    @cached_property
    def _standard(self) -> tuple[Floats, Floats]:
        """Mean and deviation (problems, columns) of the items each problem may learn from."""
        share = self.fitted / self.fitted.sum(axis=1, keepdims=True)
        share = share.astype(np.float32)
        mean = share @ self.x
        variance = np.maximum(share @ np.square(self.x) - np.square(mean), 0)
        return mean, np.sqrt(variance) + np.float32(TINY)

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


class Fit:
    """A head being fitted: the same task at one strength after another, each from the last."""

    def __init__(self, task: Task, importance: Floats, like: Fit | None = None) -> None:
        """`like` is a fit on the same columns, to begin where it ended: of the same problems, or
        of several whose mean is near this one."""
        self._problems = task.problems(importance)
        self._columns = int((importance > 0).sum())
        # Of other columns the leading directions would do too, but cost more rounds than they save.
        same = like is not None and like._columns == self._columns
        self._leading: Leading = like._leading if like and same else Leading.of(self._problems)
        self._parameters: Floats | None = None  # (problems, columns + 1, classes), standardised
        if like and like._parameters is not None:
            same = like._problems.count == self._problems.count
            start = like._parameters if same else like._parameters.mean(axis=0, keepdims=True)
            self._parameters = start * np.append(importance > 0, True)[None, :, None]

    def at(self, strength: float, *, exact: bool = False) -> Linear:
        """The maps at `strength`, which is C times the number of columns.

        Choosing among many columns needs two or three digits; few columns, and what ships
        (`exact`), are fitted until nothing moves.
        """
        exact = exact or self._columns < FEW
        tolerance, rounds = (1e-5, 1000) if exact else (3e-3, 200)
        share = 2 / self._problems.classes  # the gradient is divided among the classes
        self._parameters = minimise(
            self._problems,
            self._leading,
            strength=strength / self._columns,
            start=self._parameters,
            tolerance=tolerance * share,
            rounds=rounds,
        )
        return self._problems.of_raw(self._parameters)


HEADS: Registry[type[Fit]] = Registry(
    "head", {"logistic": Fit}, list_command="objektiv train --help"
)
