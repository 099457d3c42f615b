"""Findings about classes and parts: too few, too uneven, missing, leaking or different.

In: a Dataset with facts, its features and pairs of copies. Out: Findings.
Try: `part_findings(dataset, features, pairs)`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from objektiv.auditing.crossfit import assign_folds, out_of_fold
from objektiv.auditing.findings import Finding, Severity, counted, examples, no_items
from objektiv.auditing.probes import draw_sample, network_columns, predictions_of
from objektiv.data.dataset import FEWEST, Dataset
from objektiv.data.folders import PARTS
from objektiv.data.grouping import suggest
from objektiv.features.descriptors import COLOURS, COLUMNS
from objektiv.features.look import Features
from objektiv.judging.metrics import balanced_accuracy
from objektiv.models.choose import Truth

FEW = 20  # pictures of a class; below, its scores are mostly luck
UNEVEN = 5.0  # times as many pictures in the largest class as in the smallest
SHIFTED = 0.10  # difference of a class's share between parts
APART = 0.5  # of the way from guessing the part to knowing it
_NEW = "objektiv train {data} --parts new"


def class_findings(dataset: Dataset) -> list[Finding]:
    """Classes with too few pictures, and classes of very unequal size."""
    counts = dict(dataset.counts().select("label", "items").iter_rows())
    few = {label: number for label, number in counts.items() if number < FEW}
    found = []
    if len(counts) < 2:
        evidence = f"All {len(dataset.items):,} pictures are of one class, '{dataset.classes[0]}'."
        command = "objektiv check {data}"
        found.append(Finding("one-class", "error", "One class only", evidence, no_items(), command))
    elif few:
        told = ", ".join(f"{label} {number:,}" for label, number in list(few.items())[:8])
        stops = [label for label, number in few.items() if number < FEWEST]
        evidence = f"{counted(len(few), 'class', 'classes')} of {len(counts)} have fewer than "
        evidence += (
            f"{FEW} pictures ({told}{', ...' * (len(few) > 8)}): their scores are mostly luck."
        )
        if stops:
            evidence += f" Training needs {FEWEST}; {examples(stops)} stop it."
        bad: Severity = "error" if stops else "warning"
        command = "objektiv check {data}"
        found.append(Finding("tiny-classes", bad, "Tiny classes", evidence, no_items(), command))
    most, least = max(counts.values()), max(1, min(counts.values()))
    if len(counts) > 1 and most / least >= UNEVEN:
        large = next(label for label, number in counts.items() if number == most)
        small = next(label for label, number in counts.items() if number == min(counts.values()))
        evidence = (
            f"{large} has {most:,} pictures, {small} {min(counts.values()):,}: "
            f"{most / least:.0f} times as many. Accuracy then hides how the small class fares; "
            "read balanced accuracy."
        )
        command = "objektiv train {data} --class-weights balanced"
        title = "Classes of very unequal size"
        found.append(Finding("imbalance", "warning", title, evidence, no_items(), command))
    return found


def grouping_finding(dataset: Dataset) -> Finding | None:
    """Groups that the file names show where the data came without any."""
    if dataset.items.is_empty() or dataset.items["group"].is_not_null().any():
        return None
    names = [Path(path).stem for path in dataset.items["path"]]
    shown = suggest(names, dataset.items["label"].to_list())
    if shown is None:
        return None
    evidence = (
        f"The file names show {shown.groups:,} groups ({', '.join(shown.examples)}, ...) of "
        f"{shown.smallest:,} to {shown.largest:,} pictures. If pictures of one group are alike (a "
        "patient, a slide, a film), a random split claims more than is true."
    )
    command = f"objektiv split {{data}} --group '{shown.pattern}' --honest"
    return Finding(
        "no-groups", "warning", "Groups that nobody named", evidence, no_items(), command
    )


def part_findings(dataset: Dataset, features: Features, pairs: pl.DataFrame) -> list[Finding]:
    """What is wrong between the parts that the data came with; none where it has no parts."""
    items = dataset.items.filter(pl.col("part").is_not_null())
    if items["part"].n_unique() < 2:
        return []
    found = [_missing(dataset), _torn_groups(items), _torn_copies(items, pairs)]
    found += [_shares(items), _apart(items, features)]
    return [finding for finding in found if finding is not None]


def _missing(dataset: Dataset) -> Finding | None:
    gaps = []
    for part in [part for part in PARTS if part in dataset.items["part"]]:
        held = set(dataset.items.filter(pl.col("part") == part)["label"])
        lacking = [label for label in dataset.classes if label not in held]
        gaps += [f"{part} has no {examples(lacking)}"] * bool(lacking)
    if not gaps:
        return None
    evidence = f"{'; '.join(gaps)}. A class that is not tested has no score; one that is not "
    evidence += "trained on cannot be learnt."
    title = "Classes missing in a part"
    return Finding("missing-classes", "error", title, evidence, no_items(), _NEW)


def _torn_groups(items: pl.DataFrame) -> Finding | None:
    torn = (
        items.filter(pl.col("group").is_not_null())
        .group_by("group", maintain_order=True)
        .agg(pl.col("part").unique().sort(), pl.len().alias("items"))
        .filter(pl.col("part").list.len() > 1)
    )
    if torn.is_empty():
        return None
    names = torn["group"].to_list()
    evidence = (
        f"{counted(len(torn), 'group')} have pictures in several parts ({examples(names)}), "
        f"{torn['items'].sum():,} pictures in all: what is tested was partly learnt by heart."
    )
    # The first of each group in each part come first, so that few rows show what is torn.
    table = (
        items.filter(pl.col("group").is_in(names))
        .select("id", "group", "part", pl.int_range(pl.len()).over("group", "part").alias("place"))
        .sort("place", "group", maintain_order=True)
        .drop("place")
    )
    title = "Groups in several parts"
    return Finding("leaking-groups", "error", title, evidence, table, _NEW)


def _torn_copies(items: pl.DataFrame, pairs: pl.DataFrame) -> Finding | None:
    part = items.select("id", "part")
    joined = pairs.join(part, left_on="a", right_on="id").join(
        part, left_on="b", right_on="id", suffix=" of b"
    )
    torn = joined.filter(pl.col("part") != pl.col("part of b"))
    if torn.is_empty():
        return None
    first = torn.row(0, named=True)
    evidence = (
        f"{counted(len(torn), 'pair')} of copies lie in two parts, such as {first['a']} and "
        f"{first['b']}: a model that knows one by heart is right about the other."
    )
    table = torn.select(pl.col("a").alias("id"), "b", "similarity", "pixels", "part", "part of b")
    title = "Copies in several parts"
    return Finding("leaking-copies", "error", title, evidence, table, "objektiv check {data} --fix")


def _shares(items: pl.DataFrame) -> Finding | None:
    counts = items.group_by("part", "label").len()
    shares = counts.with_columns((pl.col("len") / pl.col("len").sum().over("part")).alias("share"))
    wide = shares.pivot("part", index="label", values="share", sort_columns=True).fill_null(0.0)
    parts = [name for name in wide.columns if name != "label"]
    spread = wide.with_columns(
        (pl.max_horizontal(parts) - pl.min_horizontal(parts)).round(6).alias("spread")
    ).sort("spread", "label", descending=[True, False])
    if spread["spread"][0] < SHIFTED:
        return None
    row = spread.row(0, named=True)
    told = ", ".join(f"{100 * row[part]:.0f} % of {part}" for part in parts)
    evidence = f"{row['label']} is {told}: scores of one part do not carry over to another."
    title = "Class shares differ between parts"
    return Finding("shifted-shares", "warning", title, evidence, no_items(), _NEW)


def _apart(items: pl.DataFrame, features: Features) -> Finding | None:
    """Whether the part shows in the pictures: if a head can tell test from train, they differ."""
    sample = draw_sample(items.with_columns(pl.col("part").alias("label")))
    parts = tuple(sorted(set(sample["part"])))
    labels = np.array([parts.index(part) for part in sample["part"]], np.int64)
    if np.bincount(labels).min() < FEW:
        return None
    truth = Truth(labels, assign_folds(sample, labels), parts)
    x, weight = network_columns(features.of(sample["id"].to_list()))
    told = predictions_of(sample, truth, out_of_fold(x, truth, [weight])[0])
    accuracy = balanced_accuracy(told)
    chance = 1 / len(parts)
    if accuracy.low < chance + APART * (1 - chance):
        return None
    columns = [COLUMNS.index(f"whole mean {c}") for c in ("red", "green", "blue")]
    light = features.of(items["id"].to_list()).block(COLOURS)[:, columns].mean(axis=1)
    table = items.with_columns(pl.Series("light", light))
    usual = table.group_by("part").agg(pl.col("width", "height", "light").median()).sort("part")
    each = "; ".join(
        f"{row['part']}: median {row['width']:.0f} x {row['height']:.0f}, light {row['light']:.0f}"
        for row in usual.iter_rows(named=True)
    )
    evidence = (
        f"From the picture alone its part is told right in {100 * accuracy.estimate:.0f} % "
        f"({100 * accuracy.low:.0f} to {100 * accuracy.high:.0f}; guessing gives "
        f"{100 * chance:.0f} %): the parts come from different sources. {each}."
    )
    title = "Parts that look different"
    return Finding("parts-differ", "warning", title, evidence, no_items(), _NEW)
