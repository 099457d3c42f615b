"""What people said about single pictures: another label, put aside, or right as it is; and undo.

In: a project, ids of its pictures and a decision. Out: `corrections.csv`, where every decision
stays until it is undone, and `labels.csv` made of it, which all commands read. The last decision
about a picture counts. No file of the user is changed.
Try: `relabel(project, ["disc/7.png"], "stripe")`, then `undo(project, ["disc/7.png"])`.
"""

from __future__ import annotations

import csv
import functools
import io
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from objektiv.base import files
from objektiv.base.errors import DataError, UsageError
from objektiv.base.lock import only_process
from objektiv.base.names import natural_key, suggestion
from objektiv.data import dataset as datasets
from objektiv.data.dataset import Dataset
from objektiv.data.groups import examples
from objektiv.data.safe_names import FORMULA_SIGNS
from objektiv.data.settings import ReadSettings
from objektiv.data.sources import MANIFEST
from objektiv.studio.classes import class_folders, new_class
from objektiv.studio.projects import LABELS, Project

CORRECTIONS = "corrections.csv"
FOLDERS_SEEN = 4096  # folders whose time of change is looked at
PATIENCE = 10.0  # seconds until another page has written its corrections
LONGEST_WHY = 500  # characters

Action = Literal["aside", "label", "keep"]  # keep: looked at, and right as the data say


@dataclass(frozen=True)
class Correction:
    """One decision about one picture; `label` is empty but for the action label."""

    id: str
    action: Action
    label: str
    when: str  # UTC, as ISO 8601 has it
    why: str


COLUMNS = tuple(field.name for field in fields(Correction))


def relabel(
    project: Project,
    ids: Collection[str],
    label: str,
    *,
    why: str = "",
    classes: Literal["known", "new"] = "known",
) -> None:
    """Give pictures another label; with classes="new" one that no picture has yet.

    Raises:
        UsageError: the class is not known, or cannot be called so.
        DataError: the project has no such picture.
    """
    known = known_classes(project)
    if label not in known:
        if classes == "known":
            raise UsageError(
                "the project has no such class",
                value=repr(label),
                allowed=f"Classes: {examples(known)}",
                next=suggestion(label, known) or "choose one of them, or make a new class",
            )
        label = new_class(label, known)
    _decide(project, ids, "label", label=label, why=why)


def set_aside(project: Project, ids: Collection[str], why: str = "") -> None:
    """Leave pictures out of everything from now on.

    Raises:
        DataError: the project has no such picture, or none would be left.
    """
    _decide(project, ids, "aside", why=why)


def keep(project: Project, ids: Collection[str], why: str = "") -> None:
    """Say that pictures are right as the data say; findings no longer show them.

    Raises:
        DataError: the project has no such picture.
    """
    _decide(project, ids, "keep", why=why)


def undo(project: Project, ids: Collection[str]) -> None:
    """Take back the last decision about each of these pictures.

    Raises:
        DataError: nothing was decided about one of them.
    """
    with _alone(project):
        rows = _read(project)
        last = {row.id: place for place, row in enumerate(rows)}
        if missing := [i for i in ids if i not in last]:
            raise DataError(
                "nothing was decided about this picture",
                value=examples(missing),
                allowed="A picture with a correction",
                next="load the page again",
            )
        gone = {last[i] for i in ids}
        _keep(project, [row for place, row in enumerate(rows) if place not in gone])


def corrections(project: Project) -> list[Correction]:
    """What counts about each picture that was decided about, the newest first."""
    rows = _read(project)
    last = {row.id: place for place, row in enumerate(rows)}
    return [rows[place] for place in sorted(last.values(), reverse=True)]


def known_classes(project: Project) -> list[str]:
    """The classes of the data, of corrections, and own ones without a picture, in natural order."""
    known = {c.label for c in corrections(project) if c.label}
    if project.owns_pictures:
        known |= set(class_folders(project.data))
    with suppress(DataError):  # no picture yet
        known |= set(original(project).classes)
    return sorted(known, key=natural_key)


def original(project: Project) -> Dataset:
    """The pictures as the folders say, without corrections and without groups by pattern.

    Raises:
        DataError: nothing usable is found.
    """
    return original_of(project.data)


def original_of(data: Path) -> Dataset:
    """The same of a folder."""
    return _original(data, state_of(data))


@functools.lru_cache(maxsize=8)
def _original(data: Path, state: tuple[object, ...]) -> Dataset:
    return datasets.read(data, ReadSettings())


