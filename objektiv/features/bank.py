"""The feature bank: every image is looked at once, and what was seen is kept by its content.

In: a Dataset and FeatureSettings. Out: Features, and the dataset with facts and quarantine.
A view is one way of looking (decoding rule, fit, size, backbone, precision) and owns a folder; in
it lie shards, each the features of some hundred images, named by the hash of their own bytes and
published whole. A killed process loses at most the shard it was filling; a torn or altered one
does not have its name and is not read.
Try: `objektiv bank`.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import DataError, MachineError, ModelError

SHARD = 512  # images; about 4 MB, so that little is lost and few files are written
DESCRIPTION = "view.json"
SUFFIX = ".shard"

Hash = str  # SHA-256 of an image file's bytes, hexadecimal


@dataclass(frozen=True)
class Record:
    """What the bank keeps of one image; `features` holds the descriptors as its last columns."""

    hash: Hash
    width: int
    height: int
    format: str
    notes: str
    features: NDArray[np.float16]


@dataclass(frozen=True)
class ViewFacts:
    """One view as `objektiv bank` shows it."""

    folder: Path
    description: dict[str, Any]
    images: int
    bytes: int
    used: float  # seconds since 1970


class View:
    """The shards of one view; several processes may fill it at once."""

    def __init__(self, bank: Path, description: dict[str, Any]) -> None:
        key = files.sha256(repr(sorted(description.items())).encode())[:16]
        self.folder = files.make_folder(bank / key)
        self.damaged = 0  # shards that were found torn or altered, and removed
        self._pending: list[Record] = []
        files.remove_litter(self.folder)
        if not (self.folder / DESCRIPTION).exists():
            files.write_json(self.folder / DESCRIPTION, description)
        with contextlib.suppress(OSError):  # a bank that may only be read still serves
            os.utime(self.folder / DESCRIPTION)

    def hashes(self, *, max_pixels: int) -> set[Hash]:
        """The images this view knows, but for those that would be refused today."""
        known: set[Hash] = set()
        for shard in self._shards():
            pixels = shard["width"].astype(np.int64) * shard["height"]
            allowed = pixels <= max_pixels
            known.update(name for name, fits in zip(_names(shard), allowed, strict=True) if fits)
        return known

    def add(self, record: Record) -> None:
        """Keep one more image; written when a shard is full.

        Raises:
            ModelError: a feature does not fit 16 bits.
            MachineError: the disk refuses; the shards written before stay.
        """
        if not np.isfinite(record.features).all():
            raise ModelError(
                "a feature is not a finite 16-bit number",
                value=f"image with SHA-256 {record.hash}",
                allowed="Features between -65,504 and 65,504 are kept",
                next="take that image out and report it; it is not shown wrongly",
            )
        self._pending.append(record)
        if len(self._pending) >= SHARD:
            self.flush()

    def flush(self) -> None:
        """Write what waits as a shard."""
        if not self._pending:
            return
        data = _pack(self._pending)
        files.write_bytes(self.folder / f"{files.sha256(data)[:32]}{SUFFIX}", data)
        self._pending.clear()

    def gather(self, hashes: list[Hash], *, columns: int) -> tuple[NDArray[np.float32], Facts]:
        """Features (len(hashes), columns) and facts of images that the view knows.

        Columns behind those that are kept are left for the caller to fill.

        Raises:
            DataError: the view does not know them (any more).
        """
        rows: dict[Hash, list[int]] = {}
        for row, name in enumerate(hashes):
            rows.setdefault(name, []).append(row)
        values = np.empty((len(hashes), columns), np.float32)
        facts: Facts = {}
        for shard in self._shards():
            names = _names(shard)
            found = [(i, row) for i, name in enumerate(names) for row in rows.pop(name, ())]
            if not found:
                continue
            sources, targets = map(list, zip(*found, strict=True))
            kept = shard["features"]
            values[targets, : kept.shape[1]] = kept[sources]  # 32 bits from here on
            told = [shard[name] for name in FACTS]
            for i in sources:
                facts[names[i]] = tuple(column[i].item() for column in told)
        if rows:
            raise DataError(
                "the bank lost features while they were read",
                value=f"{len(rows)} images in {self.folder}",
                allowed="A bank that nobody prunes at the same time",
                next="run the same command again; what is missing is looked at anew",
            )
        return values, facts

    def _shards(self) -> Iterator[Mapping[str, NDArray[Any]]]:
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue  # pruned by another process
            except OSError as error:
                raise MachineError(
                    f"cannot read {path}",
                    value=error.strerror or type(error).__name__,
                    allowed="A bank that this user may read, on a disk that works, is needed",
                    next="delete that file, or choose another folder with `--bank`",
                ) from error
            if files.sha256(data)[:32] == path.stem:
                with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                    yield arrays  # each is read when it is asked for
            else:
                self.damaged += 1
                with contextlib.suppress(OSError):  # it is never read, wherever it lies
                    path.unlink()


FACTS = ("width", "height", "format", "notes")
Facts = dict[Hash, tuple[Any, ...]]


def _pack(records: list[Record]) -> bytes:
    stream = io.BytesIO()
    np.savez(
        stream,
        hashes=np.array([list(bytes.fromhex(r.hash)) for r in records], np.uint8),
        width=np.array([r.width for r in records], np.int32),
        height=np.array([r.height for r in records], np.int32),
        format=np.array([r.format for r in records]),
        notes=np.array([r.notes for r in records]),
        features=np.stack([r.features for r in records]),
    )
    return stream.getvalue()


def _names(shard: Mapping[str, NDArray[Any]]) -> list[Hash]:
    return [row.tobytes().hex() for row in shard["hashes"]]


def views(bank: Path) -> list[ViewFacts]:
    """All views of a bank, last used first."""
    found = []
    for path in bank.glob(f"*/{DESCRIPTION}"):
        with contextlib.suppress(FileNotFoundError):  # pruned by another process
            found.append(_view_facts(path))
    return sorted(found, key=lambda view: -view.used)


def _view_facts(path: Path) -> ViewFacts:
    try:
        description = files.parse_json(path.read_bytes(), name=str(path))
    except DataError:
        description = {"backbone": f"({DESCRIPTION} is damaged)"}
    shards = list(path.parent.glob(f"*{SUFFIX}"))
    images = sum(_count(shard) for shard in shards)
    size = sum(shard.stat().st_size for shard in shards)
    return ViewFacts(path.parent, description, images, size, path.stat().st_mtime)


def _count(shard: Path) -> int:
    try:  # opened here, because NumPy leaves a torn file open
        with shard.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return len(arrays["hashes"])
    except (OSError, EOFError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile):
        return 0  # a torn shard counts for nothing; the next look removes it


def prune(bank: Path, *, unused_days: float) -> list[ViewFacts]:
    """Delete the views that no run has used for so many days; returns them."""
    limit = time.time() - unused_days * 86400
    old = [view for view in views(bank) if view.used <= limit]
    for view in old:
        with files.writing(view.folder):
            for shard in view.folder.glob(f"*{SUFFIX}"):
                shard.unlink(missing_ok=True)
            shutil.rmtree(view.folder)  # the description last: what is half gone is still listed
    return old
