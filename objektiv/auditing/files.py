"""Findings about single files: what could not be read, and what is odd about what could.

In: a Dataset with facts and its quarantine, and its features. Out: Findings.
Try: `file_findings(seen.dataset, seen.features)`.
"""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from objektiv.auditing.findings import Finding, Severity, counted, examples
from objektiv.base import seeds
from objektiv.base.errors import ImageError
from objektiv.data.dataset import Dataset
from objektiv.data.images import decode, read_bytes
from objektiv.features.descriptors import COLOURS, COLUMNS
from objektiv.features.look import Features

DARK = 64  # grey levels of 256: a picture whose brightest place lies below uses too little
NARROW = 65_536 // 4  # of 16 bits, likewise
CLIPPED = 0.05  # of a picture's pixels at the end of the range
SAMPLED = 200  # pictures whose pixels are counted
_SIXTEEN = re.compile(r"16 bits, largest value ([\d,]+) of")
Row = dict[str, str]

_FIX = "objektiv check {data} --fix"
_SEE = "objektiv explore {data}"


def file_findings(dataset: Dataset, features: Features, *, max_pixels: int) -> list[Finding]:
    """Everything about single files; `features` has the rows of `dataset.items`."""
    found = [_quarantine(dataset), _two_labels(dataset), *_notes(dataset)]
    found += [_dark(features), _clipped(dataset, max_pixels=max_pixels)]
    return [finding for finding in found if finding is not None]


def _quarantine(dataset: Dataset) -> Finding | None:
    aside = dataset.quarantine.filter(pl.col("reason") != "two-labels")
    if aside.is_empty():
        return None
    reasons = (
        aside["reason"].value_counts(sort=True).sort("count", "reason", descending=[True, False])
    )
    told = ", ".join(f"{count:,} {reason}" for reason, count in reasons.iter_rows())
    total = len(dataset.items) + len(dataset.quarantine)
    evidence = f"{counted(len(aside), 'file')} of {total:,} cannot be used ({told}). The first: "
    evidence += str(aside["message"][0]).partition(". ")[0] + "."
    items = aside.select("id", "label", "reason", "message")
    return Finding("quarantine", "warning", "Files that cannot be read", evidence, items, _FIX)


def _two_labels(dataset: Dataset) -> Finding | None:
    torn = dataset.quarantine.filter(pl.col("reason") == "two-labels")
    if torn.is_empty():
        return None
    labels = [f"{id} ({label})" for id, label in torn.select("id", "label").iter_rows()]
    evidence = (
        f"{counted(len(torn), 'file')} have an exact copy under another label; only one label can "
        f"be right, and none of them is used: {examples(labels)}."
    )
    items = torn.select("id", "label", "message")
    return Finding("two-labels", "error", "One picture, two labels", evidence, items, _FIX)


def _notes(dataset: Dataset) -> list[Finding]:
    """Suffixes that lie, animations, 16 bits: what the decoder noted of files that it read."""
    odd = dataset.items.select("id", "label", "notes").filter(pl.col("notes").fill_null("") != "")
    lies: list[Row] = []
    moving: list[Row] = []
    wide: list[Row] = []
    dark: list[Row] = []
    for row in odd.iter_rows(named=True):
        if re.search(r"named \.\w+, is", row["notes"]):
            lies.append(row)
        if "frame" in row["notes"] or "animat" in row["notes"]:
            moving.append(row)
        if match := _SIXTEEN.search(row["notes"]):
            (dark if int(match[1].replace(",", "")) < NARROW else wide).append(row)
    texts = [
        ("suffix", "Files that are not what their name says", lies, "Read by their content"),
        ("animation", "Animations", moving, "Read as their first frame"),
        ("sixteen-bit", "Pictures of 16 bits", wide, "Divided by 257, so that nothing is clipped"),
    ]
    found = [_odd(kind, title, rows, does) for kind, title, rows, does in texts if rows]
    if dark:
        does = "Less than a quarter of the 16 bits is used; scale them first"
        found.append(_odd("dark-sixteen-bit", "Dark pictures of 16 bits", dark, does))
    return found


def _odd(kind: str, title: str, rows: list[Row], does: str) -> Finding:
    evidence = f"{does}: {counted(len(rows), 'file')}, {examples([row['id'] for row in rows])}. "
    evidence += f"Noted of the first: {rows[0]['notes']}."
    bad: Severity = "warning" if kind.startswith("dark") else "note"
    return Finding(kind, bad, title, evidence, pl.DataFrame(rows), _SEE)


def _dark(features: Features) -> Finding | None:
    """Pictures whose brightest place is darker than a quarter of the range."""
    colours = features.block(COLOURS)
    peaks = [
        colours[:, COLUMNS.index(f"whole mean {c}")]
        + colours[:, COLUMNS.index(f"whole maximum {c}")]
        for c in ("red", "green", "blue")
    ]
    peak = np.max(peaks, axis=0)
    rows = np.flatnonzero(peak < DARK)
    if not len(rows):
        return None
    table = pl.DataFrame({"id": [features.ids[k] for k in rows], "brightest": peak[rows]})
    table = table.sort("brightest", maintain_order=True)
    evidence = (
        f"No place brighter than {DARK} of 255: {counted(len(rows), 'picture')} of "
        f"{len(features.ids):,}, {examples(table['id'])}."
    )
    return Finding("dark", "note", "Pictures that are nearly black", evidence, table, _SEE)


def _clipped(dataset: Dataset, *, max_pixels: int) -> Finding | None:
    """Of a sample, pictures in which many pixels are at the bright end of the range."""
    rows = list(dataset.items.select("id", "label", "path").iter_rows())
    rng = seeds.generator(0, "clipped")
    drawn = sorted(rng.permutation(len(rows))[:SAMPLED].tolist())
    found = []
    for id, label, path in (rows[k] for k in drawn):
        try:
            picture = decode(read_bytes(path, name=id), name=id, max_pixels=max_pixels)
        except ImageError:
            continue  # it has changed since it was looked at
        share = float((picture.pixels.min(axis=2) == 255).mean())
        if share > CLIPPED:
            found.append((id, label, share))
    if len(found) < CLIPPED * len(drawn):
        return None
    table = pl.DataFrame(found, schema=["id", "label", "clipped"], orient="row")
    table = table.sort("clipped", descending=True, maintain_order=True)
    by_class = (
        table["label"].value_counts(sort=True).sort("count", "label", descending=[True, False])
    )
    told = ", ".join(f"{label} {count:,}" for label, count in by_class.head(5).iter_rows())
    evidence = (
        f"In {len(found)} of {len(drawn)} pictures drawn, more than {100 * CLIPPED:.0f} % of the "
        f"pixels are pure white ({told}): cut-outs on white, or light that was clipped."
    )
    return Finding("clipped", "note", "Pictures with pure white areas", evidence, table, _SEE)