def state_of(data: Path) -> tuple[object, ...]:
    """What changes when pictures come or go: a folder's time changes with the files in it."""
    places = [data]
    for top, below, _ in os.walk(data):
        places += [Path(top, name) for name in below]
        if len(places) > FOLDERS_SEEN:
            break
    return tuple(stamp(path) for path in (*places, data / MANIFEST) if path.exists())


def stamp(path: Path) -> tuple[object, ...]:
    """What changes when a file or folder does; a file that is published anew is another one."""
    facts = path.stat()
    return path, facts.st_mtime_ns, facts.st_ino


def refresh(project: Project) -> None:
    """Make labels.csv anew of the data as they are now; nothing where nothing was corrected.

    Raises:
        DataError: a name cannot stand in a table, or no picture is left.
    """
    with _alone(project):
        _write_labels(project, _read(project))


def _decide(
    project: Project, ids: Collection[str], action: Action, *, label: str = "", why: str = ""
) -> None:
    known = set(original(project).items["id"])
    if missing := [i for i in ids if i not in known]:
        raise DataError(
            "the project has no such picture",
            value=examples(missing),
            allowed="A picture of the data as they are now",
            next="load the page again",
        )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    why = " ".join(why.split())[:LONGEST_WHY]
    with _alone(project):
        rows = [*_read(project), *(Correction(i, action, label, now, why) for i in ids)]
        _keep(project, rows)


@contextmanager
def _alone(project: Project) -> Iterator[None]:
    with only_process(project.folder, wait=PATIENCE):
        yield


def _keep(project: Project, rows: list[Correction]) -> None:
    """Labels first: what they refuse is not decided."""
    _write_labels(project, rows)
    cells = [[_harmless(row.id), *astuple(row)[1:]] for row in rows]
    files.write_text(project.folder / CORRECTIONS, _csv([list(COLUMNS), *cells]))


def _read(project: Project) -> list[Correction]:
    path = project.folder / CORRECTIONS
    if not path.is_file():
        return []
    try:
        text = path.read_text(encoding="utf-8")
        head, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        if tuple(head) != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
            raise ValueError("its columns are not those that the studio writes")
        if wrong := {row[1] for row in rows} - {*get_args(Action)}:
            raise ValueError(f"unknown action {wrong.pop()!r:.40}")
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(
            "the corrections of the project cannot be read",
            value=f"{path}: {error}",
            allowed=f"The columns {', '.join(COLUMNS)}",
            next="correct the file, or take it away to begin anew",
        ) from error
    return [Correction(row[0].removeprefix("./"), *row[1:]) for row in rows]  # type: ignore[arg-type]


def _write_labels(project: Project, rows: list[Correction]) -> None:
    """labels.csv: all pictures but those aside; taken away where it would say nothing new."""
    table = project.folder / LABELS
    decided = {row.id: row for row in rows}
    if all(row.action == "keep" for row in decided.values()):
        table.unlink(missing_ok=True)
        return
    text = _csv(_table(original(project), decided))
    if not table.is_file() or table.read_text(encoding="utf-8") != text:
        files.write_text(table, text)


def _table(dataset: Dataset, decided: Mapping[str, Correction]) -> list[list[str]]:
    """The rows of labels.csv, with group and split where the data came with them."""
    items = dataset.items
    further = [name for name in ("group", "part") if items[name].is_not_null().any()]
    lost: list[str] = []
    rows = []
    for item in items.iter_rows(named=True):
        said = decided.get(item["id"])
        if said and said.action == "aside":
            continue
        label = said.label if said and said.action == "label" else item["label"]
        row = [_harmless(item["id"]), label, *(item[name] or "" for name in further)]
        # as data.tables reads them: cells without blanks at their ends, and one kind of slash
        lost += [item["id"]] * ("\\" in item["id"] or row != [cell.strip() for cell in row])
        rows.append(row)
    if lost:
        raise DataError(
            "these names cannot stand in a table of labels",
            value=examples(lost),
            allowed="Names of files and classes without blanks at their ends and backslashes",
            next="rename these files; nothing was changed",
        )
    if not rows:
        raise DataError(
            "no picture would be left",
            value=f"{len(items):,} of {len(items):,} put aside",
            allowed="At least one picture must stay",
            next="put fewer aside, or undo a correction",
        )
    head = ["path", "label", *("split" if name == "part" else name for name in further)]
    return [head, *rows]


def _harmless(item: str) -> str:
    """A path that a spreadsheet does not run."""
    return f"./{item}" if item.startswith(FORMULA_SIGNS) else item


def _csv(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
