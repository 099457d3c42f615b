"""A map of the pictures: those that the network sees alike lie near each other.

In: features from the bank. Out: a place for each item of a sample. Deep features are standardised,
reduced to 50 by principal components, then laid out by t-SNE (van der Maaten and Hinton, 2008).
Labels have no say, so clusters by class are a finding (docs/decisions/feature-map.md: why this).
Distances between far clusters mean nothing.
Try: `feature_map(seen.features, seen.dataset.items["label"].to_list(), seed=1337)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from objektiv.base import seeds
from objektiv.features.descriptors import COLOURS
from objektiv.features.look import SIZE, Features

SAMPLE = 1_000  # items; 1,500 take twice as long and show nothing more
LATE = 4  # blocks, the deepest; with the early ones too, classes lie a little less apart
COMPONENTS = 50
PERPLEXITY = 30
STEPS = 500  # of t-SNE; 1,000 move nothing that the eye sees
FEWEST = 10  # items; fewer are shown by their first two components


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """`places` float64 (sample, 2), from 0 to 1 along each axis, in the order of `ids`."""

    ids: tuple[str, ...]
    places: NDArray[np.float64]
    method: str  # as a reader is told it
    items: int  # from which the sample was drawn


def feature_map(features: Features, labels: Sequence[str], *, seed: int) -> FeatureMap:
    """The map of at most SAMPLE items, drawn so that each class keeps its share.

    The same features and seed give the same map on the same machine. `labels`: of all items; they
    decide the sample only.
    """
    # Imported here: it takes a second, and other steps do not need it.
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    rows = _sample(labels, seed=seed)
    values = _standardised(features, rows)
    ids, method = tuple(features.ids[row] for row in rows), "principal components"
    if not values.any():  # one picture, or copies of one: there is nothing to lay out
        return FeatureMap(ids, _unit(values), method, len(features.ids))
    # One thread: sums come in one order, and waiting threads of a busy machine cost more than
    # they bring (70 s for 1,000 items instead of 3).
    with threadpool_limits(1):
        width = min(COMPONENTS, *values.shape, max(1, len(rows) - 1))
        pca = PCA(width, svd_solver="randomized", random_state=seed)
        places = np.asarray(pca.fit_transform(values), np.float64)
        if len(rows) >= FEWEST:
            nearby = min(PERPLEXITY, (len(rows) - 1) / 3)
            tsne = TSNE(perplexity=nearby, max_iter=STEPS, init="pca", random_state=seed)
            places = np.asarray(tsne.fit_transform(places), np.float64)
            method = "t-SNE of 50 principal components"
    return FeatureMap(ids, _unit(places), method, len(features.ids))


def _sample(labels: Sequence[str], *, seed: int) -> NDArray[np.int64]:
    """Row numbers, ascending; every k-th of the items sorted by class and shuffled within."""
    shuffled = seeds.generator(seed, "feature map").permutation(len(labels))
    if len(labels) > SAMPLE:
        by_class = shuffled[np.argsort(np.array(labels, dtype=object)[shuffled], kind="stable")]
        every = np.linspace(0, len(labels), SAMPLE, endpoint=False).astype(np.int64)
        shuffled = by_class[every]
    return np.sort(shuffled)


def _standardised(features: Features, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """What the network's deepest blocks say of `rows`, each column with mean 0 and deviation 1."""
    deep = [b for b in features.blocks if b.name not in (COLOURS, SIZE)][-LATE:]
    values = np.hstack([features.values[rows, b.start : b.stop] for b in deep])
    spread = values.std(axis=0)
    # A column that hardly moves is rounding; blown up, it would count like any other.
    floor = 1e-3 * np.abs(values).max(axis=0) + 1e-12
    scaled: NDArray[np.float32] = (values - values.mean(axis=0)) / np.maximum(spread, floor)
    return scaled


def _unit(places: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Two columns, each stretched to 0..1; a single place lies in the middle."""
    two = np.zeros((len(places), 2))
    two[:, : min(2, places.shape[1])] = places[:, :2]
    low, span = two.min(axis=0), np.ptp(two, axis=0)
    return np.where(span > 0, (two - low) / np.where(span > 0, span, 1), 0.5)
