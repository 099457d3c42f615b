"""Predictions of two classes, "ill" and "well", from probabilities of "ill" and the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from objektiv.base import seeds
from objektiv.judging.predictions import Predictions

CLASSES = ("ill", "well")


def ill_or_well(
    chances: Any,
    truth: Any,
    *,
    groups: Sequence[str | None] | None = None,
    parts: Sequence[str] | None = None,
) -> Predictions:
    """`chances`: (items,), probability of ill; `truth`: (items,), whether an item is ill."""
    values = np.asarray(chances, dtype=np.float64)
    rows = np.stack([values, 1 - values], axis=1)
    names = tuple(map(str, range(len(values))))
    return Predictions(
        ids=names,
        hashes=names,
        parts=tuple(parts or ("test",) * len(values)),
        folds=(None,) * len(values),
        groups=tuple(groups or (None,) * len(values)),
        labels=np.where(np.asarray(truth, dtype=bool), 0, 1),
        classes=CLASSES,
        logits=np.log(np.maximum(rows, 1e-12)),
        probabilities=rows,
    )


def drawn(
    seed: int, items: int, *, groups: int | None = None, ties: int | None = None
) -> Predictions:
    """Random ones; `ties`: number of different probabilities, else all differ."""
    rng = seeds.generator(seed, "ill or well")
    member = rng.integers(0, groups, items) if groups else None
    truth = rng.random(items) < 0.4
    truth[:2] = True, False
    shift = rng.normal(0, 0.7, groups)[member] if groups else 0.0
    values = 1 / (1 + np.exp(-(rng.normal(np.where(truth, 1.2, -1.2), 1.3) + shift)))
    if ties:
        values = np.round(values * ties) / ties
    return ill_or_well(values, truth, groups=None if member is None else [*map(str, member)])
