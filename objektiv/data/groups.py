"""Give each item its group: by a pattern in its name, a table, its folder, or as it was read.

In: the entries of a Listing and ReadSettings. Out: a group (or None) for each. A pattern or table
that misses an item is an error: an item without its group would leak.
Try: `groups_of(listing, ReadSettings(group=r"C\\d+"))`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fnmatch import translate
from pathlib import Path, PurePosixPath

from objektiv.base.errors import DataError, SettingsError
from objektiv.data.folders import Entry, Listing
from objektiv.data.grouping import suggest
from objektiv.data.settings import ReadSettings
from objektiv.data.tables import read_groups


def groups_of(listing: Listing, settings: ReadSettings) -> list[str | None]:
    """The group of each entry, in order.

    Raises:
        SettingsError: groups are asked for twice.
        DataError: an entry has no group, or two.
    """
    entries = listing.entries
    asked = _asked(settings)
    if any(entry.group is not None for entry in entries):
        asked.append("the table's column 'group'")
    if len(asked) > 1:
        raise SettingsError(
            "groups are given twice",
            value=" and ".join(asked),
            allowed="One of them is obeyed",
            next="leave all but one away, or remove the column",
        )
    if settings.group is not None:
        return _by_pattern(entries, settings.group)
    if settings.groups is not None:
        return _by_table(entries, settings.groups)
    if settings.group_by is not None:
        return _by_folder(entries)
    return [entry.group for entry in entries]


def _asked(settings: ReadSettings) -> list[str]:
    given = {
        f"--group '{settings.group}'": settings.group,
        f"--groups {settings.groups}": settings.groups,
        f"--group-by {settings.group_by}": settings.group_by,
    }
    return [option for option, value in given.items() if value is not None]


def _by_pattern(entries: Sequence[Entry], pattern: str) -> list[str | None]:
    names = [Path(entry.path).stem for entry in entries]
    matches = [re.search(pattern, name) for name in names]
    groups = [(m[1] if m.re.groups else m[0]) if m else None for m in matches]
    lost = [entry.id for entry, group in zip(entries, groups, strict=True) if group is None]
    if lost:
        better = suggest(names, [entry.label for entry in entries])
        raise DataError(
            f"{len(lost):,} of {len(entries):,} names do not match the group pattern '{pattern}'",
            value=examples(lost),
            allowed="The pattern must be found in every file's name without its suffix",
            next=f"try --group '{better.pattern}', which gives {better.groups:,} groups"
            if better
            else "correct --group or rename these files",
        )
    return groups


def _by_table(entries: Sequence[Entry], table: Path) -> list[str | None]:
    kind, rows = read_groups(table)
    found: defaultdict[str, set[str]] = defaultdict(set)
    if kind == "path":
        for row in rows:
            found[row.key].add(row.group)
    else:
        for row in rows:
            match = re.compile(translate(row.key)).match
            for entry in entries:
                if match(entry.id):
                    found[entry.id].add(row.group)
    lost = [entry.id for entry in entries if entry.id not in found]
    torn = [entry.id for entry in entries if len(found.get(entry.id, ())) > 1]
    if lost or torn:
        what = "no group" if lost else "several groups"
        raise DataError(
            f"{table} gives {len(lost or torn):,} of {len(entries):,} images {what}",
            value=examples(lost or torn),
            allowed=f"The column {kind} must name each image once, such as {entries[0].id}",
            next="correct the table, then run the same command again",
        )
    return [next(iter(found[entry.id])) for entry in entries]


def _by_folder(entries: Sequence[Entry]) -> list[str | None]:
    below = [_below_class(entry) for entry in entries]
    lost = [entry.id for entry, folder in zip(entries, below, strict=True) if folder is None]
    if lost:
        raise DataError(
            f"{len(lost):,} of {len(entries):,} images lie in no folder below that of their class",
            value=examples(lost),
            allowed="With --group-by folder images lie in class/group/image",
            next="move these files into folders, or group with --group or --groups",
        )
    return below


def _below_class(entry: Entry) -> str | None:
    """The first folder below that of the class, else, where no folder names the class, the last."""
    folders = PurePosixPath(entry.id).parts[:-1]
    if entry.label in folders[:2]:
        folders = folders[folders.index(entry.label) + 1 :]
        return folders[0] if folders else None
    return "/".join(folders) or None


def examples(ids: Iterable[str]) -> str:
    """The first three of some ids, and how many more there are."""
    names = list(ids)
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")
