"""The dataset: a table of items with labels, groups and facts, and one of what was set aside.

In: a folder or table of labels and ReadSettings. Out: an immutable Dataset; steps return new ones.
No pixel is decoded here: facts about the files come in with `with_facts`, and what cannot be used
goes out with `without` into the quarantine, where it is counted and never forgotten.
Try: `read(Path("cells"), ReadSettings(group=r"C\\d+")).counts()`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from objektiv.base.errors import DataError, SettingsError
from objektiv.base.names import natural_key, suggestion
from objektiv.data.folders import PARTS, Entry, Listing
from objektiv.data.groups import examples, groups_of
from objektiv.data.settings import LONGEST_CLASS, ReadSettings
from objektiv.data.sources import Purpose, find

ITEMS = {"id": pl.String, "path": pl.String, "label": pl.String, "group": pl.String}
ITEMS |= {"part": pl.String}
FACTS = {"hash": pl.String, "width": pl.Int64, "height": pl.Int64}
FACTS |= {"format": pl.String, "notes": pl.String}
QUARANTINE = {"id": pl.String, "path": pl.String, "label": pl.String}
QUARANTINE |= {"reason": pl.String, "message": pl.String}
OTHER = "other"  # all classes but the one of `against_all`
FEWEST = 3  # images of a class: one each for train, validation and test


@dataclass(frozen=True, eq=False)
class Dataset:
    """Items and quarantine as tables; see ITEMS, FACTS and QUARANTINE for their columns."""

    root: Path
    classes: tuple[str, ...]  # in natural order
    items: pl.DataFrame
    quarantine: pl.DataFrame
    notes: tuple[str, ...] = ()  # what was left out when the folder was read

    def with_facts(self, facts: pl.DataFrame) -> Dataset:
        """With what was learnt from the files: a table of `id` and the columns of FACTS.

        Raises:
            DataError: an item is missing in `facts`, or stands there twice.
        """
        facts = facts.select("id", *(pl.col(name).cast(kind) for name, kind in FACTS.items()))
        missing = self.items.join(facts, on="id", how="anti")["id"].to_list()
        twice = facts.filter(pl.col("id").is_duplicated())["id"].unique().sort().to_list()
        if missing or twice:
            raise DataError(
                f"facts do not fit the {len(self.items):,} items",
                value=examples(missing or twice),
                allowed="One row an item is needed",
                next="look at all files again",
            )
        items = self.items.select(ITEMS.keys()).join(facts, on="id", maintain_order="left")
        return replace(self, items=items)

    def without(self, rows: pl.DataFrame) -> Dataset:
        """With the items of `rows` (columns id, reason, message) moved into the quarantine."""
        rows = rows.select("id", "reason", "message").unique("id", keep="first")
        known = self.items.select("id", "path", "label")
        moved = known.join(rows, on="id", how="inner", maintain_order="left")
        return replace(
            self,
            items=self.items.join(rows, on="id", how="anti", maintain_order="left"),
            quarantine=pl.concat([self.quarantine, moved.cast(pl.Schema(QUARANTINE))]),
        )

    def without_conflicts(self) -> Dataset:
        """With files of equal bytes under different labels in quarantine (reason two-labels).

        Needs the facts. Which label is right, nobody but the user can say: all copies go.
        """
        copies = self.items.group_by("hash", maintain_order=True).agg("id", "label")
        rows = [
            {"id": i, "reason": "two-labels", "message": _conflict(i, ids, labels)}
            for _, ids, labels in copies.iter_rows()
            if len(set(labels)) > 1
            for i in ids
        ]
        kinds = {name: QUARANTINE[name] for name in ("id", "reason", "message")}
        return self.without(pl.DataFrame(rows, schema=kinds))

    def counts(self) -> pl.DataFrame:
        """A row a class: label, items of each part that is given, items, quarantine."""
        parts = [part for part in PARTS if part in self.items["part"]]

        def count(table: pl.DataFrame) -> list[int]:
            found = dict(table.group_by("label").len().iter_rows())
            return [found.get(label, 0) for label in self.classes]

        return pl.DataFrame(
            {
                "label": self.classes,
                **{part: count(self.items.filter(pl.col("part") == part)) for part in parts},
                "items": count(self.items),
                "quarantine": count(self.quarantine),
            }
        )


def read(root: Path, settings: ReadSettings, *, purpose: Purpose = "train") -> Dataset:
    """The dataset of a folder or of the table `settings.labels`; no image is opened.

    For the purpose "check" some layouts are taken that nothing can be trained on, see `find`.

    Raises:
        DataError: nothing usable is found, or an item gets no group.
        SettingsError: groups are asked for twice, or no class is called as `against_all` says.
    """
    listing = find(root, settings, purpose=purpose)
    if settings.against_all is not None:
        listing = _against_all(listing, settings.against_all)
    groups = groups_of(listing, settings)
    items = pl.DataFrame(
        [
            (entry.id, entry.path, entry.label, group, entry.part)
            for entry, group in zip(listing.entries, groups, strict=True)
        ],
        schema=ITEMS,
        orient="row",
    )
    nameless = [
        (entry.id, entry.id, entry.label, "unreadable", _nameless(entry.id))
        for entry in listing.nameless
    ]
    labels = {entry.label for entry in (*listing.entries, *listing.nameless)}
    _check_names(labels)
    return Dataset(
        root=listing.root,
        classes=tuple(sorted(labels, key=natural_key)),
        items=items,
        quarantine=pl.DataFrame(nameless, schema=QUARANTINE, orient="row"),
        notes=listing.notes,
    )


def _against_all(listing: Listing, label: str) -> Listing:
    """With one class under its name and the others together as OTHER."""
    known = {entry.label for entry in listing.entries}
    if label not in known or label == OTHER:
        raise SettingsError(
            "no class of the data can be told from all others by this name",
            value=f"--against-all {label}",
            allowed=f"Classes: {examples(sorted(known - {OTHER}, key=natural_key))}",
            next=suggestion(label, known) or "choose one of them",
        )

    def told(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        return tuple(e if e.label == label else replace(e, label=OTHER) for e in entries)

    return replace(listing, entries=told(listing.entries), nameless=told(listing.nameless))


def _check_names(labels: Collection[str]) -> None:
    """Refuse at once the names that no bundle would take at the end."""
    control = {c for name in labels for c in name if unicodedata.category(c) == "Cc"}
    bad = [name for name in labels if len(name) > LONGEST_CLASS or control & {*name}]
    if bad:
        raise DataError(
            "a class has a name that cannot be used",
            value=examples(sorted(repr(name[:60]) for name in bad)),
            allowed=f"At most {LONGEST_CLASS} characters, without line breaks and other controls",
            next="rename the folder, or correct the labels in the table",
        )


def _nameless(shown: str) -> str:
    error = DataError(
        f"{shown}: the name of the file is not UTF-8",
        value="bytes that are no text are shown as \\x..",
        allowed="A name in UTF-8 is needed",
        next="rename the file; the other images go on",
    )
    return str(error)


def _conflict(own: str, ids: list[str], labels: list[str]) -> str:
    others = [f"{i} ({label})" for i, label in zip(ids, labels, strict=True) if i != own]
    error = DataError(
        f"{own}: equal files lie in two classes",
        value=f"the same bytes as {examples(others)}",
        allowed="Only one label can be right",
        next="delete the copies whose label is wrong; the other images go on",
    )
    return str(error)


def require_trainable(dataset: Dataset) -> None:
    """Refuse a dataset that no classifier can be trained and tested on.

    Raises:
        DataError: nothing is left, there is one class only, or a class has fewer than FEWEST.
    """
    aside = f"; in quarantine: {len(dataset.quarantine):,}" if len(dataset.quarantine) else ""
    if dataset.items.is_empty():
        raise DataError(
            f"no image of {dataset.root} can be used",
            value=f"0 images{aside}",
            allowed="At least two classes of three images are needed",
            next=_first(dataset, dataset.classes) or "put images into the folders of their classes",
        )
    if len(dataset.classes) < 2:
        raise DataError(
            f"{dataset.root} has one class only",
            value=f"'{dataset.classes[0]}' with {len(dataset.items):,} images{aside}",
            allowed="A classifier needs at least two classes",
            next="add images of another class",
        )
    counts = dict(dataset.counts().select("label", "items").iter_rows())
    few = [label for label, n in counts.items() if n < FEWEST]
    if few:
        raise DataError(
            f"{dataset.root} has too few images of {len(few)} of {len(counts)} classes",
            value=", ".join(f"'{label}' has {counts[label]}" for label in few) + aside,
            allowed=f"Each class needs at least {FEWEST}: one each to train, validate and test",
            next=_first(dataset, few) or "add images of these classes, or take their folders away",
        )


def _first(dataset: Dataset, labels: Collection[str]) -> str:
    """Why the first file of these classes was set aside; nothing where none was."""
    messages = dataset.quarantine.filter(pl.col("label").is_in(list(labels)))["message"]
    return f"look at the first that was set aside: {messages[0]}" if len(messages) else ""
