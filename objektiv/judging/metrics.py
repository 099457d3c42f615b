"""How good predictions are: every score with what it means, where it makes sense with an interval.

In: Predictions. Out: Scores. A score that cannot be computed, because a class is absent or never
predicted, is None, never 0 or NaN. Checked against scikit-learn by the tests.
Try: `score(predictions.only("test")).accuracy`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base.errors import DataError, UsageError
from objektiv.base.names import natural_key, suggestion
from objektiv.judging.intervals import Interval, above_zero, bounded, proportion
from objektiv.judging.predictions import SMALLEST, Predictions
from objektiv.judging.spread import Mean, Numbers

BINS = 15  # of Guo et al. 2017

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class ClassScores:
    """One class against the rest; `support` is the number of items that truly are of it."""

    name: str
    support: int
    predicted: int
    precision: float | None
    recall: Interval | None
    f1: float | None


@dataclass(frozen=True)
class Scores:
    """All scores of a set of predictions.

    `positive` is the class that sensitivity, specificity and the AUC of two classes speak of; with
    more classes it stands against all others, and the AUC is the mean over classes.
    `confusion`: rows true, columns predicted, in the order of `classes`.
    """

    items: int
    groups: int | None
    classes: tuple[str, ...]
    positive: str | None
    accuracy: Interval
    balanced_accuracy: Interval
    sensitivity: Interval | None
    specificity: Interval | None
    auc: Interval | None
    log_loss: Interval
    brier: float
    calibration_error: float
    macro_f1: float
    per_class: tuple[ClassScores, ...]
    confusion: tuple[tuple[int, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """A mapping that is JSON: None for what could not be computed, and why in `not_defined`."""
        return asdict(self) | {"not_defined": undefined(self)}


def score(predictions: Predictions, *, positive: str | None = None) -> Scores:
    """Every score of these predictions.

    `positive`: the class that is looked for; if None the first in natural order where there are
    two classes, and none where there are more.

    Raises:
        DataError: there is no item.
        UsageError: `positive` is no class.
    """
    if not len(predictions):
        raise DataError(
            "nothing can be scored",
            value="0 items",
            allowed="At least one item with its label is needed",
            next="name a part that has items, or add images",
        )
    sought = positive_class(predictions.classes, positive)
    groups = predictions.group_numbers
    matrix = confusion_matrix(predictions)
    per_class = class_scores(predictions)
    recalls = {c.name: c.recall for c in per_class}
    f1s = [c.f1 for c in per_class if c.f1 is not None]
    return Scores(
        items=len(predictions),
        groups=None if groups is None else int(groups.max()) + 1,
        classes=predictions.classes,
        positive=sought,
        accuracy=proportion(predictions.correct, groups),
        balanced_accuracy=balanced_accuracy(predictions),
        sensitivity=recalls[sought] if sought else None,
        specificity=specificity(predictions, positive=sought) if sought else None,
        auc=auc(predictions, positive=sought),
        log_loss=log_loss(predictions),
        brier=brier(predictions),
        calibration_error=calibration_error(predictions),
        macro_f1=float(np.mean(f1s)),
        per_class=per_class,
        confusion=tuple(tuple(int(n) for n in row) for row in matrix),
    )


def undefined(scores: Scores) -> dict[str, str]:
    """Why a score is None, by its name; those of a class as `precision:NAME`."""
    absent = [c.name for c in scores.per_class if not c.support]
    why = {}
    if scores.auc is None:
        why["auc"] = f"no test item is of {absent[0]}" if absent else "there is one class only"
    if scores.positive is None:
        why |= dict.fromkeys(("sensitivity", "specificity"), "no positive class is named")
    elif scores.sensitivity is None:
        why["sensitivity"] = f"no test item is of {scores.positive}"
    elif scores.specificity is None:
        why["specificity"] = f"no test item is of another kind than {scores.positive}"
    for c in scores.per_class:
        if c.recall is None:
            why[f"recall:{c.name}"] = f"no test item is of {c.name}"
        if c.precision is None:
            why[f"precision:{c.name}"] = f"no test item was called {c.name}"
        if c.f1 is None:
            why[f"f1:{c.name}"] = f"no test item is, or was called, {c.name}"
    return why


def positive_class(classes: Sequence[str], named: str | None) -> str | None:
    """The class that sensitivity speaks of: `named`, else the first of two in natural order.

    None where no class is named and there are not two.

    Raises:
        UsageError: `named` is no class.
    """
    if named is None:
        return min(classes, key=natural_key) if len(classes) == 2 else None
    if named not in classes:
        hint = suggestion(named, classes)
        raise UsageError(
            "this class cannot be the positive one",
            value=repr(named),
            allowed=f"There are {len(classes)} classes, e.g. {classes[0]!r}",
            next=f"{hint} " * bool(hint) + "name one of them, or leave `positive` away",
        )
    return named


def specificity(predictions: Predictions, *, positive: str) -> Interval | None:
    """Share of the items of other classes that were not called positive; None if there is none."""
    k, groups = predictions.classes.index(positive), predictions.group_numbers
    others = predictions.labels != k
    if not others.any():
        return None
    return proportion(
        predictions.predicted[others] != k, None if groups is None else groups[others]
    )


def confusion_matrix(predictions: Predictions) -> Integers:
    """Counts (classes, classes): rows true, columns predicted."""
    count = len(predictions.classes)
    cells = predictions.labels * count + predictions.predicted
    return np.bincount(cells, minlength=count * count).reshape(count, count)


def class_scores(predictions: Predictions) -> tuple[ClassScores, ...]:
    """Each class against the rest, in the order of `classes`.

    Precision is None where the class was never predicted, recall where it is absent, F1 where
    both.
    """
    matrix = confusion_matrix(predictions)
    correct, groups = predictions.correct, predictions.group_numbers
    told = []
    for k, name in enumerate(predictions.classes):
        support, predicted = int(matrix[k].sum()), int(matrix[:, k].sum())
        hits, own = int(matrix[k, k]), predictions.labels == k
        recall = None
        if support:
            recall = proportion(correct[own], None if groups is None else groups[own])
        precision = hits / predicted if predicted else None
        f1 = 2 * hits / (support + predicted) if support + predicted else None
        told.append(ClassScores(name, support, predicted, precision, recall, f1))
    return tuple(told)


def balanced_accuracy(predictions: Predictions) -> Interval:
    """The mean recall of the classes that are present, as scikit-learn has it."""
    correct = predictions.correct.astype(np.float64)
    rows = [np.flatnonzero(predictions.labels == k) for k in np.unique(predictions.labels)]
    means = [Mean(own, correct[own], weight=1 / len(rows)) for own in rows]
    estimate = float(np.mean([m.values.mean() for m in means]))
    most = 1 / sum(m.weight**2 / len(m.rows) for m in means)
    return bounded(estimate, means, predictions.group_numbers, most=most)


def auc(predictions: Predictions, *, positive: str | None = None) -> Interval | None:
    """Area under the ROC curve; None where a class is absent or there is one class only.

    Two classes: by the probability of `positive`, as in `score`. More: the mean of each class
    against the rest.
    Variance by placement values, for groups summed by group.
    Sources: DeLong et al., Biometrics 44 (1988) 837; Obuchowski, Biometrics 53 (1997) 567.
    """
    classes = predictions.classes
    counts = np.bincount(predictions.labels, minlength=len(classes))
    if len(classes) < 2 or not counts.all():
        return None
    if len(classes) > 2:
        return _auc(predictions, list(range(len(classes))))
    return _auc(predictions, [classes.index(positive_class(classes, positive) or "")])


def auc_against_rest(predictions: Predictions, *, positive: str) -> Interval | None:
    """Area under the ROC curve of one class against all others; None where either is absent."""
    k = predictions.classes.index(positive)
    if len(np.unique(predictions.labels == k)) < 2:
        return None
    return _auc(predictions, [k])


def _auc(predictions: Predictions, chosen: Sequence[int]) -> Interval:
    """The mean over `chosen` of the area of each against the rest."""
    counts = np.bincount(predictions.labels, minlength=len(predictions.classes))
    means: list[Mean] = []
    for k in chosen:
        means += _placements(predictions.probabilities[:, k], predictions.labels == k, len(chosen))
    estimate = float(np.mean([m.values.mean() for m in means[::2]]))
    # Near 1 the variance seen is too small. With n items of the rarer kind no AUC varies more than
    # a proportion of n items does (Birnbaum and Klose 1957); 3 n cover 93-99 % from 10 items and
    # AUC 0.8 to 100 items and 0.995 (normal scores, 1,500 draws each), 2 n more, 4 n as few as 85.
    rarer = np.minimum(counts, counts.sum() - counts)[chosen]
    most = min(len(predictions), len(chosen) ** 2 / float((1 / (3 * rarer)).sum()))
    return bounded(estimate, means, predictions.group_numbers, most=most)


def _placements(scores: Numbers, own: NDArray[np.bool_], count: int) -> list[Mean]:
    """Share of others that each item of the class beats, and share that beat each other item.

    Both have the AUC as their mean; ties count half. By ranks: Sun and Xu, IEEE Signal Process.
    Lett. 21 (2014) 1389.
    """
    ranks = _ranks(scores)
    inside, outside = np.flatnonzero(own), np.flatnonzero(~own)
    beats = (ranks[inside] - _ranks(scores[inside])) / len(outside)
    beaten = 1 - (ranks[outside] - _ranks(scores[outside])) / len(inside)
    return [Mean(inside, beats, weight=1 / count), Mean(outside, beaten, weight=1 / count)]


def _ranks(values: Numbers) -> Numbers:
    """Ranks from 1; equal values share the mean of theirs."""
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((times.cumsum() - (times - 1) / 2)[place])


def log_loss(predictions: Predictions) -> Interval:
    """Mean of minus the natural logarithm of the probability of the true class; 0 is best.

    Probabilities are clipped at 2.2e-16, so that one sure mistake costs 36, not infinity.
    """
    rows = np.arange(len(predictions))
    losses = -predictions.log_probabilities[rows, predictions.labels]
    worst = -math.log(SMALLEST)
    return above_zero([Mean(rows, losses)], predictions.group_numbers, most=worst)


def brier(predictions: Predictions) -> float:
    """Squared distance to the truth, summed over classes, mean over items: 0 best, 2 worst.

    For two classes this is twice the one-class form that scikit-learn gives by default.
    Source: Brier, Mon. Weather Rev. 78 (1950) 1.
    """
    truth = np.eye(len(predictions.classes))[predictions.labels]
    return float(((predictions.probabilities - truth) ** 2).sum(axis=1).mean())


def calibration_error(predictions: Predictions, *, bins: int = BINS) -> float:
    """Expected calibration error: |accuracy - confidence| of each bin, weighted by its items.

    Confidence is the probability of the predicted class, in bins of equal width.
    Source: Guo et al., On calibration of modern neural networks, ICML 2017.
    """
    confidence = predictions.probabilities.max(axis=1)
    gap = predictions.correct - confidence
    sums = np.bincount(confidence_bins(confidence, bins), gap, minlength=bins)
    return float(np.abs(sums).sum() / len(predictions))


def confidence_bins(confidence: Numbers, bins: int) -> Integers:
    """The bin of each confidence: bin k holds above k / bins up to (k + 1) / bins; 0 is in 0."""
    edges = np.linspace(0, 1, bins + 1)
    return np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
