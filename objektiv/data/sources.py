"""Find the items of a folder or of a table; no file is opened except the table.

In: `root/class/*`, `root/{train,val,test}/class/*`, or a CSV `path,label[,group,split]`, which is
obeyed unasked where it is called manifest.csv and lies in the root. Out: a Listing of items in
natural order, with notes on what was left out and files that cannot be named.
Hidden files and folders, and those that systems leave behind, are not looked at. Files that are
plainly tables or text are counted in a note; every other file is an item, whatever its suffix.
Try: `find(Path("cells"), ReadSettings())`.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from objektiv.base.errors import DataError
from objektiv.base.names import natural_key, suggestion
from objektiv.data.formats import SUFFIXES
from objektiv.data.settings import ReadSettings
from objektiv.data.tables import Row, is_table, read_table

PARTS = ("train", "validation", "test")
PART_FOLDERS = {
    "train": "train",
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    "test": "test",
}
LITTER = {"__MACOSX", "@eaDir", "Thumbs.db", "desktop.ini"}
NO_IMAGES = {*(".txt", ".csv", ".tsv", ".json", ".jsonl"), *(".md", ".xml", ".yaml", ".yml")}
MANIFEST = "manifest.csv"
Purpose = Literal["train", "check"]
LAYOUTS = "root/class/image, root/{train,val,test}/class/image and a CSV table are read"


@dataclass(frozen=True)
class Entry:
    """One item before it is looked at; `id` is its path below the root."""

    id: str
    path: str
    label: str
    group: str | None = None
    part: str | None = None


@dataclass(frozen=True)
class Listing:
    """What was found below `root`."""

    root: Path
    entries: tuple[Entry, ...]
    nameless: tuple[Entry, ...]  # their names are not UTF-8; `id` shows them escaped
    notes: tuple[str, ...]


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
        listing = _of_manifest(root) if is_table(root / MANIFEST) else _of_folders(root)
    if not listing.entries and purpose == "check":
        listing = _of_loose(listing.root)
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


def _visible(folder: Path | str) -> list[os.DirEntry[str]]:
    """What lies directly in a folder, by name; a scan asks the system once for a whole folder."""
    try:
        with os.scandir(folder) as scan:
            found = [e for e in scan if e.name[0] != "." and e.name not in LITTER]
    except OSError as error:
        raise DataError(
            f"the folder {folder} cannot be read",
            value=error.strerror or type(error).__name__,
            allowed="A folder that this user may read is needed",
            next="correct its permissions, then run the same command again",
        ) from error
    return sorted(found, key=lambda entry: entry.name)


class _Notes:
    """Counts of what is left out, each with its first examples."""

    def __init__(self) -> None:
        self._found: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, what: str, path: str) -> None:
        self._found[what].append(path)

    def lines(self) -> tuple[str, ...]:
        return tuple(
            f"{what}: {len(names):,} ({', '.join(names[:3])}{', ...' * (len(names) > 3)})"
            for what, names in self._found.items()
        )


def shown(name: str) -> str:
    """A name as text that every table can hold; bytes that are not UTF-8 appear escaped."""
    if name.isascii():
        return name
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _of_folders(root: Path) -> Listing:
    notes = _Notes()
    folders = _folders(root, "", notes)
    parts = _part_folders(root, folders)
    found: list[Entry] = []
    for part, top in parts.items() if parts else [(None, "")]:
        for label in _folders(root / top, f"{top}/", notes) if parts else folders:
            below = f"{top}/{label}" if parts else label
            paths = list(_files(root, below, notes))
            if not paths:
                notes.add("class folders without an image", shown(below))
            name, place = shown(label), f"{root}/"
            found += [Entry(shown(path), place + path, name, part=part) for path in paths]
    nameless = tuple(entry for entry in found if not entry.path.endswith(entry.id))
    entries = tuple(entry for entry in found if entry.path.endswith(entry.id))
    return Listing(root, entries, nameless, notes.lines())


def _folders(folder: Path, below: str, notes: _Notes) -> list[str]:
    """Names of the folders directly inside one; images that lie beside them are noted."""
    folders = []
    for entry in _visible(folder):
        if entry.is_symlink() and entry.is_dir():
            notes.add("links, not followed", shown(below + entry.name))
        elif entry.is_dir():
            folders.append(entry.name)
        elif Path(entry.name).suffix.lower() in SUFFIXES:
            notes.add("images outside class folders, not read", shown(below + entry.name))
    return folders


def _part_folders(root: Path, folders: list[str]) -> dict[str, str]:
    """From part to its folder; empty where the folders are classes."""
    named = [folder for folder in folders if folder.lower() in PART_FOLDERS]
    others = [folder for folder in folders if folder.lower() not in PART_FOLDERS]
    parts = {PART_FOLDERS[folder.lower()]: folder for folder in named}
    if len(parts) < len(named):
        raise DataError(
            f"{root} holds one part twice",
            value=", ".join(named),
            allowed="One folder each for train, val and test is read",
            next="put the folders of one part together",
        )
    if others and "train" in parts and len(parts) > 1:
        raise DataError(
            f"{root} holds parts and other folders",
            value=f"{', '.join(named)} beside {', '.join(map(shown, others))}",
            allowed=LAYOUTS,
            next="move the other folders away, or rename the parts if they are classes",
        )
    return {} if others else parts


def _files(root: Path, below: str, notes: _Notes) -> Iterator[str]:
    """Paths, relative to the root, of the files below a folder that may be images."""
    for entry in _visible(root / below):
        path = f"{below}/{entry.name}"
        if entry.is_symlink() and _leads_away(Path(entry.path), root):
            notes.add("links, not followed", shown(path))
        elif entry.is_dir():
            yield from _files(root, path, notes)
        elif not entry.is_file():
            notes.add("neither files nor folders", shown(path))
        elif os.path.splitext(entry.name)[1].lower() in NO_IMAGES:
            notes.add("text files, not read", shown(path))
        else:
            yield path


def _leads_away(link: Path, root: Path) -> bool:
    """Whether a link leaves the root; those to folders never count as inside, they can loop."""
    return link.is_dir() or not link.resolve().is_relative_to(root)


def _of_manifest(root: Path) -> Listing:
    """The items of manifest.csv; what it lists in vain, or does not list, is noted."""
    notes = _Notes()
    there: set[str] = set()
    for found in _visible(root):
        if found.is_dir() and not found.is_symlink():
            there.update(_files(root, found.name, notes))
        elif Path(found.name).suffix.lower() not in NO_IMAGES:
            there.add(found.name)
    rows = read_table(root / MANIFEST, splits=PART_FOLDERS, look=False)
    listed = {row.path for row in rows}
    for path in sorted(map(shown, there - listed), key=natural_key):
        notes.add(f"files that {MANIFEST} does not list, not read", path)
    for path in sorted(listed - there, key=natural_key):
        notes.add(f"files that {MANIFEST} lists and that are gone", path)
    entries = _entries(root, [row for row in rows if row.path in there])
    obeyed = f"{MANIFEST} is obeyed: labels"
    obeyed += ", groups" * any(e.group for e in entries) + ", parts" * any(e.part for e in entries)
    return Listing(root, entries, (), (obeyed, *notes.lines()))


def _of_loose(root: Path) -> Listing:
    """The pictures that lie in the root itself, as one class."""
    names = [
        e.name for e in _visible(root) if e.is_file() and Path(e.name).suffix.lower() in SUFFIXES
    ]
    entries = [Entry(shown(name), f"{root}/{name}", shown(root.name)) for name in names]
    nameless = tuple(entry for entry in entries if not entry.path.endswith(entry.id))
    readable = tuple(entry for entry in entries if entry.path.endswith(entry.id))
    return Listing(root, readable, nameless, ("the pictures lie in no class folder",))


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
