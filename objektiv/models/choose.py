"""Choose blocks and strength on out-of-fold predictions, fit the temperature, then fit once.

In: features and their Truth (labels, folds, classes). Out: a Fitted: the probe, the out-of-fold
logits and what was tried. No item is ever judged by a map that has seen it or its group, and the
temperature comes from the same out-of-fold logits, before the final fit.
Try: `fit(features, Truth(labels, folds, ("cat", "dog")), settings=HeadSettings())`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from objektiv.features.descriptors import COLOURS
from objektiv.features.look import SIZE, Features
from objektiv.judging.calibration import fit_temperature, softmax
from objektiv.models.heads import HEADS, Fit, Task
from objektiv.models.logistic import Floats
from objektiv.models.model import PLAIN, Probe, importance, matrix
from objektiv.models.settings import HeadSettings

STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)  # C times columns; the best lie inside
SMALLEST = 1e-12


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of the items that a model learns from."""

    labels: NDArray[np.int64]  # (items,), index into `classes`
    folds: NDArray[np.int64]  # (items,)
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """One setting that was tried, judged out of fold."""

    blocks: tuple[str, ...]
    strength: float
    log_loss: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted model and how it came about."""

    probe: Probe
    chosen: Trial
    trials: tuple[Trial, ...]
    logits: NDArray[np.float64]  # (items, classes) out of fold, divided by the temperature


def candidates(features: Features) -> list[tuple[str, ...]]:
    """The sets of blocks that compete for the model."""
    network = tuple(b.name for b in features.blocks if b.name not in PLAIN)
    stages, late = network[:-1], network[-2:]
    # The first holds the others. Cells want the early stages and colours, photographs like those
    # the network was trained on want the last two blocks.
    return [(*network, COLOURS), (*stages, COLOURS), network, late]


def fit(
    features: Features,
    truth: Truth,
    *,
    settings: HeadSettings,
    advance: Callable[[], None] = lambda: None,
) -> Fitted:
    """The model of these items; `advance` is called after each trial."""
    return _fit(features, truth, candidates(features), settings, advance)


def fit_baseline(features: Features, truth: Truth, *, settings: HeadSettings) -> Fitted:
    """The plain baseline: the same head on colours and size alone."""
    return _fit(features, truth, [(COLOURS, SIZE)], settings, lambda: None)


def _fit(
    features: Features,
    truth: Truth,
    options: Sequence[tuple[str, ...]],
    settings: HeadSettings,
    advance: Callable[[], None],
) -> Fitted:
    """Search the strength with the first set of blocks, which holds all of them; then compare the
    other sets at that strength, each from the first one's parameters."""
    search = _Search(features, truth, options[0], settings)
    outcomes: list[_Outcome] = []
    for strength in STRENGTHS:
        outcomes.append(search.at(strength, options[0], like=outcomes[-1] if outcomes else None))
        advance()
        if len(outcomes) > 1 and outcomes[-1].trial.log_loss > outcomes[-2].trial.log_loss:
            break
    first = min(outcomes, key=lambda outcome: outcome.trial.log_loss)
    for used in options[1:]:
        outcomes.append(search.at(first.trial.strength, used, like=first))
        advance()
    best = min(outcomes, key=lambda outcome: outcome.trial.log_loss)
    temperature = fit_temperature(best.logits, truth.labels)
    weights, bias = search.final(best)
    probe = Probe(truth.classes, best.trial.blocks, weights, bias, temperature)
    return Fitted(probe, best.trial, tuple(o.trial for o in outcomes), best.logits / temperature)


class _Outcome(NamedTuple):
    trial: Trial
    logits: NDArray[np.float64]  # (items, classes), out of fold
    head: Fit  # of every fold's problem


class _Search:
    """One matrix of features, fitted with each fold left out in turn."""

    def __init__(
        self, features: Features, truth: Truth, blocks: tuple[str, ...], settings: HeadSettings
    ) -> None:
        numbers = np.unique(truth.folds)
        self._own = np.searchsorted(numbers, truth.folds)  # the problem that left an item out
        self._features, self._blocks, self._truth = features, blocks, truth
        self._settings = settings
        self._x = matrix(features, blocks)
        self._transposed = np.ascontiguousarray(self._x.T)
        self._task = self._task_of(truth.folds[None, :] != numbers[:, None])

    def at(self, strength: float, used: tuple[str, ...], *, like: _Outcome | None) -> _Outcome:
        """Fit the blocks `used`, and judge each item by the map that has not seen it."""
        head = self._head(self._task, used, like)
        linear, labels = head.at(strength), self._truth.labels
        rows = np.arange(len(labels))
        logits = linear.logits(self._x)[self._own, rows].astype(np.float64)
        right = softmax(logits)[rows, labels]
        loss = float(-np.log(np.maximum(right, SMALLEST)).mean())
        accuracy = float((logits.argmax(axis=1) == labels).mean())
        return _Outcome(Trial(used, strength, loss, accuracy), logits, head)

    def final(self, chosen: _Outcome) -> tuple[Floats, Floats]:
        """Weights (columns of the chosen blocks, classes) and bias, fitted on every item."""
        used = chosen.trial.blocks
        task = self._task_of(np.ones((1, len(self._truth.labels)), bool))
        linear = self._head(task, used, chosen).at(chosen.trial.strength, exact=True)
        return linear.weights[0][self._importance(used) > 0], linear.bias[0]

    def _head(self, task: Task, used: tuple[str, ...], like: _Outcome | None) -> Fit:
        head = HEADS.get(self._settings.head)
        return head(task, self._importance(used), like.head if like else None)

    def _importance(self, used: tuple[str, ...]) -> Floats:
        return importance(self._features, self._blocks, used=used)

    def _task_of(self, fitted: NDArray[np.bool_]) -> Task:
        balanced = self._settings.class_weights == "balanced"
        truth = self._truth
        matrices = self._x, self._transposed
        return Task(*matrices, truth.labels, len(truth.classes), fitted, balanced=balanced)
