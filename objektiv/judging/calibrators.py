"""Three ways to make probabilities mean what they say, compared on items that were left out.

In: logits (items, classes) and labels of items the model was not fitted on. Out: a Calibrator,
which turns logits into probabilities. `cross_fitted` judges each item by a calibrator that has not
seen its group, so that the three can be compared fairly.
Why the temperature is the default: docs/decisions/calibration.md.
Try: `fit_calibrator("isotonic", logits, labels).probabilities(logits)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.judging.calibration import fit_temperature, softmax

Kind = Literal["temperature", "vector", "isotonic"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FOLDS = 5
# Vector scaling: a pull towards the temperature, as strong as a hundredth of an item a class, so
# that a class that is never wrong does not drive its scale to infinity.
PULL = 0.01
ROUNDS, SMALLEST_STEP = 50, 1e-10

Numbers = NDArray[np.float64]
Labels = NDArray[np.int64]


class Calibrator(Protocol):
    """What makes probabilities (items, classes) of logits (items, classes)."""

    def probabilities(self, logits: Numbers) -> Numbers:
        """Rows sum to 1."""


@dataclass(frozen=True)
class Temperature:
    """All logits divided by one number: the order of classes stays."""

    value: float

    def probabilities(self, logits: Numbers) -> Numbers:
        """(items, classes), rows sum to 1."""
        return softmax(logits, temperature=self.value)


@dataclass(frozen=True, eq=False)
class Vector:
    """Each class's logit times a scale and plus a shift, both (classes,).

    Source: Guo et al., On calibration of modern neural networks, ICML 2017, section 4.2.
    """

    scale: Numbers
    shift: Numbers

    def probabilities(self, logits: Numbers) -> Numbers:
        """(items, classes), rows sum to 1."""
        return softmax(logits * self.scale + self.shift)


@dataclass(frozen=True, eq=False)
class Isotonic:
    """Each class's probability under a temperature goes through a rising line; then rows are
    divided by their sum.

    `knots` and `heights`: for each class the corners of its line, (corners,). Never 0 or 1: a
    class that was never wrong may be next time.
    Source: Zadrozny and Elkan, Transforming classifier scores into accurate multiclass
    probability estimates, KDD 2002.
    """

    temperature: float
    knots: tuple[Numbers, ...]
    heights: tuple[Numbers, ...]

    def probabilities(self, logits: Numbers) -> Numbers:
        """(items, classes), rows sum to 1."""
        given = softmax(logits, temperature=self.temperature)
        lines = zip(given.T, self.knots, self.heights, strict=True)
        risen = np.stack([np.interp(own, x, y) for own, x, y in lines], axis=1)
        return np.asarray(risen / risen.sum(axis=1, keepdims=True))


def fit_calibrator(kind: Kind, logits: Numbers, labels: Labels) -> Calibrator:
    """The calibrator of this kind that suits these items best.

    `logits`: (items, classes), of items the model was not fitted on; `labels`: (items,).

    Raises:
        DataError: there is no item, or a logit is not finite.
    """
    return FITS[kind](np.asarray(logits, np.float64), np.asarray(labels))


def _temperature(logits: Numbers, labels: Labels) -> Temperature:
    return Temperature(fit_temperature(logits, labels))


def _vector(logits: Numbers, labels: Labels) -> Vector:
    """By Newton's method from the temperature; the log loss is convex in scale and shift."""
    items, classes = logits.shape
    start = 1 / fit_temperature(logits, labels)
    origin = np.concatenate([np.full(classes, start), np.zeros(classes)])
    truth, pull = np.eye(classes)[labels], PULL * classes / items

    def loss(at: Numbers) -> float:
        p = softmax(logits * at[:classes] + at[classes:])
        right = np.maximum(p[np.arange(items), labels], np.finfo(np.float64).tiny)
        return float(-np.log(right).mean() + pull * ((at - origin) ** 2).sum() / 2)

    at, now = origin, loss(origin)
    for _ in range(ROUNDS):
        p = softmax(logits * at[:classes] + at[classes:])
        off, moved = p - truth, p * logits
        slope = np.concatenate([(off * logits).mean(axis=0), off.mean(axis=0)])
        slope += pull * (at - origin)
        upper = np.diag((moved * logits).mean(axis=0)) - moved.T @ moved / items
        mixed = np.diag(moved.mean(axis=0)) - moved.T @ p / items
        lower = np.diag(p.mean(axis=0)) - p.T @ p / items
        bend = np.block([[upper, mixed], [mixed.T, lower]]) + pull * np.eye(2 * classes)
        step, length = np.linalg.solve(bend, slope), 1.0
        while length > SMALLEST_STEP and (then := loss(at - length * step)) > now:
            length /= 2
        if length <= SMALLEST_STEP or now - then < SMALLEST_STEP:
            break
        at, now = at - length * step, then
    return Vector(at[:classes], at[classes:])


