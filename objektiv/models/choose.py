"""Choose blocks and strength on out-of-fold predictions, fit the temperature, then fit once.

In: features and their Truth (labels, folds, classes). Out: a Fitted: the probe, the out-of-fold
logits and what was tried. No item is ever judged by a map that has seen it or its group, and the
temperature comes from the same out-of-fold logits, before the final fit.
Try: `fit(features, Truth(labels, folds, ("cat", "dog")), settings=HeadSettings())`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from objektiv.base.errors import UsageError
from objektiv.base.names import suggestion
from objektiv.features.descriptors import COLOURS
from objektiv.features.look import SIZE, Features
from objektiv.judging.calibration import fit_temperature, softmax
from objektiv.models.descent import Floats
from objektiv.models.heads import CHOOSING, EXACT, HEADS, Fit, Task, Variant
from objektiv.models.model import PLAIN, Probe, importance, matrix
from objektiv.models.settings import HeadSettings, ProbeSettings

STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)  # C times columns; the best lie inside
MIDDLE = 3.0  # where the sets of blocks are compared
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


def blocks_of(features: Features, names: Sequence[str]) -> tuple[str, ...]:
    """These blocks, in the order in which the features hold them.

    Raises:
        UsageError: there is no such block; the message suggests the nearest.
    """
    known = [b.name for b in features.blocks]
    if wrong := [name for name in names if name not in known]:
        hint = suggestion(wrong[0], known)
        raise UsageError(
            "no block of features has this name",
            value=", ".join(map(repr, wrong)),
            allowed=f"Known: {', '.join(known)}",
            next=f"{hint} " * bool(hint) + "name blocks with --blocks, or leave it away",
        )
    return tuple(name for name in known if name in names)


def fit(
    features: Features,
    truth: Truth,
    *,
    settings: ProbeSettings,
    advance: Callable[[], None] = lambda: None,
) -> Fitted:
    """The model of these items; `advance` is called after each trial.

    Raises:
        UsageError: the settings name a block that there is not.
    """
    named = blocks_of(features, settings.blocks)
    options = [named] if named else candidates(features)
    return _fit(features, truth, options, settings, advance)


def fit_network(features: Features, truth: Truth, *, settings: ProbeSettings) -> Fitted:
    """The same head on the network's blocks alone, where fine-tuning begins."""
    options = [used for used in candidates(features) if COLOURS not in used]
    return _fit(features, truth, options, settings, lambda: None)


def fit_baseline(features: Features, truth: Truth, *, settings: HeadSettings) -> Fitted:
    """The plain baseline: the same head on colours and size alone."""
    return _fit(features, truth, [(COLOURS, SIZE)], _open(settings), lambda: None)


def _open(settings: HeadSettings) -> ProbeSettings:
    """The same head with all that can be chosen left open."""
    return ProbeSettings(head=settings.head, class_weights=settings.class_weights)


def out_of_fold(
    features: Features, truth: Truth, *, settings: HeadSettings, strength: float | None = None
) -> tuple[Trial, NDArray[np.float64]]:
    """What heads say of items they have not seen: the trial, and logits (items, classes).

    A quick way to judge a division: one set of blocks (all of the network, and colours), at
    `strength` or at the best that a walk from the middle finds.
    """
    used = candidates(features)[0]
    search = _Search(features, truth, used, _open(settings))
    best = search.sets([used], MIDDLE if strength is None else strength)[used]
    if strength is None:
        best = search.walk({MIDDLE: best}, lambda: None)
    return best.trial, best.logits


def _fit(
    features: Features,
    truth: Truth,
    options: Sequence[tuple[str, ...]],
    settings: ProbeSettings,
    advance: Callable[[], None],
) -> Fitted:
    """Compare the sets of blocks at a middle strength, or at the one asked for; then walk to the
    best strength of the best set, from neighbour to neighbour."""
    search = _Search(features, truth, options[0], settings)
    middle, tolerance = MIDDLE, CHOOSING
    if settings.strength is not None:
        middle, tolerance = settings.strength, EXACT  # no neighbour in strength to begin at
    tried = search.sets(options, middle, tolerance=tolerance)
    found = {used: {middle: outcome} for used, outcome in tried.items()}
    for _ in options:
        advance()
    best = min((tried[middle] for tried in found.values()), key=_log_loss)
    if settings.strength is None:
        best = search.walk(found[best.trial.blocks], advance)
    temperature = fit_temperature(best.logits, truth.labels)
    weights, bias = search.final(best)
    probe = Probe(truth.classes, best.trial.blocks, weights, bias, temperature)
    trials = tuple(outcome.trial for tried in found.values() for outcome in tried.values())
    return Fitted(probe, best.trial, trials, best.logits / temperature)


