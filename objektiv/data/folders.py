"""Walk a folder for the items in its class folders; no file is opened.

In: `root/class/*` or `root/{train,val,test}/class/*`. Out: a Listing, with notes on what was left
out and files that cannot be named. Hidden files and folders, and those that systems leave behind,
are not looked at. Files that are plainly tables or text are counted in a note; every other file is
an item, whatever its suffix. Links to files are read; those to folders are not: they can loop.
Try: `class_folders(Path("cells"))`.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from objektiv.base.errors import DataError
from objektiv.base.language import say
from objektiv.data.formats import SUFFIXES

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


def visible(folder: Path | str) -> list[os.DirEntry[str]]:
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


class Notes:
    """Counts of what is left out, each with its first examples."""

    def __init__(self) -> None:
        self._found: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, what: str, path: str) -> None:
        """One more."""
        self._found[what].append(path)

    def lines(self) -> tuple[str, ...]:
        """A sentence a kind."""
        return tuple(
            say(
                "{what}: {number} ({examples})",
                what=what,
                number=len(names),
                examples=", ".join(names[:3]) + ", ..." * (len(names) > 3),
            )
            for what, names in self._found.items()
        )


def shown(name: str) -> str:
    """A name as text that every table can hold; bytes that are not UTF-8 appear escaped."""
    if name.isascii():
        return name
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def class_folders(root: Path) -> Listing:
    """The items of `root`, by class folder and, where there are any, by part.

    Raises:
        DataError: a folder cannot be read, or parts stand beside other folders.
    """
    notes = Notes()
    folders = _folders(root, "", notes)
    parts = _part_folders(root, folders)
    found: list[Entry] = []
    for part, top in parts.items() if parts else [(None, "")]:
        for label in _folders(root / top, f"{top}/", notes) if parts else folders:
            below = f"{top}/{label}" if parts else label
            paths = list(files_below(root, below, notes))
            if not paths:
                notes.add(say("class folders without an image"), shown(below))
            name, place = shown(label), f"{root}/"
            found += [Entry(shown(path), place + path, name, part=part) for path in paths]
    nameless = tuple(entry for entry in found if not entry.path.endswith(entry.id))
    entries = tuple(entry for entry in found if entry.path.endswith(entry.id))
    return Listing(root, entries, nameless, notes.lines())


def _folders(folder: Path, below: str, notes: Notes) -> list[str]:
    """Names of the folders directly inside one; images that lie beside them are noted."""
    folders = []
    for entry in visible(folder):
        if entry.is_symlink() and entry.is_dir():
            notes.add(say("links to folders, not followed"), shown(below + entry.name))
        elif entry.is_dir():
            folders.append(entry.name)
        elif Path(entry.name).suffix.lower() in SUFFIXES:
            notes.add(say("images outside class folders, not read"), shown(below + entry.name))
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


def files_below(root: Path, below: str, notes: Notes) -> Iterator[str]:
    """Paths, relative to the root, of the files below a folder that may be images."""
    for entry in visible(root / below):
        path = f"{below}/{entry.name}"
        if entry.is_symlink() and entry.is_dir():
            notes.add(say("links to folders, not followed"), shown(path))
        elif entry.is_dir():
            yield from files_below(root, path, notes)
        elif not entry.is_file():
            notes.add(say("neither files nor folders"), shown(path))
        elif os.path.splitext(entry.name)[1].lower() in NO_IMAGES:
            notes.add(say("text files, not read"), shown(path))
        else:
            yield path


def loose_pictures(root: Path) -> Listing:
    """The pictures that lie in the root itself, as one class."""
    names = [
        e.name for e in visible(root) if e.is_file() and Path(e.name).suffix.lower() in SUFFIXES
    ]
    entries = [Entry(shown(name), f"{root}/{name}", shown(root.name)) for name in names]
    nameless = tuple(entry for entry in entries if not entry.path.endswith(entry.id))
    readable = tuple(entry for entry in entries if entry.path.endswith(entry.id))
    return Listing(root, readable, nameless, ("the pictures lie in no class folder",))
