"""Make folders of a split, train/class/* val/class/* test/class/*, by copies or links.

In: a Dataset, its Split, a new folder. Out: the folder, whole or not at all, with a manifest.csv
(path, label, group, split, source) that keeps the groups for whoever reads it. Nothing is
overwritten. Where a link is impossible the file is copied, and the result tells how many and why.
Try: `hand_on(dataset, made, Path("parted"), by="hardlink")`.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from objektiv.base import files
from objektiv.base.errors import DataError, UsageError
from objektiv.base.progress import Progress
from objektiv.data.clusters import EXAMPLES
from objektiv.data.dataset import Dataset
from objektiv.data.sources import MANIFEST
from objektiv.data.split import Split, unformulated

By = Literal["copy", "hardlink", "symlink"]
FOLDERS = {"train": "train", "validation": "val", "test": "test"}


def _hard_link(source: str, target: str) -> None:
    """Linux would link a symbolic link itself, not the picture it leads to."""
    os.link(os.path.realpath(source) if os.path.islink(source) else source, target)


LINKS: dict[By, Callable[[str, str], object]] = {
    "copy": shutil.copyfile,
    "hardlink": _hard_link,
    "symlink": os.symlink,
}
_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}


@dataclass(frozen=True)
class HandedOn:
    """What was made; `copied` counts files that should have been linked, `why` tells the reason."""

    folder: Path
    files: int
    copied: int = 0
    why: str = ""


def check_target(folder: Path, dataset: Dataset) -> None:
    """Refuse a target before any work is done.

    Raises:
        UsageError: the target holds something, or lies inside the data or around it.
    """
    place, root = folder.resolve(), dataset.root.resolve()
    if place.is_relative_to(root) or root.is_relative_to(place):
        raise UsageError(
            "the folders of a split cannot lie inside the data, nor around it",
            value=folder,
            allowed=f"A new folder apart from {dataset.root}",
            next="name another folder with --to",
        )
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(
            "the folder stands there already",
            value=folder,
            allowed="A new folder is needed: nothing is overwritten",
            next="name another folder with --to, or move this one away",
        )


def hand_on(
    dataset: Dataset, split: Split, folder: Path, *, by: By, progress: Progress | None = None
) -> HandedOn:
    """Publish `folder` with every item in the folder of its part and class.

    Raises:
        UsageError: see `check_target`.
        DataError: a label is no name for a folder.
        MachineError: the disk is full or cannot be written; nothing is left of it then.
    """
    check_target(folder, dataset)
    table = _table(dataset, split)
    put = _Put(LINKS[by])
    with (
        (progress or Progress()).step("fill folders", total=len(table)) as step,
        files.new_folder(folder) as place,
    ):
        for below in {path.rpartition("/")[0] for path in table["path"]}:
            (place / below).mkdir(parents=True, exist_ok=True)
        for source, target in zip(dataset.items["path"], table["path"], strict=True):
            put(source, f"{place}/{target}")
            step.advance()
        (place / MANIFEST).write_bytes(table.write_csv().encode())
    return HandedOn(folder, len(table), *put.told())


def _table(dataset: Dataset, split: Split) -> pl.DataFrame:
    """The rows of the manifest, in the order of the dataset."""
    named = dataset.items.join(split.table, on="id", maintain_order="left").rename(
        {"part_right": "split"}
    )
    bad = [label for label in dataset.classes if label[:1] in ("", ".") or {*label} & {*"/\\\0"}]
    if bad:
        raise DataError(
            "a label is no name for a folder",
            value=", ".join(map(repr, bad[:EXAMPLES])),
            allowed="Names without / and \\ that do not begin with a point",
            next="rename the label in the table",
        )
    used: set[str] = set()
    paths = [_place(row, used) for row in named.select("id", "label", "split").iter_rows()]
    columns = ["label", "group", "split", "source"]
    if named["group"].is_null().all():
        columns.remove("group")
    return named.select(
        pl.Series("path", paths, pl.String),
        pl.col("split").replace(FOLDERS),
        pl.exclude("path", "split"),
        unformulated("id").alias("source"),
    ).select("path", *columns)


def _place(row: tuple[str, str, str], used: set[str]) -> str:
    """Where an item (id, label, part) goes: below its class as it lay there, with a number where
    names collide."""
    id, label, part = row
    below = id.split("/")
    if label in below[:-1][:2]:
        below = below[below.index(label) + 1 :]
    if ".." in below:  # a table may name files so
        below = [word for word in below if word != ".."]
    path = known = "/".join([FOLDERS[part], label, *below])
    number = 1
    while known.casefold() in used:  # some systems tell no capital from a small letter
        number += 1
        stem, suffix = os.path.splitext(path)
        known = f"{stem}-{number}{suffix}"
    used.add(known.casefold())
    return known


class _Put:
    """Brings one file to its place, and counts what could not be linked."""

    def __init__(self, link: Callable[[str, str], object]) -> None:
        self._link = link
        self._reasons: Counter[str] = Counter()

    def __call__(self, source: str, target: str) -> None:
        try:
            self._link(source, target)
        except OSError as error:
            if self._link is shutil.copyfile or error.errno in _FULL:
                raise
            shutil.copyfile(source, target)
            self._reasons[error.strerror or type(error).__name__] += 1

    def told(self) -> tuple[int, str]:
        """How many files were copied instead, and why."""
        return self._reasons.total(), ", ".join(self._reasons)