def _isotonic(logits: Numbers, labels: Labels) -> Isotonic:
    temperature = fit_temperature(logits, labels)
    given = softmax(logits, temperature=temperature)
    lines = [rising(given[:, k], labels == k) for k in range(given.shape[1])]
    return Isotonic(temperature, tuple(x for x, _ in lines), tuple(y for _, y in lines))


FITS: Mapping[Kind, Callable[[Numbers, Labels], Calibrator]] = {
    "temperature": _temperature,
    "vector": _vector,
    "isotonic": _isotonic,
}


def rising(given: Numbers, truth: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """The corners of the rising line that is nearest to the truth by least squares.

    `given`: (items,), the probability said; `truth`: (items,). Neighbours that fall are pooled
    (PAV). Heights stay between 1 / (items + 2) and 1 minus that (Laplace's rule of succession).
    """
    order = np.argsort(given, kind="stable")
    x, first = np.unique(given[order], return_index=True)
    sums = np.add.reduceat(truth[order].astype(np.float64), first)
    counts = np.diff(np.append(first, len(given))).astype(np.float64)
    blocks: list[tuple[float, float, int]] = []  # sum, items, and where it ends
    for total, items, end in zip(sums.tolist(), counts.tolist(), range(1, len(x) + 1), strict=True):
        while blocks and blocks[-1][0] * items >= total * blocks[-1][1]:
            earlier = blocks.pop()
            total, items = total + earlier[0], items + earlier[1]
        blocks.append((total, items, end))
    ends = np.array([end for _, _, end in blocks])
    starts = np.append(0, ends[:-1])
    least = 1 / (len(given) + 2)
    heights = np.clip([total / items for total, items, _ in blocks], least, 1 - least)
    both = np.stack([x[starts], x[ends - 1]], axis=1).ravel()
    own = np.repeat(heights, 2)
    keep = np.append(True, np.diff(both) > 0)  # a block of one value has one corner
    return both[keep], own[keep]


def left_out(groups: Labels | None, items: int) -> Labels | None:
    """The fold of each item, (items,), drawn by group; None where there are not two groups."""
    own = np.arange(items) if groups is None else np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(own)
    if len(sizes) < 2:
        return None
    order = seeds.generator(0, "calibrators").permutation(len(sizes))
    upto = np.cumsum(sizes[order]) - sizes[order] / 2
    place = np.empty(len(sizes), np.int64)
    place[order] = upto * min(FOLDS, len(sizes)) // items
    return np.unique(place[own], return_inverse=True)[1]


def cross_fitted(kind: Kind, logits: Numbers, labels: Labels, folds: Labels) -> Numbers:
    """Probabilities (items, classes) of each item by the calibrator of all folds but its own."""
    found = np.empty_like(logits)
    for fold in np.unique(folds):
        own = folds == fold
        fitted = fit_calibrator(kind, logits[~own], labels[~own])
        found[own] = fitted.probabilities(logits[own])
    return found
