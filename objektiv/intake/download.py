"""Download one file that was asked for: resumed where it broke off, counted, checked.

In: an http or https address. Out: the file under its name, and what it is (size, SHA-256). Until it
is whole it is NAME.part; NAME.part.json keeps the validator (ETag or date) that lets a server say
whether those bytes still fit.
Try: `download("https://example.org/cells.zip", Path("cells.zip"), settings=ArchiveSettings())`.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import math
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from objektiv.base import files
from objektiv.base.errors import DataError, MachineError
from objektiv.base.progress import Progress
from objektiv.intake.settings import ArchiveSettings
from objektiv.intake.web import check_address, open_address

PART, STATE = ".part", ".part.json"
CHUNK = 1 << 18
MB = 1_000_000  # what progress counts


@dataclass(frozen=True)
class Downloaded:
    """A whole file."""

    path: Path
    url: str
    bytes: int
    sha256: str
    kept: int  # bytes that an earlier, broken download had left


@dataclass(frozen=True)
class _State:
    """What is known of the file whose beginning lies in NAME.part."""

    url: str
    validator: str  # a strong ETag, or the date of the last change; empty where the server has none
    length: int | None


class _Answer(Protocol):
    """What we use of urllib's answers."""

    status: int
    headers: Mapping[str, str]

    def read1(self, amount: int, /) -> bytes: ...


def download(
    url: str,
    path: Path,
    *,
    settings: ArchiveSettings,
    sha256: str | None = None,
    progress: Progress | None = None,
) -> Downloaded:
    """Fetch `url` into the new file `path`, going on where an earlier call broke off.

    Raises:
        UsageError: the address is none of http or https.
        DataError: the server refuses, sends too much, or the checksum is another.
        MachineError: the connection is lost (what came is kept), or the disk is full.
    """
    check_address(url)
    files.make_folder(path.parent)
    kept = _fetch(url, path, settings, progress or Progress(), again=sha256 is not None)
    part = path.with_name(path.name + PART)
    got = hash_file(part)
    if sha256 is not None and got != sha256.lower():
        _forget(path)
        raise wrong_checksum(
            path.name, sha256, got, next="run the same command again, it starts anew; if it comes "
            "out the same, the publisher has changed the file: `objektiv get URL` takes any"
        )  # fmt: skip
    size = part.stat().st_size
    files.publish(part, path)
    path.with_name(path.name + STATE).unlink(missing_ok=True)
    return Downloaded(path, url, size, got, kept)


def wrong_checksum(name: str, expected: str, got: str, *, next: str) -> DataError:
    """The error of a file that is not the one it should be."""
    return DataError(
        f"{name} is not the file it should be, so it was not used",
        value=f"its SHA-256 is {got}",
        allowed=f"{expected.lower()} is expected",
        next=next,
    )


