"""Choose blocks and strength on out-of-fold predictions, fit the temperature, then fit once.

In: features and their Truth (labels, folds, classes). Out: a Fitted: the probe, the out-of-fold
logits and what was tried. No item is ever judged by a map that has seen it or its group, and the temperature
comes from the same out-of-fold logits, before the final fit.
Try: `fit(features, Truth(labels, folds, ("cat", "dog")), settings=HeadSettings())`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from objektiv.features.descriptors import COLOURS
from objektiv.features.look import SIZE, Features
from objektiv.judging.calibration import fit_temperature, softmax
from objektiv.models.heads import HEADS, Task
from objektiv.models.model import PLAIN, Probe, importance, matrix
from objektiv.models.settings import HeadSettings

STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)  # C times columns; the best lie inside
SMALLEST = 1e-12
PATIENCE = 1  # strengths that may be worse before the path ends


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
    stages = network[:-1]
    return [(*network, COLOURS), (*stages, COLOURS), network]


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
    trials: list[Trial] = []
    outcomes: list[NDArray[np.float64]] = []
    for blocks in options:
        for trial, logits in _path(features, truth, blocks, settings):
            trials.append(trial)
            outcomes.append(logits)
            advance()
    best = min(range(len(trials)), key=lambda i: trials[i].log_loss)
    chosen = trials[best]
    temperature = fit_temperature(outcomes[best], truth.labels)
    everything = np.ones((1, len(truth.labels)), bool)
    task = _task(features, truth, chosen.blocks, everything, settings)
    linear = HEADS.get(settings.head)(task).at(chosen.strength, exact=True)
    probe = Probe(truth.classes, chosen.blocks, linear.weights[0], linear.bias[0], temperature)
    return Fitted(probe, chosen, tuple(trials), outcomes[best] / temperature)


def _path(
    features: Features, truth: Truth, blocks: tuple[str, ...], settings: HeadSettings
) -> Iterator[tuple[Trial, NDArray[np.float64]]]:
    """Strengths from weak to strong, until PATIENCE of them were worse than the best."""
    numbers = np.unique(truth.folds)
    fitted = truth.folds[None, :] != numbers[:, None]
    task = _task(features, truth, blocks, fitted, settings)
    head = HEADS.get(settings.head)(task)
    rows = np.arange(len(truth.labels))
    position = np.searchsorted(numbers, truth.folds)
    best, worse = np.inf, 0
    for strength in STRENGTHS:
        logits = head.at(strength).logits(task.x)[position, rows].astype(np.float64)
        right = softmax(logits)[rows, truth.labels]
        loss = float(-np.log(np.maximum(right, SMALLEST)).mean())
        accuracy = float((logits.argmax(axis=1) == truth.labels).mean())
        yield Trial(blocks, strength, loss, accuracy), logits
        worse = 0 if loss < best else worse + 1
        best = min(best, loss)
        if worse == PATIENCE:
            return


def _task(
    features: Features,
    truth: Truth,
    blocks: tuple[str, ...],
    fitted: NDArray[np.bool_],
    settings: HeadSettings,
) -> Task:
    return Task(
        matrix(features, blocks),
        truth.labels,
        len(truth.classes),
        fitted,
        importance(features, blocks),
        balanced=settings.class_weights == "balanced",
    )
