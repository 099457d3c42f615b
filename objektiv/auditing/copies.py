"""Copies: exact ones by hash. A stand-in until the search for near copies takes its place.

In: the items of a Dataset with facts. Out: pairs of ids, and the set of copies each id is in.
Try: `find_copies(features, dataset.items, settings)`.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from objektiv.auditing.settings import CheckSettings
from objektiv.base.progress import Progress
from objektiv.features.look import Features

PAIRS = {"a": pl.String, "b": pl.String, "similarity": pl.Float64, "pixels": pl.Float64}


def find_copies(
    features: Features,
    table: pl.DataFrame,
    settings: CheckSettings,
    *,
    max_pixels: int | None = None,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """Pairs of copies: a, b (ids), similarity, pixels."""
    sets = table.group_by("hash", maintain_order=True).agg("id").filter(pl.col("id").list.len() > 1)
    rows = [(ids[0], other, 1.0, 1.0) for ids in sets["id"].to_list() for other in ids[1:]]
    return pl.DataFrame(rows, schema=PAIRS, orient="row")


def clusters_of(pairs: pl.DataFrame, ids: Sequence[str]) -> list[str | None]:
    """The name of each id's set of copies, or None."""
    names: dict[str, str] = {}
    for a, b in pairs.select("a", "b").iter_rows():
        names[b] = names.setdefault(a, a)
    return [names.get(id) for id in ids]
