"""Read a table of labels: `path,label[,group,split]`, with every bad row reported at once.

In: a CSV file in UTF-8, separated by comma, semicolon or tab. Out: its rows, whose paths are files
inside the table's folder.
Try: `read_table(Path("labels.csv"), splits=("train", "test"))`.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from objektiv.base.errors import DataError

NEEDED, OPTIONAL = ("path", "label"), ("group", "split")
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
    text = _text(table)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[Row] = []
    try:
        columns = _columns(table, next(reader, []))
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_row(reader.line_num, cells, columns))
    except csv.Error as error:
        raise DataError(
            f"{table} cannot be read as CSV",
            value=f"line {reader.line_num}: {error}",
            allowed="Columns separated by comma, semicolon or tab are read",
            next="correct the line, or save the table again as CSV in UTF-8",
        ) from error
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
    def cell(name: str) -> str:
        place = columns.get(name, len(cells))
        return cells[place].strip() if place < len(cells) else ""

    path = cell("path").replace("\\", "/")  # as Windows writes it
    if path and not path.startswith("/"):
        path = PurePosixPath(path).as_posix()  # without ./ and double slashes
    return Row(line, path, cell("label"), cell("group") or None, cell("split"))


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
