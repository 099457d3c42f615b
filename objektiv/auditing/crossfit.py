"""Judge every item by a head that has seen neither it, nor its group, nor its copies.

In: columns, labels and what belongs together. Out: the fold of each item, and out-of-fold
probabilities of each class. Suspicious labels and shortcut probes are both read from these.
Try: `out_of_fold(x, Truth(labels, assign_folds(items, labels), classes), [np.ones(columns)])`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.data.clusters import find_clusters
from objektiv.judging.calibration import fit_temperature, softmax
from objektiv.models.choose import Truth
from objektiv.models.heads import Task, Variant, logistic

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

FOLDS = 5
STRENGTH = 1.0  # C times columns: weak, so that wrong labels are not learnt; docs/lab_log.md


def assign_folds(items: pl.DataFrame, labels: Ints, *, seed: int = 0) -> Ints:
    """The fold 0..4 of each item, clusters whole, each class spread as evenly as they allow.

    Unlike `data.split` this never refuses: a class of two clusters is in two folds. `items` has
    the columns that `data.clusters` reads; `labels` (items,) count from 0.
    """
    clusters = find_clusters(items)
    counts = np.zeros((int(clusters.max()) + 1, int(labels.max()) + 1))
    np.add.at(counts, (clusters, labels), 1)
    sizes = counts.sum(axis=1)
    weight = 1 / np.maximum(counts.sum(axis=0), 1)  # a rare class weighs as much as a common one
    rng = seeds.generator(seed, "audit folds")
    fold = np.full(len(counts), -1, np.int64)
    held = np.zeros((FOLDS, counts.shape[1]))
    several = np.flatnonzero(sizes > 1)
    for cluster in several[np.argsort(-sizes[several] - rng.random(len(several)))]:
        row = counts[cluster]
        cost = (weight * row * (2 * held + row)).sum(axis=1)
        fold[cluster] = int(np.lexsort((held.sum(axis=1), np.round(cost, 9)))[0])
        held[fold[cluster]] += row
    for label in range(counts.shape[1]):
        lone = np.flatnonzero((sizes == 1) & (counts[:, label] > 0))
        fold[rng.permutation(lone)] = _levelled(held[:, label], len(lone))
    return fold[clusters]


def _levelled(held: NDArray[np.float64], number: int) -> Ints:
    """Folds for so many lone items, so that all hold as equally many as can be."""
    levels = held[:, None] + np.arange(number)
    return np.argsort(levels.T, axis=None, kind="stable")[:number] % len(held)


def out_of_fold(
    x: Floats, truth: Truth, importances: Sequence[Floats], *, strength: float = STRENGTH
) -> list[NDArray[np.float64]]:
    """Probabilities (items, classes) for each importance of the columns of x, (columns,).

    Each item is judged by the head that left its fold out. Classes count the same whatever their
    size. The temperature is fitted on these very predictions: one number for all items.
    """
    numbers = np.unique(truth.folds)
    own, rows = np.searchsorted(numbers, truth.folds), np.arange(len(x))
    fitted = truth.folds[None, :] != numbers[:, None]
    x = np.ascontiguousarray(x, np.float32)
    task = Task(x, truth.labels, len(truth.classes), fitted, balanced=True)
    found = []
    for fit in logistic(task, [Variant(importance, strength) for importance in importances]):
        logits = fit.linear.logits(x)[own, rows].astype(np.float64)
        found.append(softmax(logits, temperature=fit_temperature(logits, truth.labels)))
    return found
