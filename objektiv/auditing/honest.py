"""What a random split would have claimed, beside what groups and copies kept whole say.

In: what was seen, SplitSettings and HeadSettings. Out: an Honest, or None where nothing belongs
together. Both judge every item out of fold with the same head at the same strength, one on folds
drawn image by image, the other on folds that keep clusters whole, so the difference is paired.
Try: `compare(seen, SplitSettings(), HeadSettings()).difference`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from objektiv.data.division import Pool, into_folds
from objektiv.data.settings import SplitSettings
from objektiv.features.look import Seen
from objektiv.judging.intervals import Interval, difference, proportion
from objektiv.models.choose import Truth, out_of_fold
from objektiv.models.settings import HeadSettings


@dataclass(frozen=True)
class Honest:
    """Accuracies of all items, out of fold; the intervals of the last two respect the clusters.

    `random` has the interval that a random split would claim: every image counts as independent.
    """

    random: Interval
    honest: Interval
    difference: Interval  # random minus honest
    items: int
    clusters: int
    folds: int


def compare(
    seen: Seen,
    splitting: SplitSettings,
    head: HeadSettings,
    *,
    advance: Callable[[], None] = lambda: None,
) -> Honest | None:
    """Judge both ways; `advance` is called after each of the two.

    Raises:
        DataError: not even two folds can hold every class.
    """
    pool = Pool.of(seen.dataset)
    clusters = int(pool.clusters.max()) + 1
    if clusters == len(pool.items):
        return None
    folds = into_folds(pool, splitting)
    count = int(folds.max()) + 1
    lone = replace(pool, clusters=np.arange(len(pool.items)))
    scattered = into_folds(lone, splitting.model_copy(update={"folds": count}))

    def right(folds: NDArray[np.int64], strength: float | None) -> tuple[float, NDArray[np.bool_]]:
        truth = Truth(pool.labels, folds, seen.dataset.classes)
        trial, logits = out_of_fold(seen.features, truth, settings=head, strength=strength)
        advance()
        return trial.strength, np.asarray(logits.argmax(axis=1) == pool.labels)

    strength, honest = right(folds, None)
    _, random = right(scattered, strength)
    return Honest(
        random=proportion(random, None),
        honest=proportion(honest, pool.clusters),
        difference=difference(random.astype(np.float64) - honest, pool.clusters),
        items=len(pool.items),
        clusters=clusters,
        folds=count,
    )
