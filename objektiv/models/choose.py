"""Choose blocks and strength on out-of-fold predictions, fit the temperature, then fit once.

In: features and their Truth (labels, folds, classes). Out: a Fitted: the probe, the out-of-fold
logits and what was tried. No item is ever judged by a map that has seen it or its group, and the
temperature comes from the same out-of-fold logits, before the final fit.
Try: `fit(features, Truth(labels, folds, ("cat", "dog")), settings=HeadSettings())`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from objektiv.features.descriptors import COLOURS
from objektiv.features.look import SIZE, Features
from objektiv.judging.calibration import fit_temperature, softmax
from objektiv.models.heads import HEADS, Task
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
    stages = network[:-1]
    return [(*network, COLOURS), (*stages, COLOURS), network]  # the first holds the others


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
    outcomes: list[_Outcome] = []
    for outcome in _path(features, truth, options[0], settings):
        outcomes.append(outcome)
        advance()
    best = min(outcomes, key=lambda outcome: outcome.trial.log_loss)
    for blocks in options[1:]:
        start = _of_columns(best, features, blocks)
        search = _Search(features, truth, blocks, settings, start=start)
        outcomes.append(search.at(best.trial.strength))
        advance()
    best = min(outcomes, key=lambda outcome: outcome.trial.log_loss)
    chosen = best.trial
    everything = np.ones((1, len(truth.labels)), bool)
    task = _task(features, truth, chosen.blocks, everything, settings)
    start = best.parameters.mean(axis=0, keepdims=True)
    linear = HEADS.get(settings.head)(task, start).at(chosen.strength, exact=True)
    temperature = fit_temperature(best.logits, truth.labels)
    probe = Probe(truth.classes, chosen.blocks, linear.weights[0], linear.bias[0], temperature)
    return Fitted(probe, chosen, tuple(o.trial for o in outcomes), best.logits / temperature)


class _Outcome(NamedTuple):
    trial: Trial
    logits: NDArray[np.float64]  # (items, classes), out of fold
    parameters: Floats  # of every fold's problem


class _Search:
    """One set of blocks, fitted with each fold left out."""

    def __init__(
        self,
        features: Features,
        truth: Truth,
        blocks: tuple[str, ...],
        settings: HeadSettings,
        *,
        start: Floats | None = None,
    ) -> None:
        numbers = np.unique(truth.folds)
        fitted = truth.folds[None, :] != numbers[:, None]
        self._blocks, self._truth = blocks, truth
        self._task = _task(features, truth, blocks, fitted, settings)
        self._head = HEADS.get(settings.head)(self._task, start)
        self._own = np.searchsorted(numbers, truth.folds)  # the problem that left an item out

    def at(self, strength: float) -> _Outcome:
        """Fit at `strength` and judge every item by the map that has not seen it."""
        linear, labels = self._head.at(strength), self._truth.labels
        rows = np.arange(len(labels))
        logits = linear.logits(self._task.x)[self._own, rows].astype(np.float64)
        right = softmax(logits)[rows, labels]
        loss = float(-np.log(np.maximum(right, SMALLEST)).mean())
        accuracy = float((logits.argmax(axis=1) == labels).mean())
        parameters = np.asarray(self._head.parameters)
        return _Outcome(Trial(self._blocks, strength, loss, accuracy), logits, parameters)


def _path(
    features: Features, truth: Truth, blocks: tuple[str, ...], settings: HeadSettings
) -> Iterator[_Outcome]:
    """Strengths from weak to strong, until one was worse than the one before."""
    search = _Search(features, truth, blocks, settings)
    before = np.inf
    for strength in STRENGTHS:
        outcome = search.at(strength)
        yield outcome
        if outcome.trial.log_loss > before:
            return
        before = outcome.trial.log_loss


def _of_columns(outcome: _Outcome, features: Features, blocks: tuple[str, ...]) -> Floats:
    """The parameters of an outcome for some of its blocks, and the bias."""
    widths = {b.name: b.stop - b.start for b in features.blocks}
    kept = [np.full(widths[b], b in blocks) for b in outcome.trial.blocks]
    return outcome.parameters[:, np.concatenate([*kept, [True]])]


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
