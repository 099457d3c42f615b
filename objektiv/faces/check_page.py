"""One page that says what a check found: a single HTML file that needs nothing from outside.

In: a DataCheck. Out: check.html with every finding, its evidence, pictures and command, and the
shortcut probes as a figure. It loads nothing, runs no script, and every name is escaped.
Try: `write_check_page(check(data, settings, progress=Progress()))`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from objektiv.auditing.findings import SEVERITIES, Finding
from objektiv.auditing.probes import MODEL, Probes
from objektiv.base import files
from objektiv.data.dataset import Dataset
from objektiv.faces import plots, words
from objektiv.faces.pictures import Thumbnail, thumbnails
from objektiv.faces.report import environment
from objektiv.faces.sections import Table
from objektiv.flow.check import LEFT_OUT, MANIFEST, DataCheck

SHOWN = {"suspicious-labels": 40, "outliers": 24, "copies": 12, "leaking-copies": 12}
OTHERS = 12  # pictures of any other finding
PAIRED = "b"  # the column that names a second picture


@dataclass(frozen=True, eq=False)
class Tile:
    """One picture, or two that are alike, and what is said below them."""

    pictures: tuple[Thumbnail, ...]
    strong: str
    figure: str
    plain: str


@dataclass(frozen=True, eq=False)
class Section:
    """One finding as the page shows it."""

    finding: Finding
    command: str
    tiles: tuple[Tile, ...]
    total: int


def write_check_page(found: DataCheck) -> None:
    """Publish the page in the check's folder."""
    files.write_text(found.page, page(found))


def page(found: DataCheck) -> str:
    """The page as text."""
    checked = found.checked
    everything = _with_quarantine(checked.dataset)
    shown = [_section(found, finding, everything) for finding in checked.findings]
    template = environment().get_template("check.html")
    return template.render(
        title=checked.dataset.root.name,
        about=about(found),
        headline=headline(found),
        errors=checked.errors,
        sections=shown,
        probes=probes_plot(checked.probes) if checked.probes else "",
        probes_table=probes_table(checked.probes) if checked.probes else None,
        probed=checked.probes.items if checked.probes else 0,
        notes=checked.dataset.notes,
        cleaned=_cleaned(found),
        next_commands=next_commands(found),
    )


def about(found: DataCheck) -> str:
    """`6,000 pictures of 2 classes from 120 groups, 2 files set aside`."""
    items, aside = found.checked.dataset.items, found.checked.dataset.quarantine
    told = f"{words.count(len(items), 'picture')} of "
    told += words.count(items["label"].n_unique(), "class", plural="classes")
    groups = items["group"].drop_nulls().n_unique()
    told += f" from {words.count(groups, 'group')}" if groups else ""
    return told + (f", {words.count(len(aside), 'file')} set aside" if len(aside) else "")


def headline(found: DataCheck) -> str:
    """`1 error, 2 warnings, 3 notes`, or that nothing was found."""
    held = [finding.severity for finding in found.checked.findings]
    told = [words.count(held.count(s), s) for s in SEVERITIES if s in held]
    return ", ".join(told) or "nothing to complain about"


def next_commands(found: DataCheck) -> list[str]:
    """What to type next."""
    cleaned = found.checked.cleaned
    fixes = len(cleaned.left_out) or (cleaned.kept["flag"] != "").any()
    fix = [f"objektiv check {found.data} --fix"] if fixes and found.manifest is None else []
    stopping = {"one-class", "tiny-classes"} & {
        f.kind for f in found.checked.findings if f.severity == "error"
    }
    return [*fix, f"objektiv explore {found.data}" if stopping else found.training]


def _with_quarantine(dataset: Dataset) -> Dataset:
    """Items and what was set aside in one table, so that both can be shown."""
    aside = dataset.quarantine.select("id", "path", "label")
    return replace(dataset, items=pl.concat([dataset.items, aside], how="diagonal"))


def _section(found: DataCheck, finding: Finding, everything: Dataset) -> Section:
    rows = finding.items.head(SHOWN.get(finding.kind, OTHERS)).to_dicts()
    paired = PAIRED in finding.items.columns
    ids = [name for row in rows for name in ([row["id"], row[PAIRED]] if paired else [row["id"]])]
    pictures = iter(thumbnails(everything, ids))
    tiles = tuple(
        Tile((next(pictures), next(pictures)) if paired else (next(pictures),), *_told(row))
        for row in rows
    )
    return Section(finding, found.command(finding), tiles, len(finding.items))


def _told(row: dict[str, Any]) -> tuple[str, str, str]:
    """What stands below a picture: a strong word, a figure, and a plain line."""
    label = row.get("label") or ""
    if "suggested" in row:
        return row["suggested"], words.percent(row["other"]), f"labelled {label}"
    if "similarity" in row:
        labels = dict.fromkeys(filter(None, (label, row.get("label of b"))))
        parts = dict.fromkeys(filter(None, (row.get("part"), row.get("part of b"))))
        exact = min(row["similarity"], row["pixels"]) >= 1
        alike = "the same bytes" if exact else f"pixels {words.percent(row['pixels'])} alike"
        return " / ".join([*labels, *parts]), "", alike
    if "distance" in row:
        return "", f"{row['distance']:.1f} x", "as far as usual"
    if "reason" in row:
        return row["reason"], "", ""  # the placeholder says what it means
    if "clipped" in row:
        return label, words.percent(row["clipped"]), "pure white"
    if "brightest" in row:
        return "", f"{row['brightest']:.0f}", "of 255 at most"
    if "group" in row:
        return row["group"], "", row["part"]
    return label, "", row.get("notes") or ""


def probes_table(probes: Probes) -> Table:
    """Each probe beside the model."""
    rows = [
        (
            p.name,
            words.percent(p.accuracy.estimate) + "\n" + words.percent_range(p.accuracy),
            f"{100 * p.share:.0f} %",
        )
        for p in probes.probes
    ]
    model = words.percent(probes.model.estimate) + "\n" + words.percent_range(probes.model)
    caption = "Balanced accuracy out of fold, and how much of the way from guessing to the model"
    head = ("what it sees", "told right", "of the way")
    return Table(caption, head, ((MODEL, model, "100 %"), *rows), marked=(0,))


def probes_plot(probes: Probes) -> str:
    """The probes as bars beside the model and guessing: an SVG drawing."""
    bars = [plots.Bar(MODEL, "model", probes.model)]
    bars += [plots.Bar(p.name, "plain", p.accuracy) for p in probes.probes]
    return plots.comparison_plot([*bars, plots.Bar("guessing", "none", probes.chance)])


def _cleaned(found: DataCheck) -> dict[str, Any]:
    cleaned = found.checked.cleaned
    return {
        "kept": len(cleaned.kept),
        "flagged": int((cleaned.kept["flag"] != "").sum()),
        "left_out": len(cleaned.left_out),
        "notes": cleaned.notes,
        "manifest": str(found.folder / MANIFEST) if found.manifest else "",
        "list": str(found.folder / LEFT_OUT),
    }
