"""Find the items of a folder or of a table; no file is opened except the table.

In: `root/class/*`, `root/{train,val,test}/class/*`, or a CSV `path,label[,group,split]`. Out: a
Listing of items in natural order, with notes on what was left out and files that cannot be named.
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

from objektiv.base.errors import DataError
from objektiv.base.names import natural_key, suggestion
from objektiv.data.formats import SUFFIXES
from objektiv.data.settings import ReadSettings
from objektiv.data.tables import read_table

PARTS = ("train", "validation", "test")
PART_FOLDERS = {
    "train": "train",
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    "test": "test",
}
LITTER = {"__MACOSX", "@eaDir", "Thumbs.db", "desktop.ini"}
NO_IMAGES = {*(".txt", ".csv", ".tsv", ".json", ".jsonl"), *(".md", ".xml", ".yaml", ".yml")}
LAYOUTS = "root/class/image, root/{train,val,test}/class/image and a CSV table are read"


@dataclass(frozen=True)
class Entry:
    """One item before it is looked at; `id` is its path below the root."""

    id: str
    path: Path
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


def find(root: Path, settings: ReadSettings) -> Listing:
    """The items below `root`, or those of the table `settings.labels`.

    Raises:
        DataError: there is no such folder, no layout that is known, no item or a bad table.
    """
    if settings.labels is not None:
        listing = _of_table(settings.labels)
    else:
        _check_folder(root)
        listing = _of_folders(root.resolve())
    if not listing.entries:
        raise DataError(
            f"there is no image in {root}",
            value="; ".join(listing.notes) or "the folder is empty",
            allowed=LAYOUTS,
            next="put the images of each class into a folder with the name of the class",
        )
    entries = sorted(listing.entries, key=lambda entry: natural_key(entry.id))
    if settings.parts == "new":
        entries = [replace(entry, part=None) for entry in entries]
    else:
        _check_parts_agree(root, entries)
    return replace(listing, entries=tuple(entries))


def _check_folder(root: Path) -> None:
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


def _visible(folder: Path) -> Iterator[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(
            f"the folder {folder} cannot be read",
            value=error.strerror or type(error).__name__,
            allowed="A folder that this user may read is needed",
            next="correct its permissions, then run the same command again",
        ) from error
    return (path for path in paths if path.name[0] != "." and path.name not in LITTER)


class _Notes:
    """Counts of what is left out, each with its first examples."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._found: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, what: str, path: Path) -> None:
        self._found[what].append(shown(path.relative_to(self._root)))

    def lines(self) -> tuple[str, ...]:
        return tuple(
            f"{len(names):,} {what}: {', '.join(names[:3])}" + ", ..." * (len(names) > 3)
            for what, names in self._found.items()
        )


def shown(path: Path) -> str:
    """A path as text that every table can hold; bytes that are not UTF-8 appear escaped."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _of_folders(root: Path) -> Listing:
    notes = _Notes(root)
    folders = _folders(root, notes)
    parts = _part_folders(root, folders)
    found: list[Entry] = []
    for top, part in parts.items() if parts else [(root, None)]:
        for folder in _folders(top, notes) if parts else folders:
            label = shown(Path(folder.name))
            paths = list(_files(root, folder, notes))
            if not paths:
                notes.add("class folders without an image", folder)
            ids = [shown(path.relative_to(root)) for path in paths]
            found += [Entry(i, p, label, part=part) for i, p in zip(ids, paths, strict=True)]
    nameless = tuple(entry for entry in found if not _is_utf8(entry.path))
    entries = tuple(entry for entry in found if _is_utf8(entry.path))
    return Listing(root, entries, nameless, notes.lines())


def _is_utf8(path: Path) -> bool:
    return "\\udc" not in ascii(str(path))  # how Python keeps bytes that are not UTF-8


def _folders(folder: Path, notes: _Notes) -> list[Path]:
    """The folders directly inside one; images that lie beside them are noted."""
    folders = []
    for path in _visible(folder):
        if path.is_symlink() and path.is_dir():
            notes.add("linked folders not followed", path)
        elif path.is_dir():
            folders.append(path)
        elif path.suffix.lower() in SUFFIXES:
            notes.add("images outside the folders of classes not read", path)
    return folders


def _part_folders(root: Path, folders: list[Path]) -> dict[Path, str]:
    """The folders that are parts, empty where the folders are classes."""
    parts = {f: PART_FOLDERS[f.name.lower()] for f in folders if f.name.lower() in PART_FOLDERS}
    others = [folder.name for folder in folders if folder not in parts]
    named = ", ".join(sorted(folder.name for folder in parts))
    if len(set(parts.values())) < len(parts):
        raise DataError(
            f"{root} holds one part twice",
            value=named,
            allowed="One folder each for train, val and test is read",
            next="put the folders of one part together",
        )
    if parts and others and "train" in parts.values() and len(parts) > 1:
        raise DataError(
            f"{root} holds parts and other folders",
            value=f"{named} beside {', '.join(others)}",
            allowed=LAYOUTS,
            next="move the other folders away, or rename the parts if they are classes",
        )
    return {} if others else parts


def _files(root: Path, folder: Path, notes: _Notes) -> Iterator[Path]:
    """The files below a folder that may be images, however deep."""
    for path in _visible(folder):
        if path.is_symlink() and (path.is_dir() or not path.resolve().is_relative_to(root)):
            notes.add("links not followed", path)
        elif path.is_dir():
            yield from _files(root, path, notes)
        elif not path.is_file():
            notes.add("neither files nor folders", path)
        elif path.suffix.lower() in NO_IMAGES:
            notes.add("text files not read", path)
        else:
            yield path


def _of_table(table: Path) -> Listing:
    root = table.absolute().parent.resolve()
    entries = tuple(
        Entry(row.path, root / row.path, row.label, row.group, PART_FOLDERS.get(row.split.lower()))
        for row in read_table(table, splits=PART_FOLDERS)
    )
    return Listing(root, entries, (), ())


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
