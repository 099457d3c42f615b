"""Findings about copies: pictures that are there twice, under one label or under two.

In: the items of a Dataset with facts, and the pairs that `auditing.copies` found. Out: Findings.
Try: `copy_findings(dataset.items, find_copies(features, dataset.items, settings))`.
"""

from __future__ import annotations

import polars as pl

from objektiv.auditing.findings import Finding, counted

_FIX = "objektiv check {data} --fix"


def copy_findings(items: pl.DataFrame, pairs: pl.DataFrame) -> list[Finding]:
    """Pairs under two labels are errors, pairs under one a warning; leaks are told by parts."""
    label = items.select("id", "label")
    told = pairs.join(label, left_on="a", right_on="id", maintain_order="left").join(
        label, left_on="b", right_on="id", suffix=" of b", maintain_order="left"
    )
    told = told.select(pl.col("a").alias("id"), *(name for name in told.columns if name != "a"))
    torn = told.filter(pl.col("label") != pl.col("label of b"))
    whole = told.filter(pl.col("label") == pl.col("label of b"))
    found = [_torn(torn)] if len(torn) else []
    return [*found, _whole(whole, len(items))] if len(whole) else found


def _torn(pairs: pl.DataFrame) -> Finding:
    first = pairs.row(0, named=True)
    evidence = (
        f"{counted(len(pairs), 'pair')} of near copies have two labels, such as {first['id']} "
        f"({first['label']}) and {first['b']} ({first['label of b']}): one of them is wrong, or "
        "the classes differ by less than the eye sees."
    )
    title = "Nearly one picture, two labels"
    return Finding("near-two-labels", "error", title, evidence, pairs, _FIX)


def _whole(pairs: pl.DataFrame, items: int) -> Finding:
    exact = len(pairs.filter(pl.min_horizontal("similarity", "pixels") >= 1))
    pictures = len(set(pairs["id"]) | set(pairs["b"]))
    first = pairs.row(0, named=True)
    evidence = (
        f"{counted(pictures, 'picture')} of {items:,} are copies of one another: "
        f"{counted(exact, 'pair')} byte for byte, {len(pairs) - exact:,} re-encoded, resized, "
        f"cropped or turned. For example {first['id']} and {first['b']}. Between train and test "
        "they flatter the score; in train they count twice."
    )
    return Finding("copies", "warning", "Copies", evidence, pairs, _FIX)
