"""Can such pictures occur in reality? Evidence about augmented views; a range for each operator.

In: features of real pictures, and of changed views of some of them. Out: Evidence of three kinds
for each strength: how many views lie further from the other pictures than real ones do, whether
heads that never saw a picture still name its view, and whether a head tells views from pictures.
None of these proves anything: a view that lies near may be wrong all the same, and one that is
easily told may be quite possible. `recommend` applies one rule to the first two.
Try: `recommend([Trial(step, Judge(seen, ids).judge(views))], like=AugmentSettings())`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, takewhile

import numpy as np
from numpy.typing import NDArray

from objektiv.auditing.crossfit import STRENGTH, Floats, Ints, assign_folds, out_of_fold
from objektiv.auditing.operators import OPERATORS, Step, widened
from objektiv.auditing.probes import network_columns, numbers_of
from objektiv.base import seeds
from objektiv.data.clusters import find_clusters
from objektiv.data.settings import AugmentSettings
from objektiv.features.look import Features, Seen
from objektiv.judging.intervals import Interval, difference, proportion
from objektiv.judging.metrics import auc
from objektiv.judging.predictions import Predictions
from objektiv.models.choose import Truth
from objektiv.models.heads import Task, Variant, logistic
from objektiv.models.logistic import Linear

USUAL = 0.95  # share of the pictures that lie no further from the others than the limit
# The rule: at its ends an operator may bring so many views out, and the accuracy so far down.
FARTHEST, LARGEST_FALL = 0.20, 0.02
DIRECTIONS = 256  # random ones, on which distances are measured (auditing/outliers.py)
# In which real pictures differ most: a head that sees all columns tells any warp by its softness
# (AUC 0.997 of a move by half a pixel, 0.61 on these; docs/lab_log.md).
LEADING = 8
SAMPLE = 1024  # pictures that these are taken from
TINY = 1e-6
REAL, VIEW = "real", "augmented"


@dataclass(frozen=True)
class Evidence:
    """What was found of the views of one kind; 95 % intervals, by group where groups are given.

    `far`: share of views further from the other pictures than 95 % of the pictures are (5 % if
    nothing happens). `change`: accuracy on views minus accuracy on the same pictures, by heads
    that saw neither; None where there is one class. `told`: AUC of a head that has to tell views
    from pictures by the directions in which pictures differ most, 0.5 if it cannot; None where no
    fold can be held out.
    """

    far: Interval
    change: Interval | None
    told: Interval | None

    @property
    def kept(self) -> bool:
        """Whether the rule keeps it: few views far out, and the label still told."""
        falls = self.change is not None and self.change.estimate < -LARGEST_FALL
        return self.far.estimate <= FARTHEST and not falls


@dataclass(frozen=True)
class Trial:
    """One operator at one strength, and what was found."""

    step: Step
    evidence: Evidence


def recommend(trials: Iterable[Trial], *, like: AugmentSettings) -> AugmentSettings:
    """Of each operator the range up to the last strength that is kept, as all weaker ones are."""
    kept = {trial.step for trial in trials if trial.evidence.kept}
    ladders = (ladder for operator in OPERATORS.values() for ladder in operator.ladders)
    reached = (takewhile(kept.__contains__, ladder) for ladder in ladders)
    return widened(chain.from_iterable(reached), like=like)


def kept_again(trials: Iterable[Trial]) -> dict[str, tuple[list[Step], list[Step]]]:
    """By operator, strengths that are not kept though stronger ones are, and these stronger ones.

    A quarter turn empties no corner, an eighth does: then it is the filling that is unlike.
    """
    kept = {trial.step for trial in trials if trial.evidence.kept}
    found = {}
    for operator in OPERATORS.values():
        for ladder in operator.ladders:
            beyond = ladder[len(list(takewhile(kept.__contains__, ladder))) :]
            again = [step for step in beyond if step in kept]
            if again:
                refused = beyond[: beyond.index(again[-1])]
                found[operator.name] = ([step for step in refused if step not in kept], again)
    return found


class Judge:
    """Real pictures, against which views of some of them are judged."""

    def __init__(self, seen: Seen, ids: Sequence[str]) -> None:
        """All items of `seen` are the reference; views will be those of `ids`, in that order."""
        items = seen.dataset.items
        place = {name: row for row, name in enumerate(items["id"])}
        self._rows = np.array([place[name] for name in ids])
        self._ids = tuple(ids)
        clusters = find_clusters(items)
        # where all belongs together, only the picture itself can be left out
        self._clusters = clusters if clusters.max() > 0 else np.arange(len(items))
        self._labels = numbers_of(items["label"], seen.dataset.classes)
        self._folds = assign_folds(items, self._labels)
        self._x, self._importance = network_columns(seen.features)
        grouped = items["group"].is_not_null().any()
        own = np.unique(self._clusters[self._rows], return_inverse=True)[1]
        self._groups: Ints | None = own.astype(np.int64) if grouped else None
        self._space = _Space(self._x)
        nearest = self._space.nearest(self._x, self._clusters, self._clusters)
        self._limit = float(np.quantile(nearest[np.isfinite(nearest)], USUAL))
        self._maps = self._fit(len(seen.dataset.classes))
        self._right = None if self._maps is None else self._correct(self._x[self._rows])
        self.accuracy = None if self._right is None else proportion(self._right, self._groups)

    def judge(self, views: Features) -> Evidence:
        """Evidence about `views`, one of each of the ids."""
        x = network_columns(views.of(self._ids))[0]
        nearest = self._space.nearest(x, self._clusters[self._rows], self._clusters)
        change = None
        if self._right is not None:
            gained = self._correct(x).astype(np.float64) - self._right
            change = difference(gained, self._groups)
        far = proportion(nearest > self._limit, self._groups)
        return Evidence(far, change, self._told(x))

    def _fit(self, classes: int) -> Linear | None:
        """A map for each fold, fitted to the pictures of the others; None where none can be."""
        numbers, self._own = np.unique(self._folds, return_inverse=True)
        if classes < 2 or len(numbers) < 2:
            return None
        fitted = self._folds[None, :] != numbers[:, None]
        task = Task(self._x, self._labels, classes, fitted, balanced=True)
        return logistic(task, [Variant(self._importance, STRENGTH)])[0].linear

    def _correct(self, x: Floats) -> NDArray[np.bool_]:
        """Whether each of `x`, rows of the ids, is named right by the head that left it out."""
        if self._maps is None:
            raise RuntimeError("nothing was fitted")
        logits = self._maps.logits(x)[self._own[self._rows], np.arange(len(x))]
        return np.asarray(logits.argmax(axis=1) == self._labels[self._rows])

    def _told(self, x: Floats) -> Interval | None:
        """How well views are told from the same pictures, clusters kept together in a fold."""
        folds = np.tile(self._folds[self._rows], 2)
        if len(np.unique(folds)) < 2:
            return None
        count = len(x)
        truth = Truth(np.repeat([0, 1], count), folds, (REAL, VIEW))
        both = self._space.leading(np.concatenate([self._x[self._rows], x]))
        equal = np.ones(both.shape[1], np.float32)
        probabilities = out_of_fold(both, truth, [equal])[0]
        predictions = Predictions(
            ids=tuple(f"{kind}/{name}" for kind in truth.classes for name in self._ids),
            hashes=("",) * (2 * count),
            parts=("train",) * (2 * count),
            folds=tuple(folds.tolist()),
            # a picture and its view are no two trials
            groups=tuple(map(str, self._clusters[self._rows].tolist())) * 2,
            labels=truth.labels,
            classes=truth.classes,
            logits=np.log(np.maximum(probabilities, 1e-12)),
            probabilities=probabilities,
        )
        return auc(predictions, positive=VIEW)


class _Space:
    """The columns that a model sees, standardised, on random directions, which keep distances."""

    def __init__(self, x: Floats) -> None:
        rng = seeds.generator(0, "augmentation directions")
        directions = rng.standard_normal((x.shape[1], DIRECTIONS), np.float32)
        self._mean, deviation = x.mean(axis=0), x.std(axis=0)
        # A column that hardly varies tells nothing, and dividing by its deviation would tell noise.
        scale = np.where(deviation > TINY, 1 / (deviation + TINY), 0).astype(np.float32)
        self._directions = directions * scale[:, None]
        self._reference = self._projected(x)
        some = (x[:: max(1, len(x) // SAMPLE)] - self._mean) * scale
        _, vectors = np.linalg.eigh(some @ some.T)  # of pictures: columns are more
        self._leading = scale[:, None] * (some.T @ vectors[:, ::-1][:, :LEADING])

    def nearest(self, x: Floats, own: Ints, clusters: Ints) -> NDArray[np.float64]:
        """Of each row to its nearest picture of another cluster, (rows,); infinite without one.

        `own` is the cluster of each row, `clusters` that of each picture.
        """
        rows = self._projected(x)
        square = -2 * rows @ self._reference.T + np.square(self._reference).sum(axis=1)
        square += np.square(rows).sum(axis=1)[:, None]
        square[own[:, None] == clusters[None, :]] = np.inf
        return np.asarray(np.sqrt(np.maximum(square.min(axis=1), 0)), np.float64)

    def leading(self, x: Floats) -> Floats:
        """The directions in which the pictures differ most, (rows, at most LEADING)."""
        return np.asarray((x - self._mean) @ self._leading, np.float32)

    def _projected(self, x: Floats) -> Floats:
        return np.asarray((x - self._mean) @ self._directions, np.float32)