def _neighbours(strength: float) -> tuple[float, ...]:
    at = STRENGTHS.index(strength)
    return STRENGTHS[max(at - 1, 0) : at + 2]


class _Outcome(NamedTuple):
    trial: Trial
    logits: NDArray[np.float64]  # (items, classes), out of fold
    fit: Fit  # of every fold's problem


def _log_loss(outcome: _Outcome) -> float:
    return outcome.trial.log_loss


class _Search:
    """One matrix of features, fitted with each fold left out in turn."""

    def __init__(
        self, features: Features, truth: Truth, blocks: tuple[str, ...], settings: ProbeSettings
    ) -> None:
        numbers = np.unique(truth.folds)
        self._own = np.searchsorted(numbers, truth.folds)  # the problem that left an item out
        self._features, self._blocks, self._truth = features, blocks, truth
        self._head, self._settings = HEADS.get(settings.head), settings
        self._x = matrix(features, blocks)
        self._task = self._task_of(truth.folds[None, :] != numbers[:, None])

    def sets(
        self,
        options: Sequence[tuple[str, ...]],
        strength: float,
        *,
        tolerance: float = CHOOSING,
    ) -> dict[tuple[str, ...], _Outcome]:
        """Each set of blocks at one strength."""
        variants = [Variant(self._importance(used), strength) for used in options]
        fits = zip(options, self._head(self._task, variants, tolerance=tolerance), strict=True)
        return {used: self._judge(Trial(used, strength, 0, 0), fit) for used, fit in fits}

    def strengths(self, like: _Outcome, strengths: Sequence[float]) -> dict[float, _Outcome]:
        """The blocks of `like` at other strengths, each begun where it ended."""
        used = like.trial.blocks
        variants = [Variant(self._importance(used), strength, like.fit) for strength in strengths]
        fits = zip(strengths, self._head(self._task, variants), strict=True)
        return {strength: self._judge(Trial(used, strength, 0, 0), fit) for strength, fit in fits}

    def walk(self, tried: dict[float, _Outcome], advance: Callable[[], None]) -> _Outcome:
        """The best strength, walked to from those `tried`, from neighbour to neighbour."""
        best = min(tried.values(), key=_log_loss)
        while wanted := [s for s in _neighbours(best.trial.strength) if s not in tried]:
            tried |= self.strengths(best, wanted)
            for _ in wanted:
                advance()
            best = min(tried.values(), key=_log_loss)
        return best

    def final(self, chosen: _Outcome) -> tuple[Floats, Floats]:
        """Weights (columns of the chosen blocks, classes) and bias, fitted on every item."""
        importance = self._importance(chosen.trial.blocks)
        task = self._task_of(np.ones((1, len(self._truth.labels)), bool))
        variant = Variant(importance, chosen.trial.strength, chosen.fit)
        linear = self._head(task, [variant], tolerance=EXACT)[0].linear
        return linear.weights[0][importance > 0], linear.bias[0]

    def _judge(self, trial: Trial, fit: Fit) -> _Outcome:
        """Judge each item by the map that has not seen it."""
        labels = self._truth.labels
        rows = np.arange(len(labels))
        logits = fit.linear.logits(self._x)[self._own, rows].astype(np.float64)
        right = softmax(logits)[rows, labels]
        loss = float(-np.log(np.maximum(right, SMALLEST)).mean())
        accuracy = float((logits.argmax(axis=1) == labels).mean())
        return _Outcome(replace(trial, log_loss=loss, accuracy=accuracy), logits, fit)

    def _importance(self, used: tuple[str, ...]) -> Floats:
        weight = self._settings.colour_weight
        return importance(self._features, self._blocks, used=used, colour_weight=weight)

    def _task_of(self, fitted: NDArray[np.bool_]) -> Task:
        balanced = self._settings.class_weights == "balanced"
        truth = self._truth
        return Task(self._x, truth.labels, len(truth.classes), fitted, balanced=balanced)
