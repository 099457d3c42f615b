"""Find the items of a folder or of a table; no file is opened except the table.

In: class folders, or a CSV `path,label[,group,split]`, which is obeyed unasked where it is called
manifest.csv and lies in the root. Out: a Listing of items in natural order, with notes.
Try: `find(Path("cells"), ReadSettings())`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Literal

from objektiv.base.errors import DataError
from objektiv.base.language import mark, say
from objektiv.base.names import natural_key, suggestion
from objektiv.data.folders import (
    LAYOUTS,
    NO_IMAGES,
    PART_FOLDERS,
    PARTS,
    Entry,
    Listing,
    Notes,
    class_folders,
    files_below,
    loose_pictures,
    shown,
    visible,
)
from objektiv.data.settings import ReadSettings
from objektiv.data.tables import Row, is_table, read_columns, read_table

MANIFEST = "manifest.csv"
Purpose = Literal["train", "check"]


def find(root: Path, settings: ReadSettings, *, purpose: Purpose = "train") -> Listing:
    """The items below `root`, or those of the table `settings.labels`.

    Parts with different classes are refused, and so are pictures that lie in no class folder; who
    only checks data gets both: loose pictures are a class with the name of the folder.

    Raises:
        DataError: there is no such folder, no layout that is known, no item or a bad table.
    """
    if settings.labels is not None:
        listing = _of_table(settings.labels, root)
    else:
        _check_folder(root)
        root = root.resolve()
        listing = _of_manifest(root) if is_table(root / MANIFEST) else class_folders(root)
    if not listing.entries and purpose == "check":
        listing = loose_pictures(listing.root)
    if not listing.entries:
        empty = "the folder is empty" if settings.labels is None else "the table has no row"
        raise DataError(
            f"there is no image in {settings.labels or root}",
            value="; ".join(listing.notes) or empty,
            allowed=LAYOUTS,
            next="put the images of each class into a folder with the name of the class",
        )
    entries = sorted(listing.entries, key=lambda entry: natural_key(entry.id))
    if settings.parts == "new":
        entries = [replace(entry, part=None) for entry in entries]
    elif purpose == "train":
        _check_parts_agree(root, entries)
    return replace(listing, entries=tuple(entries))


def further_columns(root: Path, settings: ReadSettings) -> dict[str, dict[str, str]]:
    """What the table of labels says of each item beside label, group and split: column, id, text.

    Empty where there is no table.

    Raises:
        DataError: the table cannot be read.
    """
    table = settings.labels or root.resolve() / MANIFEST
    return read_columns(table) if settings.labels or is_table(table) else {}


def _check_folder(root: Path) -> None:
    if shown(str(root.resolve())) != str(root.resolve()):
        raise DataError(
            "the name of the data folder is not UTF-8",
            value=shown(str(root)),
            allowed="A path in UTF-8 is needed",
            next="rename the folder",
        )
    if root.is_dir():
        return
    if root.exists():
        table = root.suffix.lower() == ".csv"
        raise DataError(
            "the data is a file, not a folder",
            value=root,
            allowed=LAYOUTS,
            next=f"name the table with `--labels {root}` and its folder as the data"
            if table
            else "name the folder that holds one folder a class; unpack an archive first",
        )
    parent = root.absolute().parent
    names = [p.name for p in parent.iterdir() if p.is_dir()] if parent.is_dir() else []
    raise DataError(
        "there is no such folder",
        value=root,
        allowed="An existing folder is needed",
        next=suggestion(root.name, names) or "check the path; relative ones start where you are",
    )


def _of_manifest(root: Path) -> Listing:
    """The items of manifest.csv; what it lists in vain, or does not list, is noted."""
    notes = Notes()
    there: set[str] = set()
    for found in visible(root):
        if found.is_dir() and not found.is_symlink():
            there.update(files_below(root, found.name, notes))
        elif Path(found.name).suffix.lower() not in NO_IMAGES:
            there.add(found.name)
    rows = read_table(root / MANIFEST, splits=PART_FOLDERS, look=False)
    listed = {row.path for row in rows}
    for path in sorted(map(shown, there - listed), key=natural_key):
        notes.add(say("files that {table} does not list, not read", table=MANIFEST), path)
    for path in sorted(listed - there, key=natural_key):
        notes.add(say("files that {table} lists and that are gone", table=MANIFEST), path)
    entries = _entries(root, [row for row in rows if row.path in there])
    told = {
        (False, False): mark("{table} is obeyed: labels"),
        (True, False): mark("{table} is obeyed: labels, groups"),
        (False, True): mark("{table} is obeyed: labels, parts"),
        (True, True): mark("{table} is obeyed: labels, groups, parts"),
    }
    kind = any(e.group for e in entries), any(e.part for e in entries)
    obeyed = say(told[kind], table=MANIFEST)
    return Listing(root, entries, (), (obeyed, *notes.lines()))


def table_root(table: Path, data: Path) -> Path:
    """Where the paths of a table begin: in its own folder, or in the data folder where the table
    lies outside of it, as one that `objektiv check --fix` has written."""
    own, given = table.absolute().parent.resolve(), data.resolve()
    return given if given.is_dir() and not own.is_relative_to(given) else own


def _of_table(table: Path, data: Path) -> Listing:
    root = table_root(table, data)
    rows = read_table(table, splits=PART_FOLDERS, root=root)
    return Listing(root, _entries(root, rows), (), ())


def _entries(root: Path, rows: list[Row]) -> tuple[Entry, ...]:
    return tuple(
        Entry(r.path, f"{root}/{r.path}", r.label, r.group, PART_FOLDERS.get(r.split.lower()))
        for r in rows
    )


def _check_parts_agree(root: Path, entries: list[Entry]) -> None:
    classes: defaultdict[str | None, set[str]] = defaultdict(set)
    for entry in entries:
        classes[entry.part].add(entry.label)
    all_classes = set().union(*classes.values())
    gaps = [
        f"{part} has no {', '.join(sorted(all_classes - classes[part], key=natural_key))}"
        for part in PARTS
        if part in classes and classes[part] != all_classes
    ]
    if gaps:
        raise DataError(
            f"the parts of {root} do not have the same classes",
            value="; ".join(gaps),
            allowed="Every part needs images of every class",
            next="complete the folders, or pool the parts and split anew with `--parts new`",
        )
