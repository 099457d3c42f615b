"""The honesty ledger: how often the test parts of some data were looked at, and what was audited.

In: a Home (where the data lie) and entries. Out: `.objektiv/ledger.jsonl` beside the pictures, one
line an entry, and a Ledger. Each look at a test part makes its best score a little luckier than it
is, so looks are counted whoever makes them. The file is plain text that anyone may delete: it
helps honest people to stay so. What does not fit is counted and left as it is.
Try: `read(Home.of(dataset)).looks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from objektiv.base import files
from objektiv.base.errors import DataError, MachineError
from objektiv.base.lock import only_process
from objektiv.base.places import BANK
from objektiv.data.dataset import Dataset
from objektiv.flow.entries import (
    MOST_FOUND,
    Audit,
    Check,
    Counted,
    Entry,
    Honesty,
    Line,
    Look,
    data_hash,
    parse,
    part_hash,
)
from objektiv.judging.predictions import Predictions

FOLDER, FILE = ".objektiv", "ledger.jsonl"
IN_BANK = "ledgers"  # folder of the bank, for data whose folder may not be written to
LARGEST = 1_000_000  # bytes; about 3,000 looks
KEPT = 0.5  # share of LARGEST that stays line by line once it is reached
MOST_COUNTS = 1_000  # test parts whose looks are kept as a number
ANYBODY = 0o222  # who may write, of a file's mode
WAIT = 5.0  # seconds for another process that writes an entry
ENOUGH = ("check", "split --honest")  # the commands that put an audit on record


@dataclass(frozen=True)
class Home:
    """The data that a ledger is about; `root` is None for a table of predictions."""

    root: Path | None
    data: str  # hash of the pictures; names the file in the bank
    bank: Path | None

    @classmethod
    def of(cls, dataset: Dataset, *, bank: Path | None = None) -> Home:
        """Of data whose pictures were looked at (column `hash`)."""
        return cls(dataset.root, data_hash(dataset.items["hash"]), bank or usual_bank())

    @classmethod
    def of_table(cls, test: Predictions) -> Home:
        """Of predictions without pictures."""
        return cls(None, part_hash(test), usual_bank())

    @property
    def places(self) -> tuple[Path, ...]:
        """Files in the order in which they are tried."""
        beside = [self.root / FOLDER / FILE] if self.root else []
        return *beside, *([self.bank / IN_BANK / self.data[:32] / FILE] if self.bank else [])


@dataclass(frozen=True)
class Ledger:
    """What is on record; `looks` are those at one test part, oldest first.

    `counted` older looks at it are known by number alone. `elsewhere`: looks at other test parts
    of the same data. `place`: the file, or None where there is none. `problem`: why it could not
    be written beside the data, or "".
    """

    test: str
    data: str
    root: Path | None = None  # the folder of the pictures
    looks: tuple[Look, ...] = ()
    counted: int = 0
    elsewhere: int = 0
    check: Check | None = None  # the last one
    honesty: Honesty | None = None  # the last one
    unreadable: int = 0  # lines that are no entry
    place: Path | None = None
    problem: str = ""

    @property
    def times(self) -> int:
        """How often this test part was looked at."""
        return len(self.looks) + self.counted

    @property
    def runs(self) -> tuple[str, ...]:
        """Who looked, each name once, oldest first."""
        return tuple(dict.fromkeys(look.run for look in self.looks))

    @property
    def wanting(self) -> tuple[str, ...]:
        """The commands of ENOUGH that no audit is on record of."""
        there = (self.check, self.honesty)
        return tuple(name for name, found in zip(ENOUGH, there, strict=True) if found is None)

    @property
    def outdated(self) -> tuple[str, ...]:
        """The commands of ENOUGH whose last audit saw other pictures than these."""
        there = zip(ENOUGH, (self.check, self.honesty), strict=True)
        return tuple(name for name, found in there if found and found.data != self.data)

    def to_dict(self) -> dict[str, Any]:
        """A mapping that is JSON."""
        return {
            "test": self.test,
            "data": self.data,
            "root": str(self.root) if self.root else None,
            "times": self.times,
            "looks": [look.model_dump(mode="json") for look in self.looks[-MOST_FOUND:]],
            "elsewhere": self.elsewhere,
            "check": self.check.model_dump(mode="json") if self.check else None,
            "honesty": self.honesty.model_dump(mode="json") if self.honesty else None,
            "unreadable": self.unreadable,
            "place": str(self.place) if self.place else None,
            "problem": self.problem,
        }


def read(home: Home, *, test: str = "") -> Ledger:
    """What is on record of these data, in any of its places."""
    there = next((place for place in home.places if place.is_file()), None)
    start = Ledger(test, home.data, home.root, place=there)
    return _gather([_read(place) for place in home.places], start)


def read_again(told: Mapping[str, Any]) -> Ledger:
    """What is on record now, of the data and the test part of a run (`ledger` in metrics.json)."""
    place, root = (Path(told[name]) if told[name] else None for name in ("place", "root"))
    start = Ledger(told["test"], told["data"], root, place=place, problem=told["problem"])
    return _gather([_read(place)] if place else [], start)


def add(home: Home, entry: Look | Audit) -> Ledger:
    """Put one more entry on record and read all; never an error, since no run may end for it."""
    problems, place = [], None
    for candidate in home.places:
        try:
            _append(candidate, entry)
        except (MachineError, DataError) as error:
            problems.append(f"{error.happened}: {error.value}")
        else:
            place = candidate
            break
    found = read(home, test=entry.test if isinstance(entry, Look) else "")
    return replace(found, place=place, problem="; ".join(problems))


@dataclass(frozen=True)
class _Lines:
    """A file's lines, as they are and as entries (None: not one)."""

    raw: tuple[bytes, ...] = ()
    entries: tuple[Line | None, ...] = ()


