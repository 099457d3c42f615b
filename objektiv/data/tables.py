"""Read a table of labels, `path,label[,group,split]`, or of groups, `path,group`.

In: a CSV file in UTF-8, separated by comma, semicolon or tab. Out: its rows; every bad row is
reported at once. Paths of labels are files inside the table's folder.
Try: `read_table(Path("labels.csv"), splits=("train", "test"))`.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeVar

from objektiv.base.errors import DataError

NEEDED, OPTIONAL = ("path", "label"), ("group", "split")
KEYS = ("path", "pattern")  # how a table of groups names images
SHOWN = 20  # bad rows that a message tells one by one


@dataclass(frozen=True)
class Row:
    """One line; `path` is relative to the table's folder, `split` empty where not given."""

    line: int
    path: str
    label: str
    group: str | None
    split: str


def is_table(path: Path) -> bool:
    """Whether a file is there whose first line begins with the columns path and label."""
    try:
        with path.open(encoding="utf-8-sig") as stream:
            header = stream.readline(1000)
    except (OSError, UnicodeDecodeError):
        return False
    return re.split(r"[,;\t]", header.strip().casefold())[:2] == ["path", "label"]


def read_table(
    table: Path, *, splits: Collection[str], root: Path | None = None, look: bool = True
) -> list[Row]:
    """The rows of a table of labels; paths begin in `root`, by default the table's folder, and
    with `look` each must be a file on the disk.

    Raises:
        DataError: the file or its header cannot be used, or a row is bad; all bad rows are told.
    """
    rows = _rows(table, partial(_columns, table), _row)
    folder = root or table.absolute().parent.resolve()
    mistakes = _mistakes(folder if look else None, rows, splits)
    if mistakes:
        more = f"; and {len(mistakes) - SHOWN:,} more" if len(mistakes) > SHOWN else ""
        raise DataError(
            f"{table} has {len(mistakes):,} bad {'row' if len(mistakes) == 1 else 'rows'}",
            value="; ".join(mistakes[:SHOWN]) + more,
            allowed="Each row needs a file inside the table's folder and a label; groups and "
            f"splits ({', '.join(splits)}) stand in every row or in none",
            next="correct these rows, then run the same command again",
        )
    return rows


@dataclass(frozen=True)
class GroupRow:
    """One line of a table of groups; `key` is a path or a pattern, as seen from the data folder."""

    line: int
    key: str
    group: str


def read_groups(table: Path) -> tuple[str, list[GroupRow]]:
    """The name of the first column, `path` or `pattern`, and the rows of a table of groups.

    Raises:
        DataError: the file or its header cannot be used, or a row lacks its path or group.
    """
    kinds: list[str] = []

    def columns(header: list[str]) -> dict[str, int]:
        names = [name.strip().casefold() for name in header]
        kinds.extend(name for name in KEYS if name in names)
        if len(kinds) != 1 or names.count("group") != 1:
            raise DataError(
                f"the header of {table} does not fit",
                value=", ".join(header) or "no columns",
                allowed="Needed: path,group or pattern,group",
                next="correct the first line of the table",
            )
        return {"key": names.index(kinds[0]), "group": names.index("group")}

    rows = _rows(table, columns, _group_row)
    if bad := [row.line for row in rows if not (row.key and row.group)]:
        raise DataError(
            f"{table} has {len(bad):,} bad {'row' if len(bad) == 1 else 'rows'}",
            value=f"no {kinds[0]} or no group in line {', '.join(map(str, bad[:SHOWN]))}",
            allowed=f"Each row needs a {kinds[0]} and a group",
            next="correct these rows, then run the same command again",
        )
    return kinds[0], rows


def read_columns(table: Path) -> dict[str, dict[str, str]]:
    """What a table of labels says beside what is read: the text of each cell, by column and path.

    Raises:
        DataError: the file cannot be read.
    """
    named: dict[int, str] = {}

    def columns(header: list[str]) -> dict[str, int]:
        names = [name.strip() for name in header]
        known = {*NEEDED, *OPTIONAL, ""}
        own = {n: k for k, n in reversed([*enumerate(names)]) if n.casefold() not in known}
        named.update({k: name for name, k in own.items()})
        return _columns(table, header)

    def cells(line: int, row: list[str], places: dict[str, int]) -> tuple[str, list[str]]:
        return _path(_cell(row, places, "path")), row

    rows = _rows(table, columns, cells)
    return {
        name: {path: row[k].strip() if k < len(row) else "" for path, row in rows}
        for k, name in sorted(named.items())
    }


