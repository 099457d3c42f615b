"""Folders of this machine, for choosing where pictures lie; and what a folder would give.

In: a folder below the home folder, or one that was typed. Out: the folders in it, and a Survey:
classes, pictures, what their names show of groups. Nothing is opened, and a folder with too much
in it is not walked to its end.
Try: `survey(Path("cells"), None).classes`.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from objektiv.base.errors import DataError, ObjektivError, UsageError
from objektiv.base.names import natural_key
from objektiv.data import dataset as datasets
from objektiv.data.folders import shown, visible
from objektiv.data.grouping import Suggestion, suggest
from objektiv.data.settings import ReadSettings

MOST = 300_000  # files that are counted
PATIENCE = 5.0  # seconds of counting
EXAMPLES = 5  # names of groups that are shown


@dataclass(frozen=True)
class Survey:
    """What a folder would give as a project's data; `problem` says why it would give nothing."""

    folder: Path
    classes: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    suggestion: Suggestion | None = None
    groups: int = 0
    names: tuple[str, ...] = ()  # of the first groups
    problem: ObjektivError | None = None

    @property
    def pictures(self) -> int:
        """How many in all."""
        return sum(number for _, number in self.classes)


def below_home(below: str) -> Path:
    """A folder below the home folder by its path from there, told before the disk is touched.

    Raises:
        UsageError: it would leave the home folder, or is not there.
    """
    parts = PurePosixPath(below).parts
    odd = any(part in ("..", "/") or ":" in part or "\\" in part for part in parts)
    folder = Path.home().joinpath(*parts) if not odd and "\0" not in below else None
    if folder is None or not folder.is_dir():
        raise UsageError(
            "there is no such folder",
            value=repr(below[:200]),
            allowed="A folder below your home folder",
            next="type the full path of a folder that lies elsewhere",
        )
    return folder


def folders_in(folder: Path) -> list[str]:
    """The folders directly inside one, in natural order; hidden ones and links are left out.

    Raises:
        DataError: it cannot be read.
    """
    found = [e.name for e in visible(folder) if e.is_dir() and not e.is_symlink()]
    return sorted((name for name in found if shown(name) == name), key=natural_key)


def typed_folder(text: str) -> Path:
    """A folder by its full path, `~` for the home folder.

    Raises:
        UsageError: it is relative, or no folder.
    """
    text = text.strip().strip('"')
    try:
        folder = Path(text).expanduser()
        there = bool(text) and "\0" not in text and folder.is_absolute() and folder.is_dir()
    except (OSError, RuntimeError, ValueError):  # no home, a name that is too long
        there = False
    if not there:
        raise UsageError(
            "there is no such folder",
            value=repr(text[:200]),
            allowed="The full path of a folder on this machine",
            next="check the path, or choose the folder from the list",
        )
    return folder


def survey(folder: Path, group: str | None) -> Survey:
    """What `folder` would give, with groups by the pattern `group`; refusals are a `problem`."""
    try:
        _refuse_huge(folder)
        plain = datasets.read(folder, ReadSettings())
        labels = plain.items["label"].to_list()
        found = suggest([Path(path).stem for path in plain.items["path"]], labels)
    except ObjektivError as error:
        return Survey(folder, problem=error)
    counts = tuple(plain.counts().select("label", "items").iter_rows())
    try:
        items = datasets.read(folder, ReadSettings(group=group)).items if group else plain.items
    except ObjektivError as error:
        return Survey(folder, counts, plain.notes, found, problem=error)
    names = sorted(items["group"].drop_nulls().unique(), key=natural_key)
    return Survey(folder, counts, plain.notes, found, len(names), tuple(names[:EXAMPLES]))


def _refuse_huge(folder: Path) -> None:
    last, number = time.monotonic() + PATIENCE, 0
    for _, _, inside in os.walk(folder):
        number += len(inside)
        if number > MOST or time.monotonic() > last:
            raise DataError(
                "there is too much in this folder to look at it here",
                value=f"{folder}: more than {number:,} files",
                allowed=f"At most {MOST:,} files, counted in {PATIENCE:.0f} seconds",
                next="choose the folder that holds one folder for each class",
            )