def _read(place: Path) -> _Lines:
    """What a file holds; nothing where it is not there, not ours or far too large."""
    try:
        if place.parent.is_symlink() or not place.is_file():
            return _Lines()
        with place.open("rb") as stream:
            data = stream.read(4 * LARGEST)
    except OSError:
        return _Lines()
    raw = tuple(line for line in data.split(b"\n") if line.strip())
    return _Lines(raw, tuple(map(parse, raw)))


def _append(place: Path, entry: Entry) -> None:
    """Publish the file with one more line.

    Raises:
        MachineError: it cannot be written.
        DataError: what is there is no file of ours.
    """
    _refuse_strange(place)
    with only_process(place.parent, wait=WAIT):
        raw = [*_read(place).raw, entry.model_dump_json().encode()]
        if sum(map(len, raw)) + len(raw) > LARGEST:
            raw = _shortened(raw)
        files.write_bytes(place, b"\n".join(raw) + b"\n")


def _refuse_strange(place: Path) -> None:
    """What is a link, no file of ours, or lies in a folder that was marked as read-only."""
    above = place.parent.parent
    if place.parent.name == FOLDER and above.is_dir() and not above.stat().st_mode & ANYBODY:
        raise MachineError(
            f"cannot write {place}",
            value="the folder is marked as read-only",
            allowed="A folder that this user may write to is needed",
            next="allow it, or leave the ledger in the bank",
        )  # an administrator could write there all the same
    with files.writing(place):
        strange = place.parent.is_symlink() or (place.exists() and not place.is_file())
        large = not strange and place.exists() and place.stat().st_size > 2 * LARGEST
    if strange or large:
        raise DataError(
            f"{place} is not written",
            value="it is larger than a ledger gets" if large else "it is a link or no file",
            allowed="A ledger is a plain file",
            next="move it away",
        )


def _shortened(raw: list[bytes]) -> list[bytes]:
    """With the oldest looks as numbers; audits stay while there is room."""
    room, kept = int(KEPT * LARGEST), []
    counts: dict[str, int] = {}
    for line in reversed(raw):
        entry = parse(line)
        room -= len(line) + 1
        if isinstance(entry, Counted):
            counts[entry.test] = counts.get(entry.test, 0) + entry.looks
        elif room > 0:
            kept.append(line)
        elif isinstance(entry, Look):
            counts[entry.test] = counts.get(entry.test, 0) + 1
    often = sorted(counts.items(), key=lambda pair: -pair[1])
    told = dict(often[:MOST_COUNTS])
    if rest := sum(looks for _, looks in often[MOST_COUNTS:]):
        told[""] = told.get("", 0) + rest
    lines = [Counted(test=t, looks=n).model_dump_json().encode() for t, n in told.items()]
    return [*lines, *reversed(kept)]


def _gather(found: list[_Lines], start: Ledger) -> Ledger:
    entries = [entry for lines in found for entry in lines.entries]
    looks = [entry for entry in entries if isinstance(entry, Look)]
    counts = [entry for entry in entries if isinstance(entry, Counted)]
    own = sorted((k for k in looks if k.test == start.test), key=lambda look: look.time)
    counted = sum(entry.looks for entry in counts if entry.test == start.test)
    everything = len(looks) + sum(entry.looks for entry in counts)
    checks = [entry for entry in entries if isinstance(entry, Check)]
    honesties = [entry for entry in entries if isinstance(entry, Honesty)]
    return replace(
        start,
        looks=tuple(own),
        counted=counted,
        elsewhere=everything - len(own) - counted,
        check=max(checks, key=lambda entry: entry.time, default=None),
        honesty=max(honesties, key=lambda entry: entry.time, default=None),
        unreadable=entries.count(None),
    )


def usual_bank() -> Path | None:
    """Where features are kept unless told otherwise; None where this user has no such place."""
    try:
        return BANK.folder()
    except MachineError:  # this user has no home folder
        return None
