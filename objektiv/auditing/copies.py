"""Find pictures that are copies of one another: the same bytes, or nearly the same pixels.

In: Features and the items they belong to (id, path, hash). Out: a table of pairs. Near copies are
first guessed by their features, then confirmed on their pixels, so that only likely ones are
decoded: re-encoded, resized, cropped by 5 %, flipped or brightened ones are found.
Try: `find_copies(seen.features, seen.dataset.items, CheckSettings())`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from objektiv.auditing.likeness import TINT, likeness
from objektiv.auditing.neighbours import nearest, sketch
from objektiv.auditing.settings import CheckSettings
from objektiv.auditing.thumbnails import thumbnails
from objektiv.base.progress import Progress
from objektiv.data.settings import ReadSettings
from objektiv.features.look import Features

PAIRS = {"a": pl.String, "b": pl.String, "similarity": pl.Float64, "pixels": pl.Float64}


def find_copies(
    features: Features,
    table: pl.DataFrame,
    settings: CheckSettings,
    *,
    bank: Path | None = None,
    max_pixels: int | None = None,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """Pairs of copies: ids a and b in the order of `table`, similarity of features, of pixels.

    `table` has the columns id, path and hash; what is read of the pictures is kept in `bank`.
    Files of the same bytes are paired with the first of them only (1 and 1), and that one alone
    with near copies: pairs stay few, clusters whole.

    Raises:
        ImageError: a picture cannot be read any more.
        Cancelled: on request.
    """
    limit = max_pixels or ReadSettings().max_pixels
    progress = progress or Progress()
    exact = _exact(table)
    once = table.unique("hash", keep="first", maintain_order=True)
    ids = once["id"].to_list()
    rows = sketch(features.of(ids))
    with progress.step("compare features", total=len(rows)) as step:
        pairs, similarity = nearest(rows, count=settings.neighbours, advance=step.advance)
    pixels = _compare(once, pairs, bank, limit, progress)
    kept = pixels >= settings.copy_likeness
    near = pl.DataFrame(
        {
            "a": [ids[row] for row in pairs[kept, 0]],
            "b": [ids[row] for row in pairs[kept, 1]],
            "similarity": similarity[kept].clip(0, 1),
            "pixels": pixels[kept].clip(0, 1),
        },
        schema=PAIRS,
    )
    place = dict(zip(table["id"], range(len(table)), strict=True))
    found = pl.concat([exact, near])
    order = pl.col("a").replace_strict(place, return_dtype=pl.Int64)
    return found.sort(order, pl.col("b").replace_strict(place, return_dtype=pl.Int64))


def clusters_of(pairs: pl.DataFrame, ids: Sequence[str]) -> list[str | None]:
    """For each id the first id of its copies, joined directly or through others, or None."""
    row = {id: number for number, id in enumerate(ids)}
    ends = pairs.select("a", "b").filter(pl.col("a").is_in(row) & pl.col("b").is_in(row))
    a, b = ([row[id] for id in ends[column]] for column in ("a", "b"))
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(len(ids), len(ids)))
    cluster = connected_components(graph, directed=False)[1]
    _, first, size = np.unique(cluster, return_index=True, return_counts=True)
    return [ids[first[number]] if size[number] > 1 else None for number in cluster]


def with_copies(items: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """`items` with the column `copy`: the name of the set of copies that each is in, or null."""
    clusters = clusters_of(pairs, items["id"].to_list())
    return items.with_columns(pl.Series("copy", clusters, dtype=pl.String))


def _exact(table: pl.DataFrame) -> pl.DataFrame:
    pairs = table.select("hash", b="id").with_columns(a=pl.col("b").first().over("hash"))
    pairs = pairs.filter(pl.col("a") != pl.col("b"))
    sure = pairs.select("a", "b", similarity=pl.lit(1.0), pixels=pl.lit(1.0))
    return sure.cast(pl.Schema(PAIRS))


def _compare(
    once: pl.DataFrame,
    pairs: NDArray[np.int64],
    bank: Path | None,
    limit: int,
    progress: Progress,
) -> NDArray[np.float32]:
    """The likeness of the pixels of each pair; only pictures of some pair are decoded."""
    wanted, places = np.unique(pairs, return_inverse=True)
    places = places.reshape(-1, 2)
    seen = thumbnails(once[wanted], bank=bank, max_pixels=limit, progress=progress)
    shift = np.abs(seen.tints[places[:, 0]] - seen.tints[places[:, 1]]).max(axis=1)
    same = np.flatnonzero(shift <= TINT)  # two pale cells in two stains differ by little else
    found = np.zeros(len(pairs), np.float32)
    found[same] = likeness(seen.pictures, places[same], progress=progress)
    return found
