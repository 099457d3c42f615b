"""Write pictures as a tree of class folders with a manifest.csv: the one form that is read.

In: shots, one after the other. Out: lossless PNG files in `LABEL/NAME.png` and manifest.csv with
the columns path, label, and group, split and origin (such as source, frame, seconds) where there
are any. The folder appears whole or not at all and never replaces another.
File names are safe on every system; the manifest keeps the label as it was.
Try: `write_tree(Path("out"), shots, total=10, progress=Progress())`.
"""

from __future__ import annotations

import csv
import io
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import DataError
from objektiv.base.progress import Progress
from objektiv.data.drawing import png
from objektiv.data.safe_names import FORMULA_SIGNS, safe_name
from objektiv.data.sources import MANIFEST

CHUNK_SHOTS, CHUNK_BYTES = 128, 8_000_000  # what a thread encodes at a time

Chunk = list[tuple[str, NDArray[Any]]]  # paths as texts: a Path takes longer than its picture


@dataclass(frozen=True, eq=False)
class Shot:
    """One picture on its way: pixels (height, width) or RGB (height, width, 3), uint8 or uint16.

    `name` is that of its file, without suffix; `part` is train, validation or test.
    """

    label: str
    name: str
    pixels: NDArray[Any]
    group: str | None = None
    part: str | None = None
    origin: Mapping[str, str | int | float] = field(default_factory=dict)


def write_tree(
    target: Path,
    shots: Iterable[Shot],
    *,
    total: int,
    progress: Progress,
    tables: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Publish `total` shots and further `tables` (name: text) in the new folder `target`.

    Returns the number of pictures of each label, in order of appearance.

    Raises:
        DataError: `target` is there already.
        MachineError: it cannot be written.
    """
    refuse_existing(target)
    tables = tables or {}
    names = _Names([MANIFEST, *tables])
    rows: list[dict[str, Any]] = []
    with files.new_folder(target) as folder, progress.step("pictures", total=total) as step:
        workers = min(4, os.cpu_count() or 1)
        with ThreadPoolExecutor(workers) as pool:
            waiting: deque[Future[int]] = deque()
            for chunk in _chunks(_placed(shots, names, folder, rows)):
                waiting.append(pool.submit(_write, chunk))
                while len(waiting) > 2 * workers:
                    step.advance(waiting.popleft().result())
            for future in waiting:
                step.advance(future.result())
        for name, text in {MANIFEST: _manifest(rows), **tables}.items():
            (folder / name).write_bytes(text.encode())
    return dict(Counter(row["label"] for row in rows))


def refuse_existing(target: Path) -> None:
    """Refuse a target that holds anything.

    Raises:
        DataError: it is there and not an empty folder.
    """
    if target.is_symlink() or (
        target.exists() and not (target.is_dir() and not any(target.iterdir()))
    ):
        raise DataError(
            f"{target} is there already",
            value="nothing is overwritten",
            allowed="A new or empty folder is filled",
            next="choose another folder with --to, or take this one away",
        )


def _placed(
    shots: Iterable[Shot], names: _Names, folder: Path, rows: list[dict[str, Any]]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Path and pixels of each shot, whose row is added to `rows` and whose folder is made."""
    for shot in shots:
        below = names.folder(shot.label)
        if names.is_new(below):
            (folder / below).mkdir()
        path = f"{below}/{names.file(below, shot.name)}.png"
        label = below if shot.label.startswith(FORMULA_SIGNS) else shot.label
        row = {"path": path, "label": label, "group": _harmless(shot.group), "split": shot.part}
        rows.append(row | {key: _harmless(value) for key, value in shot.origin.items()})
        yield f"{folder}/{path}", shot.pixels


def _harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    return f"./{value}" if isinstance(value, str) and value.startswith(FORMULA_SIGNS) else value


def _chunks(placed: Iterator[tuple[str, NDArray[Any]]]) -> Iterator[Chunk]:
    chunk: Chunk = []
    size = 0
    for path, pixels in placed:
        chunk.append((path, pixels))
        size += pixels.nbytes
        if len(chunk) == CHUNK_SHOTS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _write(chunk: Chunk) -> int:
    """Encode and write; plain writes, since the whole folder is synced before it is renamed."""
    for path, pixels in chunk:
        with open(path, "xb", buffering=0) as stream:
            data = memoryview(png(pixels))
            while data:  # a plain write may take less than all
                data = data[stream.write(data) :]
    return len(chunk)


def _manifest(rows: list[dict[str, Any]]) -> str:
    keys = dict.fromkeys(key for row in rows for key, value in row.items() if value is not None)
    columns = list(dict.fromkeys(["path", "label", *keys]))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


class _Names:
    """Names already taken, compared without case, as Windows and macOS do."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {name.casefold() for name in taken}
        self._folders: dict[str, str] = {}
        self._files: dict[str, set[str]] = {}

    def folder(self, label: str) -> str:
        """The folder of a label, always the same."""
        if label not in self._folders:
            self._folders[label] = _free(safe_name(label), self._taken)
        return self._folders[label]

    def is_new(self, folder: str) -> bool:
        """True the first time."""
        return folder not in self._files

    def file(self, folder: str, name: str) -> str:
        """A name that no other file of the folder has."""
        return _free(safe_name(name), self._files.setdefault(folder, set()))


def _free(name: str, taken: set[str]) -> str:
    chosen, number = name, 1
    while chosen.casefold() in taken:
        number += 1
        chosen = f"{name}~{number}"
    taken.add(chosen.casefold())
    return chosen
