"""Find what belongs together: items of one group, exact copies of one file, and near copies.

In: the items of a Dataset (columns id, group; once the files were looked at, hash; once near
copies were searched, copy). Out: a cluster number per item; items joined directly or through
others share one.
Try: `find_clusters(read(settings).items)`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.base.errors import DataError

Ints = NDArray[np.int64]
EXAMPLES = 3
# Items of one value belong together; what several such values are called to people.
JOINING = {"group": "groups", "hash": "exact copies", "copy": "near copies"}


def find_clusters(items: pl.DataFrame) -> Ints:
    """The cluster of each item (items,), numbered from 0 in no particular order.

    A null group, hash or name of a set of near copies joins nothing.
    """
    keys = [_codes(items[name]) for name in JOINING if name in items.columns]
    clusters = np.arange(len(items))
    # Everybody takes the lowest number among those who share a key, until nobody changes.
    # SciPy's connected_components says the same, but importing it takes 0.2 to 0.3 s.
    while True:
        joined = clusters
        for rows, codes in keys:
            lowest = np.full(int(codes.max(initial=-1)) + 1, len(items))
            np.minimum.at(lowest, codes, joined[rows])
            joined = joined.copy()
            joined[rows] = lowest[codes]
        if np.array_equal(joined, clusters):
            return np.unique(clusters, return_inverse=True)[1].astype(np.int64)
        clusters = joined


def _codes(values: pl.Series) -> tuple[Ints, Ints]:
    """The rows that have a value, and the number of each one's value."""
    known = np.flatnonzero(values.is_not_null().to_numpy())
    ranks = values.drop_nulls().cast(pl.String).rank("dense")
    return known, ranks.to_numpy().astype(np.int64) - 1


def kinds(items: pl.DataFrame) -> str:
    """What a cluster is called to people: groups where there are any, else images."""
    return "groups" if items["group"].is_not_null().any() else "different images"


def refuse_straddling(items: pl.DataFrame, places: Sequence[str], *, next: str) -> None:
    """Refuse a division in which a group or a copy is in two places (parts, or parts and folds).

    Raises:
        DataError: with how many of each straddle, and up to three examples.
    """
    told, examples = [], []
    for column, word in JOINING.items():
        if column not in items.columns:
            continue
        torn = (
            items.select("id", pl.col(column).alias("key"), pl.Series("place", places))
            .filter(pl.col("key").is_not_null())
            .group_by("key", maintain_order=True)
            .agg("id", pl.col("place").unique(maintain_order=True), pl.col("place").alias("all"))
            .filter(pl.col("place").list.len() > 1)
        )
        if len(torn):
            told.append(f"{len(torn)} {word}")
        for row in torn.head(EXAMPLES).iter_rows(named=True):
            where = " and ".join(row["place"])
            other = _elsewhere(row["all"])
            pair = f"{row['id'][0]} = {row['id'][other]}"
            examples.append(f"{row['key'] if column == 'group' else pair} in {where}")
    if told:
        raise DataError(
            f"{' and '.join(told)} are in more than one part or fold",
            value="; ".join(examples[:EXAMPLES]),
            allowed="Images of one group and copies of one file belong in one place, else the "
            "score flatters",
            next=next,
        )


def _elsewhere(places: Sequence[str]) -> int:
    """The index of the first place that differs from the first one."""
    return next(number for number, place in enumerate(places) if place != places[0])
