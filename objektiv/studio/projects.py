"""A project of the studio: one folder with its pictures or where they lie, its runs and its jobs.

In: the studio's folder. Out: projects by name. Pictures of a project that points to a folder of the
user stay where they are and are never changed: corrections stand in a table of the project.
Try: `open_project(home, "cells").data`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from objektiv.base import files
from objektiv.base.errors import DataError, UsageError
from objektiv.base.names import natural_key, suggestion
from objektiv.base.settings import Strict
from objektiv.data.settings import ReadSettings
from objektiv.flow.run import METRICS, Run, stem_of

FACTS = "project.json"
PICTURES = "pictures"  # of a project that holds its own
RUNS, JOBS = "runs", "jobs"
LABELS = "labels.csv"  # path, label, group: what corrections have made of the data
SLUG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


class ProjectFacts(Strict):
    """project.json."""

    format: Literal[1] = 1
    title: Annotated[str, Field(min_length=1, max_length=100)]
    data: str | None = None  # the user's folder or table; None: the project's own pictures
    group: str | None = None  # pattern of what is kept together, as of ReadSettings
    names: str | None = None  # the same in the names of pictures that are added; own ones only


@dataclass(frozen=True)
class Project:
    """One project."""

    folder: Path
    facts: ProjectFacts

    @property
    def name(self) -> str:
        """What it is called in addresses: its folder's name."""
        return self.folder.name

    @property
    def owns_pictures(self) -> bool:
        """Whether pictures may be added: those of another folder are never touched."""
        return self.facts.data is None

    @property
    def data(self) -> Path:
        """The folder, or the table, of its pictures."""
        return self.folder / PICTURES if self.facts.data is None else Path(self.facts.data)

    @property
    def labels(self) -> Path | None:
        """The table of labels that wins over the folders, where one was made."""
        table = self.folder / LABELS
        return table if table.is_file() else None

    @property
    def read_settings(self) -> ReadSettings:
        """How its pictures are read."""
        return ReadSettings(group=self.facts.group, labels=self.labels)

    @property
    def read_words(self) -> list[str]:
        """The same as words of a command line, the folder of the data first."""
        words = [str(self.data)]
        words += ["--group", self.facts.group] if self.facts.group else []
        return words + (["--labels", str(self.labels)] if self.labels else [])

    @property
    def runs_folder(self) -> Path:
        """Where its runs lie."""
        return self.folder / RUNS

    def runs(self) -> list[Run]:
        """Its finished runs, the newest first."""
        found = [path.parent for path in self.runs_folder.glob(f"*/{METRICS}")]
        return [Run(path) for path in sorted(found, key=_age)]

    def run(self, name: str) -> Run:
        """A finished run by the name of its folder.

        Raises:
            UsageError: there is none.
        """
        found = {run.folder.name: run for run in self.runs()}
        if name not in found:
            raise UsageError(
                "this project has no such run",
                value=repr(name),
                allowed=f"Finished runs: {', '.join(found) or 'none yet'}",
                next=suggestion(name, found) or "train first",
            )
        return found[name]

    def change(self, **facts: str | None) -> Project:
        """The same project with other facts, kept."""
        return _save(self.folder, self.facts.model_copy(update=facts))


def _age(path: Path) -> tuple[float, str]:
    return -path.stat().st_mtime, path.name


def projects(home: Path) -> Iterator[Project]:
    """All projects below `home`, in natural order; folders that are none are left out."""
    for path in sorted(home.glob(f"*/{FACTS}"), key=lambda path: natural_key(path.parent.name)):
        yield open_project(home, path.parent.name)


def open_project(home: Path, name: str) -> Project:
    """The project of this name.

    Raises:
        UsageError: there is none.
        DataError: its facts cannot be read.
    """
    folder = home / name
    if not SLUG.fullmatch(name) or not (folder / FACTS).is_file():
        known = [path.parent.name for path in home.glob(f"*/{FACTS}")]
        raise UsageError(
            "there is no such project",
            value=repr(name),
            allowed=f"Projects here: {', '.join(known) or 'none yet'}",
            next=suggestion(name, known) or "make a new project",
        )
    try:
        facts = ProjectFacts.model_validate_json((folder / FACTS).read_bytes())
    except ValidationError as error:
        raise DataError(
            "a project's facts cannot be read",
            value=f"{folder / FACTS}: {error.errors()[0]['msg']}",
            allowed="The JSON that the studio wrote",
            next="correct the file, or make a new project of the same pictures",
        ) from error
    return Project(folder, facts)


def new_project(
    home: Path,
    title: str,
    *,
    data: Path | None = None,
    group: str | None = None,
    names: str | None = None,
) -> Project:
    """A new project in a folder of its own below `home`.

    `data`: a folder or table of pictures that stays where it is; None: it gets its own, and
    `names` is the pattern of what is kept together in the names of those that are added.

    Raises:
        UsageError: the title is empty or too long, the pattern is none, or `data` is not there.
    """
    title = " ".join(title.split())
    if not 1 <= len(title) <= 100:
        raise UsageError(
            "a project needs a name",
            value=repr(title[:40]),
            allowed="1 to 100 characters",
            next="type a name",
        )
    if data is not None and not data.exists():
        raise UsageError(
            "there is no such folder",
            value=data,
            allowed="The full path of a folder of pictures, or of a table of labels",
            next="check the path",
        )
    check_pattern(group)
    check_pattern(names)
    folder = files.new_numbered_folder(files.make_folder(home), stem_of(Path(title)))
    if data is None:
        files.make_folder(folder / PICTURES)
    place = str(data.resolve()) if data else None
    return _save(folder, ProjectFacts(title=title, data=place, group=group, names=names))


def check_pattern(group: str | None) -> None:
    """Refuse what is no regular expression.

    Raises:
        UsageError: it is none.
    """
    try:
        ReadSettings(group=group)
    except ValidationError as error:
        raise UsageError(
            "this is no pattern",
            value=repr(group),
            allowed=r"A regular expression, such as C\d+",
            next="leave it empty where every picture stands for itself",
        ) from error


def _save(folder: Path, facts: ProjectFacts) -> Project:
    files.write_json(folder / FACTS, facts.model_dump(mode="json"))
    return Project(folder, facts)
