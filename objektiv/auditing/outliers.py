"""Outliers: pictures unlike all others, such as a slide's label or a blank among cells.

In: the columns a model sees. Out: how far each item is from its fifth nearest among a sample, and
which are too far. Measured in standardised columns, projected on 256 random directions, which
keeps distances (Johnson and Lindenstrauss); a sample as reference is as good as all items and
makes the time linear (Sugiyama and Borgwardt, Rapid distance-based outlier detection via sampling,
NeurIPS 2013). docs/lab_log.md has what was tried on planted junk.
Try: `find_outliers(ids, matrix(features, blocks))`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.auditing.findings import Finding, counted, examples
from objektiv.base import seeds

Floats = NDArray[np.float32]

DIRECTIONS = 256
NEIGHBOUR = 5  # the first would miss five pictures of junk that are alike
REFERENCE = 2_000  # items
FAR = 4.0  # deviations of the logarithm, measured by quartiles
FEWEST = 30  # items; below, nothing can be called usual
TINY = 1e-6
ROWS = 8_192  # distances computed at once, 64 MB


def find_outliers(ids: Sequence[str], x: Floats) -> pl.DataFrame:
    """A row an item, the farthest first: id, distance, far (deviations above the usual), flagged.

    `x` (items, columns). Distances are relative to their median.
    """
    distance = _distances(_projected(x))
    logs = np.log(np.maximum(distance, TINY))
    low, middle, high = np.quantile(logs, (0.25, 0.5, 0.75))
    far = (logs - middle) / max((high - low) / 1.349, TINY)  # a normal's quartiles
    enough = len(ids) >= FEWEST
    table = pl.DataFrame(
        {
            "id": list(ids),
            "distance": np.exp(logs - middle),
            "far": far,
            "flagged": (far > FAR) & enough,
        }
    )
    return table.sort("far", descending=True, maintain_order=True)


def _projected(x: Floats) -> Floats:
    """The standardised columns on random directions, (items, DIRECTIONS)."""
    rng = seeds.generator(0, "outlier directions")
    directions = rng.standard_normal((x.shape[1], DIRECTIONS), np.float32)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    # A column that hardly varies tells nothing, and dividing by its deviation would tell noise.
    scaled = directions * np.where(deviation > TINY, 1 / (deviation + TINY), 0)[:, None]
    scaled = scaled.astype(np.float32)
    return np.asarray(x @ scaled - mean @ scaled, np.float32)


def _distances(x: Floats) -> NDArray[np.float64]:
    """Of each item to its NEIGHBOUR-th nearest in a sample without itself, (items,)."""
    chosen = seeds.generator(0, "outlier reference").permutation(len(x))[:REFERENCE]
    reference = x[chosen]
    place = np.full(len(x), -1)
    place[chosen] = np.arange(len(chosen))
    lengths = np.square(reference).sum(axis=1)
    nearest = min(NEIGHBOUR, len(chosen) - 1) - 1
    found = np.zeros(len(x))
    for start in range(0, len(x) if nearest >= 0 else 0, ROWS):
        rows = x[start : start + ROWS]
        square = np.square(rows).sum(axis=1)[:, None] - 2 * rows @ reference.T + lengths
        own = place[start : start + ROWS]
        square[np.flatnonzero(own >= 0), own[own >= 0]] = np.inf
        near = np.partition(square, nearest, axis=1)[:, nearest]
        found[start : start + ROWS] = np.sqrt(np.maximum(near, 0))
    return found


def outliers_finding(outliers: pl.DataFrame) -> Finding | None:
    """One finding of all flagged items, or None."""
    flagged = outliers.filter("flagged")
    if flagged.is_empty():
        return None
    first = flagged.row(0, named=True)
    evidence = (
        f"{counted(len(flagged), 'picture')} of {len(outliers):,} "
        f"{'lies' if len(flagged) == 1 else 'lie'} far from all others in what the network sees: "
        f"{examples(flagged['id'])}. The farthest is {first['distance']:.1f} times as far from its "
        "neighbours as is usual. Junk, another camera, or just rare: look."
    )
    return Finding(
        "outliers",
        "note",
        "Pictures unlike all others",
        evidence,
        flagged,
        "objektiv check {data} --fix",
    )
