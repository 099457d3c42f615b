"""Files that are old or new, never half: every write of ours goes through here.

In: a path and contents. Out: the file, published by write to a temporary name beside it, flush,
fsync, rename, fsync of the folder. A full or read-only disk becomes a MachineError.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from objektiv.base.errors import DataError, MachineError

# Temporary names hold this mark, the process (so that litter is known) and the thread.
TEMPORARY = ".tmp-"
_OWNER = re.compile(r"(\d+)(?:-\d+)?")


def temporary_name(path: Path) -> Path:
    """The name under which `path` is written before it is published."""
    return path.with_name(f"{path.name}{TEMPORARY}{os.getpid()}-{threading.get_native_id()}")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an operating system's refusal to write `path` into a MachineError."""
    try:
        yield
    except OSError as error:
        raise MachineError(
            f"cannot write {path}",
            value=error.strerror or type(error).__name__,
            allowed=_what_is_needed(error, path),
            next="free the space or choose another place, then run the same command again; "
            "what was finished is kept",
        ) from error


def _what_is_needed(error: OSError, path: Path) -> str:
    if error.errno != errno.ENOSPC:
        return "A folder that this user may write to is needed"
    existing = next(p for p in [path, *path.resolve().parents] if p.exists())
    free = shutil.disk_usage(existing).free
    return f"Space on the disk is needed; {free / 1e6:,.0f} MB are free"


def make_folder(path: Path) -> Path:
    """Create `path` and its parents."""
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def write_bytes(path: Path, data: bytes) -> None:
    """Publish `data` at `path`; a reader sees the old file or the new one."""
    temporary = temporary_name(path)
    with writing(path):
        try:
            with temporary.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
            _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder; its rename is journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network drives cannot
            raise
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Publish text as UTF-8 with `\\n` line ends on every system."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Publish JSON, two-space indented, NaN refused (it is not JSON)."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def parse_json(data: bytes, *, name: str) -> Any:
    """Strict JSON: duplicate keys, NaN and trailing text are refused.

    Raises:
        DataError: `data` is not such JSON.
    """

    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) != len(keys):
            raise ValueError(f"a key appears twice among {sorted(keys)}")
        return dict(pairs)

    def no_constant(text: str) -> Any:
        raise ValueError(f"{text} is not a JSON number")

    try:
        return json.loads(data, object_pairs_hook=no_duplicates, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{name} cannot be read as JSON",
            value=error,
            allowed="Strict JSON in UTF-8 is read",
            next="restore the file or make it again with the command that wrote it",
        ) from error


def sha256(data: bytes) -> str:
    """The hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def new_numbered_folder(parent: Path, stem: str) -> Path:
    """Create `parent/stem-001`, or the next free number; two processes never share one."""
    make_folder(parent)
    numbers = [
        int(match[1])
        for p in parent.iterdir()
        if (match := re.fullmatch(rf"{re.escape(stem)}-(\d+)", p.name))
    ]
    number = max(numbers, default=0) + 1
    with writing(parent / stem):
        while True:
            folder = parent / f"{stem}-{number:03d}"
            try:
                folder.mkdir()
                return folder
            except FileExistsError:
                number += 1


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, under a temporary name; it is published when the block ends well.

    The disk is synced once, not once a file. An empty folder of that name is replaced; one that
    holds anything is a MachineError. Whatever ends the block early leaves nothing behind.
    """
    make_folder(folder.parent)
    remove_litter(folder.parent, name=glob.escape(folder.name))
    temporary = temporary_name(folder)
    with writing(folder):
        try:
            temporary.mkdir()
            yield temporary
            if hasattr(os, "sync"):  # Windows has none; there a power cut may leave files empty
                os.sync()
            if folder.is_dir():
                folder.rmdir()
            os.rename(temporary, folder)
            _sync_folder(folder.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def publish_folder(folder: Path, contents: Iterable[tuple[str, bytes]]) -> None:
    """Publish a new folder of many small files; a reader sees all of them or none.

    `contents` are names relative to `folder` and bytes; else as `new_folder`.
    """
    with new_folder(folder) as temporary:
        for name, data in contents:
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


@contextlib.contextmanager
def growing(path: Path, *, kept: int) -> Iterator[Callable[[bytes], None]]:
    """What writes more bytes behind the first `kept` of `path`; they stay, whatever happens.

    The one way to write a file that may end early (a download that is resumed); `publish` gives
    it its name when it is whole.
    """
    with writing(path):
        stream = path.open("r+b" if kept else "wb")

    def write(data: bytes) -> None:
        with writing(path):
            stream.write(data)

    try:
        with writing(path):
            stream.truncate(kept)
            stream.seek(kept)
        yield write
    finally:
        with writing(path), stream:
            stream.flush()
            os.fsync(stream.fileno())


def publish(whole: Path, path: Path) -> None:
    """Give a finished file, written and synced beside it, the name `path`."""
    with writing(path):
        os.replace(whole, path)
        _sync_folder(path.parent)


def remove_litter(folder: Path, *, name: str = "*") -> None:
    """Delete what a killed process left in `folder` under temporary names (those of `name`)."""
    for path in folder.glob(f"{name}{TEMPORARY}*"):
        owner = _OWNER.fullmatch(path.name.rpartition(TEMPORARY)[2])
        if owner is None or _is_alive(int(owner[1])):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):  # open in another process, or not ours to delete
                path.unlink()


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # signal 0 would end the process there; an open file cannot be deleted
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