def hash_file(path: Path) -> str:
    """The hexadecimal SHA-256 of a file of any size."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fetch(
    url: str, path: Path, settings: ArchiveSettings, progress: Progress, *, again: bool
) -> int:
    """Fill NAME.part; the number of bytes that were there and still fit.

    `again`: a part without a validator is used too, since a checksum will judge the whole.
    """
    part = path.with_name(path.name + PART)
    state = _read_state(path)
    have = part.stat().st_size if state and state.url == url and part.is_file() else 0
    if state and have and have == state.length:
        return have
    if not (state and (state.validator or again)):
        have = 0
    request = urllib.request.Request(url, headers={"User-Agent": "objektiv"})
    if state and have:
        request.add_header("Range", f"bytes={have}-")
        if state.validator:
            request.add_header("If-Range", state.validator)
    with _connected(path, have), contextlib.closing(open_address(request, path.name)) as answer:
        kept, length = _continued(answer, state, have)
        if kept is None:  # a range that fits nothing: what we had is of no use
            _forget(path)
            return _fetch(url, path, settings, progress, again=again)
        _check_room(path, kept, length, settings)
        files.write_json(
            path.with_name(path.name + STATE),
            asdict(_State(url, _validator(answer.headers), length)),
        )
        _receive(answer, path, kept, length, settings=settings, progress=progress)
    return kept


def _continued(answer: _Answer, state: _State | None, have: int) -> tuple[int | None, int | None]:
    """How many bytes we have that the answer goes on from, and the length of the whole."""
    if answer.status == 206:
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", answer.headers.get("Content-Range", ""))
        total = int(match[3]) if match and match[3] != "*" else None
        known = state.length if state else None
        fits = match and int(match[1]) == have and (known is None or total in (None, known))
        return (have if fits else None), total if total is not None else known
    if answer.status == 416:
        return None, None
    length = answer.headers.get("Content-Length")
    return 0, int(length) if length is not None and length.isdecimal() else None


def _validator(headers: Mapping[str, str]) -> str:
    """What If-Range takes: a strong ETag, else the date of the last change."""
    etag = headers.get("ETag") or ""
    return etag if etag.startswith('"') else headers.get("Last-Modified") or ""


def _receive(
    answer: _Answer,
    path: Path,
    kept: int,
    length: int | None,
    *,
    settings: ArchiveSettings,
    progress: Progress,
) -> None:
    most = int(settings.max_gb * 1e9)
    total = math.ceil((length or 0) / MB)
    have = kept
    with (
        files.growing(path.with_name(path.name + PART), kept=kept) as write,
        progress.step(f"{path.name}, MB", total=total) as step,
    ):
        step.advance(kept // MB)
        # read1: what came before a cut is given, where read would drop it
        while chunk := answer.read1(CHUNK if length is None else min(CHUNK, length - have)):
            step.advance((have + len(chunk)) // MB - have // MB)
            have += len(chunk)
            if have > most:
                raise _too_large(path, f"more than {most:,} bytes come", settings)
            write(chunk)
        if length is not None and have < length:
            raise EOFError(f"it ended at byte {have:,} of {length:,}")
        step.advance(total - have // MB if total else 0)


def _check_room(path: Path, kept: int, length: int | None, settings: ArchiveSettings) -> None:
    if length is None:
        return
    if length > settings.max_gb * 1e9:
        raise _too_large(path, f"the server says {length:,} bytes", settings)
    free = shutil.disk_usage(path.parent).free
    if length - kept > free:
        raise MachineError(
            f"there is no room for {path.name}",
            value=f"{length - kept:,} bytes are missing, {free:,} are free in {path.parent}",
            allowed="Room for the file, and as much again to unpack it, is needed",
            next="free the space or choose another place with --to; what came is kept",
        )


def _too_large(path: Path, what: str, settings: ArchiveSettings) -> DataError:
    return DataError(
        f"{path.name} is larger than is allowed",
        value=what,
        allowed=f"At most {settings.max_gb:g} GB",
        next="check the address; if it is what you want, raise --max-gb",
    )


@contextlib.contextmanager
def _connected(path: Path, have: int) -> Any:
    """Turn a connection that cannot be had, or is lost, into a MachineError."""
    try:
        yield
    except (EOFError, http.client.HTTPException, urllib.error.URLError, OSError) as error:
        part = path.with_name(path.name + PART)
        now = part.stat().st_size if part.is_file() else have
        reason = getattr(error, "reason", None) or error
        raise MachineError(
            f"the connection for {path.name} was lost" if now else f"{path.name} cannot be reached",
            value=" ".join(str(reason).split())[:300] or type(error).__name__,
            allowed=f"{now:,} bytes are kept in {part}" if now else "A connection is needed",
            next=f"run the same command again; it goes on at byte {now:,}"
            if now
            else "check the address and the connection, or hand in a file that you have",
        ) from error


def _read_state(path: Path) -> _State | None:
    """What an earlier call noted; None where there is nothing, or nothing that can be used."""
    try:
        data = path.with_name(path.name + STATE).read_bytes()
        state = _State(**files.parse_json(data, name=path.name + STATE))
    except (OSError, DataError, TypeError):
        return None
    lengths = (int, type(None))
    good = isinstance(state.validator, str) and isinstance(state.length, lengths)
    plain = good and not re.search(r"[\r\n]", state.validator)
    return state if plain else None


def _forget(path: Path) -> None:
    for suffix in (PART, STATE):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
