"""What the report says of the data: pictures, sizes, the split, what was odd and what set aside.

In: a Dataset and a Split. Out: tables, figures and small pictures for the page.
Try: `split_table(dataset, split(dataset, SplitSettings())).rows`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from objektiv.base.language import mark, tr, tr_count
from objektiv.data.dataset import Dataset
from objektiv.data.folders import PARTS
from objektiv.data.header import REASONS
from objektiv.data.split import Split
from objektiv.faces import figures, plots
from objektiv.faces.pictures import class_samples
from objektiv.faces.sections import Table, named
from objektiv.faces.words import NONE, whole

LISTED = 50  # files in quarantine that are named
ODD = 20  # kinds of odd files that are named


def data_part(
    dataset: Dataset, split: Split, *, notes: Sequence[str], pictures: bool
) -> dict[str, Any]:
    """The pictures, their sizes, the split and the quarantine; `notes` are told elsewhere."""
    sizes, one_size = None, ""
    if "width" in dataset.items.columns and len(dataset.items):
        widths, heights = (dataset.items[name].to_list() for name in ("width", "height"))
        cells = plots.size_cells(widths, heights)
        if len(set(zip(widths, heights, strict=True))) == 1:
            one_size = tr(
                "All pictures are {width} x {height} pixels.", width=widths[0], height=heights[0]
            )
        else:
            sizes = figures.sizes(cells)
    folds = split.table["fold"].drop_nulls().n_unique()
    return {
        "samples": class_samples(dataset) if pictures else (),
        "classes": len(dataset.classes),
        "sizes": sizes,
        "one_size": one_size,
        "size_table": size_table(dataset) if sizes else None,
        "odd_table": odd_table(dataset),
        "data_notes": [note for note in dataset.notes if note not in notes],
        "split_table": split_table(dataset, split),
        "split_notes": [note for note in split.notes if note not in notes],
        "folds": folds,
        "quarantined": len(dataset.quarantine),
        "quarantine": quarantine_tables(dataset),
    }


def split_table(dataset: Dataset, split: Split) -> Table:
    """Pictures, and groups where there are any, of each class in each part."""
    parts = dict(split.table.select("id", "part").iter_rows())
    items: Counter[tuple[str, str]] = Counter()
    groups: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for name, label, group in dataset.items.select("id", "label", "group").iter_rows():
        part = parts.get(name, NONE)
        for key in ((label, part), (label, ""), ("", part), ("", "")):
            items[key] += 1
            if group is not None:
                groups[key].add(group)

    def cell(label: str, part: str) -> str:
        own = groups[label, part]
        return whole(items[label, part]) + (f" ({whole(len(own))})" if own else "")

    shown = [*PARTS, *([NONE] if items["", NONE] else []), ""]
    caption = tr("Pictures of each class in each part")
    if groups["", ""]:
        caption += tr("; in brackets the groups they come from")
    return Table(
        caption,
        (tr("class"), *(named(part) if part else tr("all") for part in shown)),
        tuple((label, *(cell(label, part) for part in shown)) for label in dataset.classes),
        (tr("all"), *(cell("", part) for part in shown)),
    )


def size_table(dataset: Dataset) -> Table | None:
    """Sizes of each class; a class that differs in size can be told without looking at it."""
    if "width" not in dataset.items.columns:
        return None
    own: dict[str, list[tuple[int, int]]] = {label: [] for label in dataset.classes}
    for label, width, height in dataset.items.select("label", "width", "height").iter_rows():
        own[label].append((width, height))
    rows = tuple((label, *_sizes(found)) for label, found in own.items() if found)
    head = (tr("class"), tr("median"), tr("smallest"), tr("largest"))
    return Table(tr("Width x height in pixels, by class"), head, rows)


def _sizes(found: list[tuple[int, int]]) -> tuple[str, ...]:
    middle = [sorted(lengths)[len(found) // 2] for lengths in zip(*found, strict=True)]
    area = sorted(found, key=lambda size: size[0] * size[1])
    return tuple(f"{whole(w)} x {whole(h)}" for w, h in (middle, area[0], area[-1]))


def odd_table(dataset: Dataset) -> Table | None:
    """What was odd about files that were read all the same; None where nothing was."""
    if "notes" not in dataset.items.columns:
        return None
    seen: dict[str, list[str]] = {}
    for name, notes in dataset.items.select("id", "notes").iter_rows():
        for note in (notes or "").split("; "):
            if note:
                seen.setdefault(note, []).append(name)
    if not seen:
        return None
    ordered = sorted(seen.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    rows = tuple((note, names[0], whole(len(names))) for note, names in ordered[:ODD])
    head = (tr("what"), tr("for example"), tr("pictures"))
    caption = tr("Odd files that were read all the same")
    if len(ordered) > ODD:
        more = len(ordered) - ODD
        caption += tr_count(
            " ({number} kind more not shown)", " ({number} kinds more not shown)", more
        )
    return Table(caption, head, rows, names=2)


def quarantine_tables(dataset: Dataset) -> tuple[Table, ...]:
    """Counts by reason and the first files; nothing where nothing was set aside."""
    listed = list(dataset.quarantine.select("id", "reason", "message").iter_rows())
    if not listed:
        return ()
    means = {**REASONS, "two-labels": mark("equal files lie in two classes")}
    reasons = Counter(reason for _, reason, _ in listed).most_common()
    counts = tuple((reason, tr(means.get(reason, "")), whole(items)) for reason, items in reasons)
    more = len(listed) - LISTED
    caption = tr("These files")
    if more > 0:
        caption = tr("The first {listed} of these files, and {more} more", listed=LISTED, more=more)
    told = tuple((name, (text or "").removeprefix(f"{name}: ")) for name, _, text in listed)
    head = (tr("reason"), tr("what it means"), tr("files"))
    return (
        Table(tr("Files set aside, by reason"), head, counts, names=2),
        Table(caption, (tr("file"), tr("message")), told[:LISTED], names=2),
    )
