"""Make probabilities mean what they say, and show whether they do.

In: logits and labels the head was not fitted on, or Predictions. Out: a temperature, and the
points of a reliability curve.
Try: `softmax(logits, temperature=fit_temperature(logits, labels))`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from objektiv.base.errors import DataError
from objektiv.judging.intervals import Interval, proportion
from objektiv.judging.metrics import BINS, confidence_bins
from objektiv.judging.predictions import Predictions

# A head that never errs would ask for temperature 0, one that knows nothing for infinity.
COLDEST, HOTTEST = 0.05, 20.0
HALVINGS = 40  # of 1 / T on a logarithmic scale, to 1 part in 10^11


@dataclass(frozen=True)
class ReliabilityBin:
    """Items whose confidence lies in one bin; means are None where it is empty."""

    centre: float
    items: int
    confidence: float | None
    accuracy: Interval | None


def softmax(logits: NDArray[np.float64], *, temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities (items, classes) of logits (items, classes) divided by a temperature."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The temperature, between 0.05 and 20, under which the log loss is least.

    `logits`: (items, classes), of items the head was not fitted on (out-of-fold), else the
    result is void; `labels`: (items,), index of the class. Above 1 the head was too sure of
    itself. The log loss is convex in 1 / T, so the search cannot stop in a side valley.
    Source: Guo et al., On calibration of modern neural networks, ICML 2017.

    Raises:
        DataError: there is no item, lengths differ, a logit is not finite or a label no class.
    """
    logits, labels = np.asarray(logits, dtype=np.float64), np.asarray(labels)
    _check(logits, labels)
    columns = np.ascontiguousarray(logits.T)  # sums over few classes take a third of the time so
    columns -= columns.max(axis=0)  # which no temperature moves
    right = float(columns[labels, np.arange(len(labels))].mean())

    def slope(inverse: float) -> float:
        """Derivative of the log loss by 1 / T: the logit expected minus the label's, on average."""
        powers = np.exp(columns * inverse)
        return float(((powers * columns).sum(axis=0) / powers.sum(axis=0)).mean()) - right

    # The slope only rises, so halving finds where it crosses zero; scipy.optimize would too, at a
    # third of a second for its import.
    low, high = math.log(1 / HOTTEST), math.log(1 / COLDEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(math.exp(middle)) > 0 else (middle, high)
    return math.exp(-(low + high) / 2)


def _check(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> None:
    if logits.ndim != 2 or labels.shape != (len(logits),) or not logits.size:
        wrong = f"logits {logits.shape}, labels {labels.shape}"
    elif not np.isfinite(logits).all():
        wrong = f"{int((~np.isfinite(logits)).any(axis=1).sum()):,} rows of logits are not finite"
    elif labels.min() < 0 or labels.max() >= logits.shape[1]:
        wrong = f"labels from {labels.min()} to {labels.max()}, {logits.shape[1]} classes"
    else:
        return
    raise DataError(
        "no temperature can be fitted",
        value=wrong,
        allowed="Finite logits (items, classes) are needed, and one label for each row",
        next="use the out-of-fold logits of training and validation",
    )


def reliability(predictions: Predictions, *, bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """How often the model is right when it is so sure: one point a bin of equal width.

    Confidence is the probability of the predicted class, the bins are those of
    `metrics.calibration_error`; accuracy has its interval, which regards groups.
    """
    confidence, groups = predictions.probabilities.max(axis=1), predictions.group_numbers
    place = confidence_bins(confidence, bins)
    points = []
    for k in range(bins):
        own = place == k
        share = None
        if own.any():
            share = proportion(predictions.correct[own], None if groups is None else groups[own])
        mean = float(confidence[own].mean()) if own.any() else None
        points.append(ReliabilityBin((k + 0.5) / bins, int(own.sum()), mean, share))
    return tuple(points)
