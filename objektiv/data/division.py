"""Divide a pool of items among parts or folds by their clusters, or say why that cannot be.

In: a Pool (items, clusters, labels), ratios, a generator. Out: the place of each item (0, 1, ...).
Every place gets every class, and no place less than half of what was asked for it.
Try: `into_parts(Pool.of(dataset), {"train": 0.6, "validation": 0.2, "test": 0.2}, rng=rng)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from objektiv.base import seeds
from objektiv.base.errors import DataError
from objektiv.data.apportion import apportion
from objektiv.data.clusters import EXAMPLES, Ints, find_clusters, kinds
from objektiv.data.dataset import Dataset
from objektiv.data.settings import SplitSettings

LEAST = 0.5  # of the items asked for a part; below it the ratios are a fiction


@dataclass(frozen=True, eq=False)
class Pool:
    """Items to be divided; `clusters` and `labels` number them, (items,) each."""

    items: pl.DataFrame
    clusters: Ints
    labels: Ints

    @classmethod
    def of(cls, dataset: Dataset) -> Pool:
        """Every item of a dataset."""
        index = {name: number for number, name in enumerate(dataset.classes)}
        labels = np.array([index[label] for label in dataset.items["label"]], dtype=np.int64)
        return cls(dataset.items, find_clusters(dataset.items), labels)

    def rows(self, rows: Ints) -> Pool:
        """Some of the items, by their places."""
        return Pool(self.items[rows], self.clusters[rows], self.labels[rows])

    def counts(self) -> tuple[Ints, Ints]:
        """Items of each class in each cluster, (clusters, classes), and the row of each item."""
        _, clusters = np.unique(self.clusters, return_inverse=True)
        _, labels = np.unique(self.labels, return_inverse=True)
        counts = np.zeros((int(clusters.max()) + 1, int(labels.max()) + 1), dtype=np.int64)
        np.add.at(counts, (clusters, labels), 1)
        return counts, clusters


def into_parts(pool: Pool, ratios: Mapping[str, float], *, rng: np.random.Generator) -> Ints:
    """The number of the part of each item, in the order of `ratios` from part to share.

    Raises:
        DataError: a part would lack a class, or a cluster is too large for the ratios.
    """
    chosen = _divide(pool, list(ratios.values()), rng=rng)
    if chosen is None:
        raise _too_few(pool, places=list(ratios))
    _refuse_lopsided(pool, chosen, ratios)
    return chosen


def into_folds(pool: Pool, settings: SplitSettings, *, repeat: int = 0) -> Ints:
    """The fold of each item; as many folds as each class has clusters, at most `settings.folds`.

    Another `repeat` draws other folds.

    Raises:
        DataError: not even two folds can hold every class.
    """
    classes = np.unique(pool.labels)
    most = min(len(np.unique(pool.clusters[pool.labels == label])) for label in classes)
    for count in range(min(settings.folds, most), 1, -1):
        again = ("repeat", repeat) if repeat else ()
        rng = seeds.generator(settings.seed, "folds", count, *again)
        chosen = _divide(pool, [1 / count] * count, rng=rng)
        if chosen is not None:
            return chosen
    raise _too_few(pool, places=["one fold", "another"])


def _divide(pool: Pool, ratios: Sequence[float], *, rng: np.random.Generator) -> Ints | None:
    """The number of the place of each item; None where a place would lack a class."""
    counts, clusters = pool.counts()
    places = apportion(counts, ratios, rng=rng)
    return None if places is None else places[clusters]


def _refuse_lopsided(pool: Pool, chosen: Ints, ratios: Mapping[str, float]) -> None:
    """Refuse parts that a few large clusters made other than they were asked for."""
    total = len(chosen)
    asked = np.array(list(ratios.values())) / sum(ratios.values())
    got = np.bincount(chosen, minlength=len(ratios))
    sizes = np.bincount(pool.clusters)
    largest = int(sizes.max())
    if largest == 1 or (got >= LEAST * asked * total).all():
        return
    shown = zip(ratios, got / total, asked, strict=True)
    first = pool.items[int(np.flatnonzero(pool.clusters == sizes.argmax())[0])]
    what = "set of copies" if first["group"][0] is None else "group"
    name = first["group"][0] or first["id"][0]
    raise DataError(
        f"the {kinds(pool.items)} cannot be divided at the asked ratio",
        value=", ".join(f"{name} would get {g:.1%} for {a:.1%}" for name, g, a in shown)
        + f"; the largest {what} ({name}) holds {largest:,} of {total:,} images",
        allowed=f"Groups and copies stay whole, and each part gets at least {LEAST:.0%} of its "
        "share",
        next="ask for other --ratios, add images of other groups, or group differently",
    )


def _too_few(pool: Pool, *, places: Sequence[str]) -> DataError:
    items = pool.items.with_columns(pl.Series("cluster", pool.clusters))
    what = kinds(items)
    counts = dict(items.group_by("label").agg(pl.col("cluster").n_unique()).iter_rows())
    rarest = sorted(counts, key=lambda name: (counts[name], name))[: 2 * EXAMPLES]
    enough = "enough, but overlapping so" if min(counts.values()) >= len(places) else "too few"
    return DataError(
        f"the {what} of a class are {enough} that {', '.join(places)} cannot each hold every class",
        value=", ".join(f"{name} has {counts[name]} {what}" for name in rarest),
        allowed=f"Each class needs at least {len(places)} {what} for {', '.join(places)}",
        next="add images of the rare class or take its folder away"
        + ", or group differently with --group" * (what == "groups"),
    )
