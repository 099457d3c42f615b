"""Which training pictures a picture is like: the nearest of all, and of every other class.

In: the features that a run learnt from, with their labels, and features of other pictures. Out:
rows with their distance. It is measured in the space that a probe reads (models/model.matrix): the
blocks of the network, each of length 1. 0 is the same picture, 1 one that shares nothing with it.
The plain colour numbers are left out: they have units of their own, and would decide alone.
Try: `Neighbours(features, labels).of(features.of(["a.png"]), 4)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from objektiv.features.look import Features
from objektiv.models.model import PLAIN, matrix

CHUNK = 2048  # training pictures compared at a time


@dataclass(frozen=True)
class Neighbour:
    """A training picture and how far it is, 0 to 1."""

    id: str
    label: str
    distance: float


@dataclass(frozen=True)
class Pair:
    """Two pictures of different classes that are nearer than most: where classes are confused."""

    first: Neighbour
    second: Neighbour


class Neighbours:
    """The training pictures of a run, to compare others with."""

    def __init__(self, features: Features, labels: Sequence[str], blocks: Sequence[str]) -> None:
        """`labels` (items,); `blocks` of the network, as the probe reads them."""
        self._ids, self._labels = features.ids, np.array(labels)
        self._blocks = [name for name in blocks if name not in PLAIN]
        self._x = self._space(features)

    def _space(self, features: Features) -> NDArray[np.float32]:
        return matrix(features, self._blocks)

    def of(self, features: Features, count: int) -> list[list[Neighbour]]:
        """The `count` nearest of each item, nearest first; the item itself is left out."""
        return [self._first(row, own, count) for row, own in self._rows(features)]

    def of_others(
        self, features: Features, labels: Sequence[str], count: int
    ) -> list[dict[str, list[Neighbour]]]:
        """The `count` nearest of each class but an item's own (`labels`), by class."""
        classes = sorted(set(self._labels.tolist()))
        return [
            {
                name: self._first(np.where(self._labels == name, row, np.inf), own, count)
                for name in classes
                if name != label
            }
            for (row, own), label in zip(self._rows(features), labels, strict=True)
        ]

    def confused(self, features: Features, labels: Sequence[str], count: int) -> list[Pair]:
        """The `count` items whose nearest picture of another class is nearest, with it."""
        pairs = []
        for (row, own), label in zip(self._rows(features), labels, strict=True):
            other = np.where(self._labels != label, row, np.inf)
            nearest = self._first(other, own, 1)
            pairs += [Pair(Neighbour(own, label, 0.0), one) for one in nearest]
        return sorted(pairs, key=lambda pair: pair.second.distance)[:count]

    def _rows(self, features: Features) -> list[tuple[NDArray[np.float32], str]]:
        x = self._space(features)
        longest = 2 * len(self._blocks)  # squared distance of pictures that share nothing
        found = []
        for one, id in zip(x, features.ids, strict=True):
            parts = (self._x[start : start + CHUNK] for start in range(0, len(self._x), CHUNK))
            squares = np.concatenate([np.square(part - one).sum(axis=1) for part in parts])
            found.append((np.sqrt(squares / longest), id))
        return found

    def _first(self, row: NDArray[np.float32], own: str, count: int) -> list[Neighbour]:
        order = np.argsort(row, kind="stable")[: count + 1]
        chosen = [k for k in order if self._ids[k] != own and np.isfinite(row[k])][:count]
        return [Neighbour(self._ids[k], str(self._labels[k]), float(row[k])) for k in chosen]
