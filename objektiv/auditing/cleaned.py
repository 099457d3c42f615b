"""What a cleaned table keeps, leaves out and flags; the pictures themselves are never touched.

In: a Dataset with facts and what was found in it. Out: Cleaned. Left out is only what nobody needs
to look at: files that cannot be read, exact copies under two labels, all but one of the exact
copies under one label, and near copies in train of what is in test or validation. Other near
copies, such as the frames of a film, are kept as one group, so that no split tears them apart.
Everything that takes a person to decide is kept, with a flag beside it.
Try: `clean(dataset, clusters, flags)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from objektiv.data.clusters import find_clusters
from objektiv.data.dataset import Dataset
from objektiv.data.folders import PARTS

KEPT_FIRST = ("test", "validation", "train")  # a copy in train is the one that can be spared


@dataclass(frozen=True, eq=False)
class Cleaned:
    """`kept`: path, label, group and split where the data has them, and flag; `left_out`: path,
    label, reason. Paths are relative to the data folder."""

    kept: pl.DataFrame
    left_out: pl.DataFrame
    notes: tuple[str, ...]


def clean(dataset: Dataset, clusters: Sequence[str | None], flags: Mapping[str, str]) -> Cleaned:
    """`clusters` names the set of copies of each item; `flags` what a person should look at."""
    items = dataset.items.with_columns(pl.Series("copies", list(clusters), dtype=pl.String))
    copies = _spared(items)
    flag = [flags.get(id, "") for id in items["id"]]
    kept = items.with_columns(pl.Series("flag", flag, dtype=pl.String)).filter(
        ~pl.col("id").is_in(list(copies))
    )
    kept, grouped = _grouped(kept)
    columns = [pl.col("id").alias("path"), pl.col("label")]
    columns += [pl.col("group")] * bool(kept["group"].is_not_null().any())
    keeps_parts, notes = _parts(kept)
    notes = (*grouped, *notes)
    columns += [pl.col("part").alias("split")] * keeps_parts
    rows = [(row["id"], row["label"], row["reason"]) for row in dataset.quarantine.to_dicts()]
    labels = dict(items.select("id", "label").iter_rows())
    rows += [(id, labels[id], f"a copy of {other}") for id, other in copies.items()]
    left_out = pl.DataFrame(
        rows, schema=dict.fromkeys(("path", "label", "reason"), pl.String), orient="row"
    )
    return Cleaned(kept.select(*columns, "flag"), left_out, notes)


def _spared(items: pl.DataFrame) -> dict[str, str]:
    """From each copy that can be left out to the one that stays."""
    order = {part: place for place, part in enumerate(KEPT_FIRST)}
    spared: dict[str, str] = {}
    known = items.filter(pl.col("copies").is_not_null())
    for _, own in known.group_by("copies", maintain_order=True):
        if own["label"].n_unique() > 1:
            continue  # which label is right, nobody but a person can say: they are flagged
        rows = sorted(own.to_dicts(), key=lambda row: order.get(row["part"], len(order)))
        first: dict[str, str] = {}  # of each content
        for row in rows:
            exact = first.setdefault(row["hash"], row["id"])
            if exact != row["id"]:
                spared[row["id"]] = exact
            elif row["part"] != rows[0]["part"]:
                spared[row["id"]] = rows[0]["id"]
    return spared


def _grouped(kept: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """With near copies joined to one group; then every item has one, if only its own."""
    near = kept.filter(pl.col("copies").is_not_null() & pl.col("copies").is_duplicated())
    if near.is_empty():
        return kept, ()
    clusters = find_clusters(kept.select("group", pl.col("copies").alias("copy")))
    name = pl.coalesce(pl.col("group").drop_nulls().first(), pl.col("id").first())
    kept = kept.with_columns(pl.Series("cluster", clusters))
    kept = kept.with_columns(name.over("cluster").alias("group"))
    note = f"{len(near):,} near copies are kept, each set as one group that no split tears apart"
    return kept, (note,)


def _parts(kept: pl.DataFrame) -> tuple[bool, tuple[str, ...]]:
    """Whether the parts that the data came with can be kept, and why not."""
    given = [part for part in PARTS if part in kept["part"]]
    if not given:
        return False, ()
    grouped = kept.filter(pl.col("group").is_not_null())
    torn = grouped.group_by("group").agg(pl.col("part").n_unique()).filter(pl.col("part") > 1)
    missing = [
        part
        for part in given
        if kept.filter(pl.col("part") == part)["label"].n_unique() < kept["label"].n_unique()
    ]
    if len(torn):
        return False, (f"parts left out: {len(torn):,} groups lie in several of them",)
    if missing:
        return False, (f"parts left out: {', '.join(missing)} lacks a class",)
    return True, ()
