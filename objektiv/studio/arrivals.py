"""Pictures that arrive by upload or camera: looked at first, stored under names that we make.

In: names and bytes as a browser sent them. Out: files `pictures/CLASS/SHA256.png` of the project,
and a Received that names what was refused and why. A client's name is never part of a path: it is
kept as data in `names.csv`. What belongs together (a film, a patient) begins with one word, so
that a split keeps it together.
Try: `receive(project, [Sent("disc/1.png", read)], label=None)`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from objektiv.base import files
from objektiv.base.errors import ImageError, UsageError
from objektiv.base.language import say
from objektiv.base.lock import only_process
from objektiv.data.images import REASONS, decode
from objektiv.flow.use import MAX_PIXELS
from objektiv.studio.classes import class_folders, new_class
from objektiv.studio.projects import Project

NAMES = "names.csv"  # what the pictures were called where they came from
SUFFIX = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "TIFF": ".tif", "BMP": ".bmp"}
SUFFIX |= {"GIF": ".gif"}
LARGEST = 50_000_000  # bytes of one picture
MOST = 200_000  # pictures of a project that holds its own
LONGEST_NAME = 200  # characters of a name that is kept as data
# A picture of no group is one of its own: its name begins with its hash.
GROUPED = r"^(?:g[0-9a-f]{12}|[0-9a-f]{64})"
_STORED = re.compile(r"(?:g[0-9a-f]{12}-)?([0-9a-f]{64})\.[a-z]+")
PATIENCE = 60.0  # seconds until another page has stored its pictures


@dataclass(frozen=True)
class Sent:
    """One file as it arrived; `name` may have folders in it, as a browser sends a whole folder."""

    name: str
    size: int
    read: Callable[[], bytes]


@dataclass
class Received:
    """What became of the files: how many are new, and names with a reason in a few words."""

    kept: int = 0
    already: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def receive(
    project: Project, sent: Iterable[Sent], *, label: str | None, group: str | None = None
) -> Received:
    """Store pictures of the class `label`, or of the folders in their names where it is None.

    `group`: what all of them belong to, any text; None: what the project's pattern finds in each
    name.

    Raises:
        UsageError: the project has pictures of another folder, or the class cannot be called so.
    """
    require_own(project)
    told = Received()
    with only_process(project.folder, wait=PATIENCE):
        store = _Store(project, label, group)
        for one in sent:
            name = shown_name(one.name)
            try:
                if not store.take(one, name):
                    told.already.append(name)
                else:
                    told.kept += 1
            except ImageError as error:
                told.refused.append((name, REASONS[error.reason]))
            except _Refused as error:
                told.refused.append((name, error.told))
        store.close()
    return told


def require_own(project: Project) -> None:
    """Refuse a project whose pictures lie in a folder of the user.

    Raises:
        UsageError: it is one.
    """
    if not project.owns_pictures:
        raise UsageError(
            "pictures cannot be added to this project",
            value=project.data,
            allowed="Its pictures lie in a folder of yours, where the studio changes nothing",
            next="copy them into that folder; the studio finds them there",
        )


def make_class(project: Project, name: str) -> str:
    """A new class without pictures; returns its name.

    Raises:
        UsageError: it is there, or cannot be called so.
    """
    require_own(project)
    name = new_class(name, class_folders(project.data))
    files.make_folder(project.data / name)
    return name


def original_names(project: Project) -> dict[str, str]:
    """From the id of a stored picture to what it was called."""
    path = project.folder / NAMES
    if not path.is_file():
        return {}
    rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    return {row[0]: row[1] for row in rows if len(row) == 3}


def shown_name(name: str) -> str:
    """A client's name as text that every page and table can hold."""
    kept = "".join(c if c.isprintable() else "?" for c in name)
    return kept[-LONGEST_NAME:] or "?"


class _Store:
    """Takes one file after the other; the names are written at the end."""

    def __init__(self, project: Project, label: str | None, group: str | None) -> None:
        self._project, self._group = project, group
        self._classes = {name: name for name in class_folders(project.data)}
        self._label = label
        if label is not None and label not in self._classes:
            self._label = new_class(label, self._classes)
        self._there = dict(_stored(project.data))
        self._names: list[tuple[str, str, str]] = []
        self._grouped = False

    def take(self, one: Sent, name: str) -> bool:
        """Store a file; False where the same bytes are there in the same class."""
        if one.size > LARGEST:
            raise _Refused(say("{number} bytes are too many for one picture", number=one.size))
        label = self._label or self._class_of(_folder_of(one.name))
        data = one.read()
        format = decode(data, name=name, max_pixels=MAX_PIXELS).format
        sha256 = files.sha256(data)
        if sha256 in self._there:
            if (other := self._there[sha256]) != label:
                raise _Refused(say("the same picture is there in the class {label}", label=other))
            return False
        if len(self._there) >= MOST:
            raise _Refused(say("the project is full: {number} pictures", number=MOST))
        group = self._group or self._found(one.name)
        stored = f"{label}/{group_word(group)}{sha256}{SUFFIX[format]}"
        files.make_folder(self._project.data / label)
        files.write_bytes(self._project.data / stored, data)
        self._there[sha256] = label
        self._names.append((stored, name, datetime.now(UTC).isoformat(timespec="seconds")))
        self._grouped = self._grouped or group is not None
        return True

    def close(self) -> None:
        """Keep what the pictures were called, and that some belong together."""
        if self._grouped and self._project.facts.group != GROUPED:
            self._project.change(group=GROUPED)
        if not self._names:
            return
        path = self._project.folder / NAMES
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self._names)
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        files.write_text(path, before + text.getvalue())

    def _class_of(self, name: str) -> str:
        if name not in self._classes:
            try:
                made = new_class(name, self._classes)
            except UsageError as error:
                told = say("its class cannot be called {label}", label=shown_name(name))
                raise _Refused(told) from error
            self._classes[name] = self._classes[made] = made
        return self._classes[name]

    def _found(self, name: str) -> str | None:
        pattern = self._project.facts.names
        match = re.search(pattern, PurePosixPath(name).stem) if pattern else None
        return (match[1] if match.re.groups else match[0]) if match else None


def group_word(group: str | None) -> str:
    """What the names of the pictures of a group begin with; the group's own name is not in it."""
    return f"g{files.sha256(group.encode())[:12]}-" if group else ""


def _folder_of(name: str) -> str:
    folders = PurePosixPath(name.replace("\\", "/")).parts[:-1]
    if not folders:
        raise _Refused(say("it lies in no folder that names its class"))
    return folders[-1]


def _stored(data: Path) -> Iterator[tuple[str, str]]:
    """SHA-256 and class of each picture that is there."""
    for path in data.glob("*/*"):
        if match := _STORED.fullmatch(path.name):
            yield match[1], path.parent.name


class _Refused(Exception):
    """Why one file is not stored; the others are."""

    def __init__(self, told: str) -> None:
        super().__init__(told)
        self.told = told
