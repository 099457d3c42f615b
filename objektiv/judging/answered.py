"""How right a model is where it is sure: accuracy of the share of items that it answers.

In: Predictions. Out: a curve from the few surest items to all of them, with 95 % intervals, and its
area. Confidence is the probability of the predicted class.
Source: Geifman and El-Yaniv, Selective classification for deep neural networks, NeurIPS 2017.
Try: `risk_coverage(predictions.only("test")).points[-1].accuracy`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.judging.intervals import Interval, proportion
from objektiv.judging.predictions import Predictions

POINTS = 20


@dataclass(frozen=True)
class Answered:
    """The surest items: their share, the confidence from which on, and how many are right."""

    share: float
    items: int
    confidence: float
    accuracy: Interval


@dataclass(frozen=True)
class RiskCoverage:
    """The curve; areas are mean errors over all shares, smaller is better.

    `area` is that of the model, `perfect` of one that is unsure of exactly its errors, `blind` of
    one whose confidence tells nothing, which is the share of errors.
    """

    points: tuple[Answered, ...]  # rising share, the last is all items
    area: float
    perfect: float
    blind: float

    def to_dict(self) -> dict[str, Any]:
        """A mapping that is JSON."""
        return asdict(self)


def risk_coverage(predictions: Predictions) -> RiskCoverage:
    """The curve of these predictions, at least one item; items equally sure come together."""
    confidence, groups = predictions.probabilities.max(axis=1), predictions.group_numbers
    order = np.argsort(-confidence, kind="stable")
    sure, wrong = confidence[order], 1.0 - predictions.correct[order]
    items = len(order)
    ends = np.append(np.flatnonzero(np.diff(sure) != 0), items - 1) + 1  # of equal confidence
    points, last = [], 0
    for wanted in np.linspace(items / POINTS, items, POINTS):
        upto = int(ends[np.searchsorted(ends, np.floor(wanted + 1e-9))])
        if upto == last:
            continue
        own, last = order[:upto], upto
        among = None if groups is None else groups[own]
        accuracy = proportion(predictions.correct[own], among)
        points.append(Answered(upto / items, upto, float(sure[upto - 1]), accuracy))
    starts = np.append(0, ends[:-1])
    even = np.repeat(np.add.reduceat(wrong, starts) / (ends - starts), ends - starts)
    return RiskCoverage(tuple(points), _area(even), _area(np.sort(wrong)), float(wrong.mean()))


def _area(wrong: NDArray[np.float64]) -> float:
    """Mean over k of the share of errors among the first k."""
    return float((np.cumsum(wrong) / np.arange(1, len(wrong) + 1)).mean())
