"""What a search is and how far it came, as one plain file: tune.json.

In: TuneSettings, or the folder of a search that was cut off. Out: a Record that is written whole
each time a trial is begun or has failed; a trial is finished where its run is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from objektiv.base import files
from objektiv.base.errors import DataError, UsageError
from objektiv.base.settings import make
from objektiv.data.dataset import Dataset
from objektiv.data.settings import ReadSettings, SplitSettings
from objektiv.flow.settings import RunSettings, TrainSettings, TuneSettings
from objektiv.models.space import Space, read_space, space_of

FILE, FORMAT = "tune.json", 1
OWN = frozenset(TuneSettings.model_fields) - frozenset(TrainSettings.model_fields)
GOING_ON = {"resume", "jobs", "search"}  # what may be said where a search goes on
# What decides which pictures are judged, and where things are kept.
FIXED = (*ReadSettings.model_fields, *SplitSettings.model_fields, *RunSettings.model_fields)
FIXED += ("split", "bank", "workers")


@dataclass
class Record:
    """A search; `trials` are values by number, with "failed" where a trial cannot be trained."""

    given: dict[str, Any]  # settings of every trial, as a person gave them
    space: Space
    search: int | None
    data: str = ""  # digest of the pictures
    trials: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def new(cls, settings: TuneSettings) -> Record:
        """A search that nobody has begun.

        Raises:
            SettingsError: the grid has a mistake.
            UsageError: there is no space to search in.
        """
        if settings.search and not settings.grid:
            raise UsageError(
                "a search needs to know what it may vary",
                value=f"--search {settings.search}",
                allowed="A YAML file with `setting: [values]` lines, or ranges, is read",
                next="name it with --grid FILE",
            )
        given = settings.model_dump(mode="json", exclude_unset=True, exclude=set(OWN))
        space = Space({})
        if settings.grid:
            way: Literal["grid", "search"] = "search" if settings.search else "grid"
            space = read_space(settings.grid, TrainSettings, fixed=FIXED, way=way)
        return cls(given, space, settings.search)

    @classmethod
    def reopened(cls, settings: TuneSettings) -> Record:
        """The search in `settings.resume`; more trials may be asked for.

        Raises:
            UsageError: other settings are given, or there is no such folder.
            DataError: its file is damaged.
        """
        if other := sorted(settings.model_fields_set - GOING_ON):
            raise UsageError(
                "a search goes on with its own settings",
                value=", ".join(f"--{name.replace('_', '-')}" for name in other),
                allowed="Beside DATA and --resume, only --jobs and --search may be given",
                next="leave it away, or begin a new search without --resume",
            )
        path = cast(Path, settings.resume) / FILE
        if not path.is_file():
            raise UsageError(
                "there is no search to go on with",
                value=settings.resume,
                allowed=f"The folder of a search, with {FILE} in it, is needed",
                next="list the folder tunes, or begin a new search without --resume",
            )
        return _read(path, settings.search)

    @property
    def base(self) -> TrainSettings:
        """Settings of every trial; what nobody gave is open."""
        return make(TrainSettings, self.given)

    def settle(self, folder: Path, dataset: Dataset) -> None:
        """Tie the search to its pictures, and write it down.

        Raises:
            DataError: the search was begun on others.
        """
        found = _digest(dataset)
        if self.data not in ("", found):
            raise DataError(
                "the search was begun on other pictures",
                value=f"{dataset.root}: names, contents, labels or groups differ",
                allowed="A search goes on with the data that it was begun on",
                next="name that folder, or begin a new search without --resume",
            )
        self.data = found
        self.save(folder)

    def save(self, folder: Path) -> None:
        """Publish tune.json."""
        files.write_json(
            folder / FILE,
            {
                "format": FORMAT,
                "given": self.given,
                "space": self.space.plain(),
                "search": self.search,
                "data": self.data,
                "trials": self.trials,
            },
        )

    def values(self, number: int) -> dict[str, Any]:
        """The values of a trial, lists as tuples as in a Space."""
        found = self.trials[number]["values"]
        return {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}


def _read(path: Path, search: int | None) -> Record:
    found = files.parse_json(path.read_bytes(), name=str(path))
    try:
        if found["format"] != FORMAT:
            raise ValueError(f"format {found['format']}")
        way: Literal["grid", "search"] = "search" if found["search"] else "grid"
        space = Space({})
        if found["space"]:
            space = space_of(
                found["space"],
                TrainSettings,
                fixed=FIXED,
                way=way,
                source=str(path),
            )
        trials = [
            {"values": dict(t["values"]), "failed": str(t["failed"])} for t in found["trials"]
        ]
        wanted = search if search and found["search"] else found["search"]
        return Record(dict(found["given"]), space, wanted, str(found["data"]), trials)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"{path} is not what a search wrote",
            value=" ".join(str(error).split()) or type(error).__name__,
            allowed=f"Format {FORMAT} is read",
            next="begin a new search; finished trials stay in its folder",
        ) from error


def _digest(dataset: Dataset) -> str:
    """Of names, contents, labels and groups."""
    rows = sorted(map(repr, dataset.items.select("id", "hash", "label", "group").iter_rows()))
    return files.sha256("\n".join(rows).encode())
