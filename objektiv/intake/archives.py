"""Unpack zip and tar archives from strangers: names checked first, every byte counted.

In: an archive and its limits. Out: its files under paths we make, in a folder that the caller
publishes whole; a DataError that names the first wrong members before anything is written, or
that says which limit was met. Only plain files are written; nested archives are files like others.
`tarfile.extractall` and its filter are not used: they could be got round (CVE-2025-4517).
Try: `examine(Path("cells.zip"), ArchiveSettings()).members`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from objektiv.base.errors import DataError
from objektiv.base.progress import Progress
from objektiv.data.safe_names import Names, safe_path
from objektiv.intake.packed import DAMAGE, Found, Overflow, is_packed, read_members, read_parts
from objektiv.intake.settings import ArchiveSettings

T = TypeVar("T")

FREE = 10_000_000  # bytes that any archive may unpack to, whatever the ratio
SHOWN = 3  # wrong members that are named


def unpacked_bytes(packed: int, limits: ArchiveSettings) -> int:
    """Bytes that `packed` bytes may become."""
    return min(int(limits.max_gb * 1e9), max(FREE, limits.max_ratio * packed))


@dataclass(frozen=True)
class Archive:
    """An archive whose names and declared sizes were found good."""

    path: Path
    limits: ArchiveSettings
    members: Mapping[int, tuple[str, int]]  # place in the archive -> path and size of a file

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of its files, in the archive's order."""
        return tuple(path for path, _ in self.members.values())


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or a tar, packed or not, told by its first bytes."""
    return is_packed(path)


def examine(path: Path, limits: ArchiveSettings) -> Archive:
    """Read the names and sizes of all members; nothing is written.

    A packed tar is unpacked once for it, into nothing, up to the limits.

    Raises:
        DataError: it is damaged, too large, or holds what no archive of pictures should.
    """
    allowed = unpacked_bytes(path.stat().st_size, limits)
    survey = _Survey(path, limits, allowed)
    for member in _reading(path, read_members(path, limits.max_files, allowed), limits):
        survey.take(member)
    return survey.result()


class _Survey:
    """The members so far: stops at a limit, gathers wrong names."""

    def __init__(self, path: Path, limits: ArchiveSettings, allowed: int) -> None:
        self._path, self._limits, self._allowed = path, limits, allowed
        self._names = Names()
        self._members: dict[int, tuple[str, int]] = {}
        self._wrong: list[str] = []
        self._bytes = 0

    def take(self, member: Found) -> None:
        if member.place >= self._limits.max_files:
            raise too_much(
                self._path, f"more than {self._limits.max_files:,} members", self._limits
            )
        self._bytes += member.size
        grown = member.packed is not None and member.size > unpacked_bytes(
            member.packed, self._limits
        )
        if self._bytes > self._allowed or grown:
            what = f"{member.name[:100]!r} says it has {member.size:,} bytes"
            raise too_much(self._path, what, self._limits)
        try:
            if member.fault:
                raise ValueError(member.fault)
            path = safe_path(member.name)
            if member.folder:
                self._names.add_folder(path)
            else:
                self._names.add(path)
                self._members[member.place] = (path, member.size)
        except ValueError as reason:
            self._wrong.append(f"{member.name[:100]!r} ({reason})")

    def result(self) -> Archive:
        if self._wrong:
            more = len(self._wrong) - SHOWN
            raise DataError(
                f"{self._path.name} holds members that are refused, so nothing of it was unpacked",
                value=", ".join(self._wrong[:SHOWN]) + f" and {more:,} more" * (more > 0),
                allowed="Plain files with relative names that every system can hold, each once",
                next="get the archive from its publisher, or unpack it where it can do no harm "
                "and use the folder",
            )
        return Archive(self._path, self._limits, self._members)


def unpack(
    archive: Archive, folder: Path, places: Mapping[str, str], *, progress: Progress
) -> None:
    """Write members into `folder`, which the caller publishes or removes.

    `places`: from a path in the archive to one below `folder`; others are left out.

    Raises:
        DataError: a member is damaged or longer than it says, or two go to one place.
    """
    places = _checked(archive, places)
    wanted = {n: m for n, m in archive.members.items() if m[0] in places}
    allowed = unpacked_bytes(archive.path.stat().st_size, archive.limits)
    parts = _reading(archive.path, read_parts(archive.path, wanted, allowed), archive.limits)
    with progress.step("unpack", total=len(wanted)) as step:
        total, seen = 0, 0
        for number, chunks in _by_member(parts):
            path, size = wanted[number]
            target = folder / places[path]
            target.parent.mkdir(parents=True, exist_ok=True)
            written = 0
            with target.open("xb") as stream:
                for chunk in chunks:
                    written += len(chunk)
                    total += len(chunk)
                    if written > size or total > allowed:
                        raise _damaged(archive.path, f"{path!r} is longer than it says")
                    stream.write(chunk)
            if written != size:
                raise _damaged(archive.path, f"{path!r} has {written:,} of {size:,} bytes")
            seen += 1
            step.advance()
    if seen != len(wanted):
        raise _damaged(archive.path, f"{seen:,} of {len(wanted):,} members are there")


def _checked(archive: Archive, places: Mapping[str, str]) -> dict[str, str]:
    """`places` of what is there, each target a safe path of its own."""
    names = Names()
    checked = {}
    for path in archive.paths:
        if path not in places:
            continue
        try:
            checked[path] = safe_path(places[path])
            names.add(checked[path])
        except ValueError as reason:
            raise DataError(
                f"{archive.path.name} cannot be laid out as this dataset",
                value=f"{path!r} would become {places[path]!r}, which {reason}",
                allowed="Each file needs a place of its own",
                next="check that this is the archive you meant",
            ) from reason
    return checked


def _by_member(
    parts: Iterable[tuple[int, bytes]],
) -> Iterator[tuple[int, Iterator[bytes]]]:
    """The chunks of each member; a member's first chunk is empty, so that it is seen at all."""
    parts = iter(parts)
    waiting = next(parts, None)

    def chunks() -> Iterator[bytes]:
        nonlocal waiting
        while waiting is not None and waiting[0] == number:
            yield waiting[1]
            waiting = next(parts, None)

    while waiting is not None:
        number = waiting[0]
        yield number, chunks()


def _reading(path: Path, items: Iterator[T], limits: ArchiveSettings) -> Iterator[T]:
    """The same items; what the libraries raise on a damaged archive becomes a DataError."""
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except Overflow as error:
            raise too_much(path, str(error), limits) from error
        except DAMAGE as error:
            raise _damaged(path, " ".join(str(error).split())[:200] or type(error).__name__) from (
                error
            )
        yield item


def _damaged(path: Path, what: str) -> DataError:
    return DataError(
        f"{path.name} is damaged or not whole",
        value=what,
        allowed="A whole zip or tar (plain, gz, bz2 or xz) is read",
        next="get it again, then run the same command; nothing of it was kept",
    )


def too_much(path: Path, what: str, limits: ArchiveSettings) -> DataError:
    """The error of a limit that was met."""
    return DataError(
        f"{path.name} would unpack to more than is allowed, so it was refused",
        value=what,
        allowed=f"At most {limits.max_files:,} members, {limits.max_gb:g} GB, and "
        f"{limits.max_ratio:,} times the packed size",
        next="check where it comes from; if it is what you want, raise --max-files, --max-gb or "
        "--max-ratio",
    )