R = TypeVar("R")


def _rows(
    table: Path,
    columns: Callable[[list[str]], dict[str, int]],
    made: Callable[[int, list[str], dict[str, int]], R],
) -> list[R]:
    """What `made` makes of each line that is not blank; `columns` reads the header."""
    text = _text(table)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        places = columns(next(reader, []))
        return [
            made(reader.line_num, cells, places)
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        raise DataError(
            f"{table} cannot be read as CSV",
            value=f"line {reader.line_num}: {error}",
            allowed="Columns separated by comma, semicolon or tab are read",
            next="correct the line, or save the table again as CSV in UTF-8",
        ) from error


def _text(table: Path) -> str:
    try:
        return table.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"the table {table} cannot be read",
            value=getattr(error, "strerror", None) or "it is not UTF-8",
            allowed="A CSV file in UTF-8 is read",
            next="check the path, or save the table again as CSV in UTF-8",
        ) from error


def _columns(table: Path, header: list[str]) -> dict[str, int]:
    """Where each known column stands; a column that is nearly known is a mistake."""
    names = [name.strip().casefold() for name in header]
    missing = [name for name in NEEDED if name not in names]
    unknown = [name for name in names if name not in (*NEEDED, *OPTIONAL)]
    nearly = {
        name: near[0]
        for name in unknown
        if (near := difflib.get_close_matches(name, (*NEEDED, *OPTIONAL), n=1, cutoff=0.8))
    }
    twice = sorted({name for name in (*NEEDED, *OPTIONAL) if names.count(name) > 1})
    if missing or nearly or twice:
        told = [f"no column '{name}'" for name in missing]
        told += [f"'{name}', did you mean '{near}'?" for name, near in nearly.items()]
        told += [f"two columns '{name}'" for name in twice]
        raise DataError(
            f"the header of {table} does not fit",
            value="; ".join(told),
            allowed=f"Needed: {', '.join(NEEDED)}; possible: {', '.join(OPTIONAL)}",
            next="correct the first line of the table",
        )
    return {name: names.index(name) for name in (*NEEDED, *OPTIONAL) if name in names}


def _row(line: int, cells: list[str], columns: dict[str, int]) -> Row:
    path = _path(_cell(cells, columns, "path"))
    group = _cell(cells, columns, "group") or None
    return Row(line, path, _cell(cells, columns, "label"), group, _cell(cells, columns, "split"))


def _group_row(line: int, cells: list[str], columns: dict[str, int]) -> GroupRow:
    return GroupRow(line, _path(_cell(cells, columns, "key")), _cell(cells, columns, "group"))


def _cell(cells: list[str], columns: dict[str, int], name: str) -> str:
    place = columns.get(name, len(cells))
    return cells[place].strip() if place < len(cells) else ""


def _path(text: str) -> str:
    path = text.replace("\\", "/")  # as Windows writes it
    # without ./ and double slashes
    return PurePosixPath(path).as_posix() if path and not path.startswith("/") else path


def _mistakes(root: Path | None, rows: list[Row], splits: Collection[str]) -> list[str]:
    grouped, parted = any(row.group for row in rows), any(row.split for row in rows)
    first_lines: dict[str, int] = {}
    found = []
    for row in rows:
        wrong = [_path_mistake(root, row.path)] if root else []
        if not row.label:
            wrong.append("no label")
        if grouped and not row.group:
            wrong.append("no group")
        if parted and row.split.lower() not in splits:
            wrong.append(f"split '{row.split}' is unknown" if row.split else "no split")
        if first_lines.setdefault(row.path, row.line) != row.line:
            wrong.append(f"'{row.path}' stands already in line {first_lines[row.path]}")
        found += [f"line {row.line}: {', '.join(filter(None, wrong))}"] if any(wrong) else []
    return found


def _path_mistake(root: Path, path: str) -> str:
    if not path:
        return "no path"
    if "\0" in path:
        return "the path holds a zero byte"
    if not (root / path).resolve().is_relative_to(root):
        return f"'{path}' lies outside the table's folder"
    return "" if (root / path).is_file() else f"'{path}' is no file"
