"""Divide clusters of items among parts so that sizes and class shares come near the ratios.

In: how many items of each class every cluster holds (a cluster is a patient, a set of exact copies,
or one lone item), the ratios of the parts, a generator. Out: the part of each cluster. Clusters of
several items are placed greedily and then moved while that helps (the idea of scikit-learn's
StratifiedGroupKFold, for unequal ratios); lone items fill up what is missing, exactly.
Try: `apportion(np.ones((10, 1), int), (0.6, 0.2, 0.2), rng=np.random.default_rng(0))`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

EMPTY = 1e6  # cost of a class that is missing in a part: more than any deviation of shares
WORK = 2000  # clusters placed in all tries together; many clusters need few tries
TRIES = 20
JITTER = 0.3  # spread of log size in the order of placing, so that tries and seeds differ


def largest_remainder(total: int, shares: Floats, *, filled: Floats | None = None) -> Ints:
    """Whole numbers near `total * shares` that sum to `total`.

    Each is rounded down; the largest remainders get one more. Equal remainders go to the part
    with the smallest `filled`, then to the first (Hamilton's method of apportionment).
    """
    exact = total * shares
    whole = np.floor(exact + 1e-9).astype(np.int64)
    remainder = np.round(exact - whole, 9)
    order = np.lexsort((np.zeros(len(shares)) if filled is None else filled, -remainder))
    whole[order[: total - int(whole.sum())]] += 1
    return whole


def apportion(counts: Ints, ratios: Sequence[float], *, rng: np.random.Generator) -> Ints | None:
    """The part (0, 1, ...) of each cluster, or None where no division gives each part each class.

    `counts` is (clusters, classes), items of a class in a cluster; `ratios` sum to 1.
    """
    shares = np.asarray(ratios, dtype=np.float64) / sum(ratios)
    parts = np.full(len(counts), -1, dtype=np.int64)
    lone = counts.sum(axis=1) == 1
    big = np.flatnonzero(~lone)
    if len(big):
        lonely = counts[lone].sum(axis=0)
        placed = _Placing(counts[big], counts.sum(axis=0), shares=shares, lone=lonely).best(rng)
        if placed is None:
            return None
        parts[big] = placed
    return parts if _fill(parts, counts, shares=shares, rng=rng) else None


class _Placing:
    """Clusters of several items being placed; arrays are (parts, classes and their total)."""

    def __init__(self, counts: Ints, totals: Ints, *, shares: Floats, lone: Ints) -> None:
        """`totals` counts all items per class, lone ones too; `lone` the lone ones."""
        self._shares = shares
        self._counts = np.column_stack([counts, counts.sum(axis=1)]).astype(np.float64)
        everything = np.append(totals, totals.sum()).astype(np.float64)
        self._target = np.outer(shares, everything)
        # Chi-square of each class divided by its size, so that a rare class weighs as much.
        self._weight = 1 / np.maximum(self._target * everything, 1e-12)
        self._has = (counts > 0).astype(np.float64)
        self._needed = len(shares) - lone  # in so many parts clusters must hold the class

    def best(self, rng: np.random.Generator) -> Ints | None:
        """The best of several seeded tries; where none holds each class, an exact search."""
        tries = max(1, min(TRIES, WORK // len(self._counts)))
        found = [self._improve(self._greedy(rng)) for _ in range(tries)]
        parts = min(found, key=self._cost)
        if not self._missing(parts):
            return parts
        exact = self._exact()
        return None if exact is None else self._improve(exact)

    def _greedy(self, rng: np.random.Generator) -> Ints:
        sizes = self._counts[:, -1] * np.exp(JITTER * rng.standard_normal(len(self._counts)))
        parts = np.full(len(self._counts), -1, dtype=np.int64)
        now = np.zeros_like(self._target)
        for cluster in np.argsort(-sizes, kind="stable"):
            row = self._counts[cluster]
            change = (self._weight * row * (row + 2 * (now - self._target))).sum(axis=1)
            part = int(np.lexsort((rng.random(len(change)), np.round(change, 12)))[0])
            parts[cluster] = part
            now[part] += row
        return parts

    def _sums(self, parts: Ints, rows: Floats) -> Floats:
        return np.stack([rows[parts == part].sum(axis=0) for part in range(len(self._shares))])

    def _improve(self, parts: Ints) -> Ints:
        """Move one cluster at a time, the most useful move first, while one helps."""
        parts = parts.copy()
        for _ in range(4 * len(parts)):
            change = self._changes(parts)
            cluster, part = divmod(int(np.argmin(change)), len(self._shares))
            if change[cluster, part] > -1e-9:
                break
            parts[cluster] = part
        return parts

    def _changes(self, parts: Ints) -> Floats:
        """How the cost changes when a cluster moves to a part; (clusters, parts)."""
        every = np.arange(len(parts))
        excess = self._sums(parts, self._counts) - self._target
        held = self._sums(parts, self._has)
        square = self._counts**2 @ self._weight.T
        linear = 2 * self._counts @ (self._weight * excess).T
        covered = (held > 0).sum(axis=0)
        fills = EMPTY * (self._has @ ((held == 0) & (covered < self._needed)).T)
        empties = EMPTY * (self._has @ ((held == 1) & (covered <= self._needed)).T)[every, parts]
        leaving = (square - linear)[every, parts] + empties
        change = square + linear - fills + leaving[:, None]
        change[every, parts] = 0.0
        return np.asarray(change, dtype=np.float64)

    def _missing(self, parts: Ints) -> int:
        """Places (part, class) that neither clusters nor lone items can fill."""
        covered = (self._sums(parts, self._has) > 0).sum(axis=0)
        return int(np.maximum(self._needed - covered, 0).sum())

    def _cost(self, parts: Ints) -> float:
        excess = self._sums(parts, self._counts) - self._target
        return float((self._weight * excess**2).sum()) + EMPTY * self._missing(parts)

    def _exact(self) -> Ints | None:
        """Any division in which each class is everywhere, by integer programming.

        Unknowns: x[cluster, part] and y[part, class], 1 where clusters bring a class to a part.
        """
        # Hardly a data set needs this, and importing it takes a third of a second.
        from scipy.optimize import LinearConstraint, milp
        from scipy.sparse import block_array, csr_array, eye_array, kron

        parts, (clusters, classes) = len(self._shares), self._has.shape
        once = kron(eye_array(clusters), np.ones((1, parts)))
        brought = kron(csr_array(self._has.T), eye_array(parts))  # rows: class, then part
        enough = kron(eye_array(classes), np.ones((1, parts)))
        matrix = block_array(
            [[once, None], [brought, -eye_array(classes * parts)], [None, enough]], format="csr"
        )
        low = [np.ones(clusters), np.zeros(classes * parts), np.maximum(self._needed, 0)]
        high = [np.ones(clusters), np.full(classes * parts + classes, np.inf)]
        found = milp(
            np.zeros(matrix.shape[1]),
            integrality=np.ones(matrix.shape[1]),
            bounds=(0, 1),
            constraints=LinearConstraint(matrix, np.concatenate(low), np.concatenate(high)),
        )
        if found.x is None:
            return None
        return np.asarray(found.x[: clusters * parts].reshape(clusters, parts).argmax(axis=1))


def _fill(parts: Ints, counts: Ints, *, shares: Floats, rng: np.random.Generator) -> bool:
    """Give the lone items (part -1) of each class to the parts that lack it; False if too few."""
    filled = np.zeros(len(shares))
    placed = parts >= 0
    for label in range(counts.shape[1]):
        column = counts[:, label]
        here = np.bincount(parts[placed], column[placed], len(shares)).astype(np.float64)
        lone = np.flatnonzero(~placed & (column > 0))
        lack = np.maximum(shares * column.sum() - here, 0)
        lack = lack / lack.sum() if lack.sum() else shares
        quota = largest_remainder(len(lone), lack, filled=filled - shares * filled.sum())
        if not _spread(quota, here):
            return False
        filled += here + quota
        parts[rng.permutation(lone)] = np.repeat(np.arange(len(shares)), quota)
    return True


def _spread(quota: Ints, here: Floats) -> bool:
    """Take from full parts, in place, until no part is empty; False if that cannot be."""
    while len(empty := np.flatnonzero(quota + here == 0)):
        spare = np.where(here > 0, quota, quota - 1)
        giver = int(np.argmax(np.where(spare > 0, quota, -1)))
        if spare[giver] <= 0:
            return False
        quota[giver] -= 1
        quota[empty[0]] += 1
    return True
