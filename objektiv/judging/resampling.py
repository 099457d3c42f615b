"""Scores of data drawn again: whole groups with replacement, thousands of times, at once.

In: Predictions and a seed. Out: each score of each draw. It gives the interval of the calibration
error, which has no closed one, and shows whether the closed ones of all others are right.
With few groups plain percentiles are too narrow (docs/decisions/intervals.md), so they are widened.
Try: `draws(predictions.only("test"), positive="ill")["macro_f1"].std()`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.base.language import say
from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import BINS, calibration_error, confidence_bins
from objektiv.judging.predictions import Predictions
from objektiv.judging.spread import FEW_GROUPS, student_quantile
from objektiv.judging.threshold import chances

DRAWS = 2_000
CHUNK = 1 << 22  # numbers held at once
AT_ONCE = 1 << 15  # of those that a core keeps near; 2.5 times as fast as CHUNK
Numbers = NDArray[np.float64]


def draws(
    predictions: Predictions, *, positive: str | None = None, count: int = DRAWS, seed: int = 0
) -> dict[str, Numbers]:
    """Scores of `count` draws, (count,) each; NaN where a draw lacks what a score needs.

    Groups are drawn with replacement, items where there are no groups. Names: accuracy,
    balanced_accuracy, log_loss, brier, calibration_error, macro_f1, recall:CLASS, precision:CLASS,
    f1:CLASS, and with a positive class auc and average_precision.
    """
    unit = predictions.group_numbers
    unit = np.arange(len(predictions)) if unit is None else unit
    sums = _sums(predictions, unit)
    ranked = _Ranked(predictions, unit, positive) if positive else None
    found: dict[str, list[Numbers]] = {}
    for weights in _weights(int(unit.max()) + 1, len(predictions), count, seed):
        scores = _scores(weights @ sums, predictions.classes)
        if ranked:
            scores |= ranked.areas(weights)
        for name, values in scores.items():
            found.setdefault(name, []).append(values)
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _weights(units: int, items: int, count: int, seed: int) -> Iterator[Numbers]:
    """How often each group is in each draw, (draws, units), some draws at a time."""
    rng = seeds.generator(seed, "resampling")
    step = max(1, CHUNK // max(units, items))
    for start in range(0, count, step):
        rows = min(step, count - start)
        drawn = rng.integers(0, units, (rows, units)) + units * np.arange(rows)[:, None]
        times = np.bincount(drawn.ravel(), minlength=rows * units)
        yield times.reshape(rows, units).astype(np.float64)


def _added(unit: NDArray[np.int64], values: Numbers | None = None) -> Numbers:
    """What each unit adds to a sum, (units, 1); without values, its items."""
    return np.bincount(unit, values)[:, None].astype(np.float64)


def _added_by(
    unit: NDArray[np.int64], kind: NDArray[np.int64], kinds: int, values: Numbers | None = None
) -> Numbers:
    """What each unit adds to the sum of each kind, (units, kinds)."""
    units = int(unit.max()) + 1
    found = np.bincount(unit * kinds + kind, values, minlength=units * kinds)
    return found.reshape(units, kinds).astype(np.float64)


def _gaps(predictions: Predictions, unit: NDArray[np.int64]) -> Numbers:
    """Right ones minus confidence in each bin, (units, BINS)."""
    confidence = predictions.probabilities.max(axis=1)
    gap = predictions.correct - confidence
    return _added_by(unit, confidence_bins(confidence, BINS), BINS, gap)


def _sums(predictions: Predictions, unit: NDArray[np.int64]) -> Numbers:
    """What each unit adds to the sums that scores are made of, (units, sums)."""
    classes, labels, said = len(predictions.classes), predictions.labels, predictions.predicted
    losses = -predictions.log_probabilities[np.arange(len(labels)), labels]
    squares = ((predictions.probabilities - np.eye(classes)[labels]) ** 2).sum(axis=1)
    parts = [
        _added(unit),
        _added(unit, losses),
        _added(unit, squares),
        _gaps(predictions, unit),
        _added_by(unit, labels, classes, predictions.correct.astype(np.float64)),
        _added_by(unit, labels, classes),
        _added_by(unit, said, classes),
    ]
    return np.concatenate(parts, axis=1)


def _scores(sums: Numbers, classes: tuple[str, ...]) -> dict[str, Numbers]:
    """Every score that is made of sums; `sums`: (draws, sums) as `_sums` has them."""
    ends = np.cumsum([1, 1, 1, BINS, len(classes), len(classes)])
    items, loss, square, gaps, hits, support, said = np.split(sums, ends, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):  # what is 0 / 0 is told as NaN
        recall, precision, f1 = hits / support, hits / said, 2 * hits / (support + said)
        found = {
            "accuracy": hits.sum(axis=1) / items[:, 0],
            "balanced_accuracy": _mean(recall),
            "macro_f1": _mean(f1),
            "log_loss": loss[:, 0] / items[:, 0],
            "brier": square[:, 0] / items[:, 0],
            "calibration_error": np.abs(gaps).sum(axis=1) / items[:, 0],
        }
    for k, name in enumerate(classes):
        found |= {f"recall:{name}": recall[:, k], f"precision:{name}": precision[:, k]}
        found[f"f1:{name}"] = f1[:, k]
    return found


def _mean(values: Numbers) -> Numbers:
    """Mean over classes of those that are defined; (draws, classes)."""
    there = ~np.isnan(values)
    return np.asarray(np.where(there, values, 0).sum(axis=1) / there.sum(axis=1))


class _Ranked:
    """Items in the order of their probability, the highest first, for areas below curves."""

    def __init__(self, predictions: Predictions, unit: NDArray[np.int64], positive: str) -> None:
        scores = chances(predictions, positive)
        order = np.argsort(-scores, kind="stable")
        self._unit = unit[order]
        self._truth = (predictions.labels == predictions.classes.index(positive))[order]
        self._truth = self._truth.astype(np.float64)
        # the first item of each probability: what ties is called together
        self._starts = np.flatnonzero(np.append(True, np.diff(scores[order]) != 0))

    def areas(self, weights: Numbers) -> dict[str, Numbers]:
        """AUC and average precision of each draw, (draws,)."""
        step = max(1, AT_ONCE // len(self._unit))
        parts = [self._areas(weights[k : k + step]) for k in range(0, len(weights), step)]
        pairs, area = np.concatenate(parts, axis=1)
        return {"auc": pairs, "average_precision": area}

    def _areas(self, weights: Numbers) -> Numbers:
        """(2, draws)"""
        own = weights[:, self._unit]
        hits = own * self._truth
        alarms = own - hits
        if len(self._starts) < len(self._unit):
            hits = np.add.reduceat(hits, self._starts, axis=1)
            alarms = np.add.reduceat(alarms, self._starts, axis=1)
        found, wrong = hits.cumsum(axis=1), alarms.cumsum(axis=1)
        positives, others = found[:, -1], wrong[:, -1]
        with np.errstate(invalid="ignore", divide="ignore"):
            pairs = np.einsum("dk,dk->d", alarms, found - hits / 2) / (positives * others)
            # where nothing is drawn yet the share is 0 / 0, and counts for nothing
            precision = found / np.maximum(found + wrong, 1)
            return np.stack([pairs, np.einsum("dk,dk->d", hits, precision) / positives])


def calibration_range(predictions: Predictions, *, seed: int = 0) -> Interval:
    """The calibration error with the interval of its draws.

    Drawing adds to this error, as every accident does, so the draws lie too high by as much as
    the error itself does; both are taken off by turning them round the estimate. Percentiles are
    widened as a t quantile is (T. Hesterberg, Am. Stat. 69 (2015) 371).
    """
    estimate, unit = calibration_error(predictions), predictions.group_numbers
    lone = unit is not None and not unit.any()
    if len(predictions) < 2:
        told = say("one item tells nothing of calibration")
        return Interval(estimate, 0.0, 1.0, "none", None, told)
    alone = unit is None or lone  # one group drawn again is always the same: its items have to do
    if unit is None or alone:
        unit = np.arange(len(predictions))
    sizes = np.bincount(unit).astype(np.float64)
    freedom = sizes.sum() ** 2 / (sizes @ sizes) - 1
    sums = np.concatenate([_added(unit), _gaps(predictions, unit)], axis=1)
    drawn = [w @ sums for w in _weights(len(sizes), len(predictions), DRAWS, seed)]
    items, gaps = np.split(np.concatenate(drawn), [1], axis=1)
    tail = _normal_tail(student_quantile(max(freedom, 4)) * math.sqrt((freedom + 1) / freedom))
    low, high = np.quantile(np.abs(gaps).sum(axis=1) / items[:, 0], [tail, 1 - tail])
    warning: str | None = None
    if lone:
        warning = say("all items are of one group: how groups differ was not measured")
    if not alone and len(sizes) < FEW_GROUPS:
        warning = say(
            "only {groups} groups: collect at least {few} to trust the interval",
            groups=len(sizes),
            few=FEW_GROUPS,
        )
    return Interval(
        estimate,
        low=float(np.clip(2 * estimate - high, 0, estimate)),
        high=float(np.clip(2 * estimate - low, estimate, 1)),
        method="drawn again" if alone else "groups drawn again",
        groups=1 if lone else None if alone else len(sizes),
        warning=warning,
    )


def _normal_tail(quantile: float) -> float:
    """Share of a normal distribution beyond this quantile, one side."""
    return math.erfc(quantile / math.sqrt(2)) / 2
