"""Read a bundle's bytes from a folder or a zip: exactly our members, bounded, hashes checked.

In: a path. Out: the facts and every member as bytes, or a BundleError. Nothing is extracted to
the disk, no name from an archive becomes a path, and pickles are refused by their suffix.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from objektiv.base import files
from objektiv.shipping.facts import (
    FACTS,
    HASHED,
    LIMITS,
    MEMBERS,
    SUFFIX,
    Facts,
    read_facts,
    refused,
)

PICKLES = {".pt", ".pth", ".pkl", ".pickle", ".joblib", ".ckpt", ".bin", ".keras", ".h5", ".hdf5"}
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}  # left by file managers, never opened
RATIO = 100  # a zip member that grows more than this is a bomb; weights hardly shrink at all
OVERHEAD = 100_000  # bytes of zip headers at most
WHERE = "Give a bundle's folder or its .objektiv file"
SHOW = "see `objektiv export --help` on how to make one"

Members = Mapping[str, bytes]


def read_members(path: Path) -> tuple[Facts, Members]:
    """The facts and all members of the bundle at `path`.

    Raises:
        BundleError: there is no bundle, it has other members, it is too large, a hash differs.
    """
    refuse_pickle(path)
    suffix = path.suffix.lower()
    try:
        if path.is_dir():
            _look_deeper(path)
            members = _from_folder(path)
        elif path.is_file() and suffix in (SUFFIX, ".zip"):
            members = _from_zip(path)
        else:
            found = "this is a file of another kind" if path.exists() else "nothing is there"
            raise refused("no bundle", value=found, allowed=WHERE, next=SHOW)
    except OSError as error:
        raise refused(
            "the bundle cannot be read",
            value=error.strerror or type(error).__name__,
            allowed=WHERE,
            next="check the path and its permissions",
        ) from error
    facts = read_facts(members[FACTS])
    check_hashes(facts, members)
    return facts, members


def refuse_pickle(path: Path) -> None:
    """Refuse by its suffix a file that would run code if some library loaded it.

    Raises:
        BundleError: the name ends in one of PICKLES.
    """
    suffix = path.suffix.lower()
    if suffix in PICKLES:
        raise refused(
            f"objektiv reads no pickles; a file ending in {suffix} may run code when loaded",
            value=path.name,
            allowed=WHERE,
            next="export the model where it was made, with `objektiv export RUN`",
        )


def check_hashes(facts: Facts, members: Members) -> None:
    """Compare every member with the size and hash in bundle.json.

    Raises:
        BundleError: a member differs.
    """
    for name in HASHED:
        expected, data = facts.files[name], members[name]
        got = files.sha256(data)
        if len(data) != expected.bytes or got != expected.sha256:
            raise refused(
                f"{name} has been changed or damaged",
                value=f"sha256 {got[:16]}..., {len(data)} bytes",
                allowed=f"{FACTS} says {expected.sha256[:16]}..., {expected.bytes} bytes",
            )


def _check_names(names: Iterable[str]) -> None:
    names = list(names)
    twice = {name for name in names if names.count(name) > 1} if len(names) < 100 else set(names)
    wrong = sorted(twice | (set(names) - set(MEMBERS)))
    if wrong:
        raise refused(
            "the bundle holds members that no bundle has, or one twice",
            value=", ".join(repr(name)[:80] for name in wrong[:3]),
            allowed=f"Exactly {', '.join(MEMBERS)}",
            next="take away what does not belong there, or export the run again",
        )
    missing = [name for name in MEMBERS if name not in names]
    if missing:
        raise refused(
            "the bundle is not complete",
            value=f"missing {', '.join(missing[:3])}",
            allowed=f"Exactly {', '.join(MEMBERS)}",
        )


def _too_large(name: str, size: int) -> None:
    if size > LIMITS[name]:
        raise refused(
            f"{name} is too large", value=f"{size:,} bytes", allowed=f"At most {LIMITS[name]:,}"
        )


def _look_deeper(folder: Path) -> None:
    """Refuse a folder, such as a run, that has its bundle in a folder below."""
    if not (folder / FACTS).exists() and (below := sorted(folder.glob(f"*/{FACTS}"))):
        raise refused(
            "this folder holds a bundle and is none",
            value=f"{FACTS} lies in {below[0].parent.name}",
            allowed=WHERE,
            next=f"name {below[0].parent}, or a run with --run",
        )


def _from_folder(folder: Path) -> dict[str, bytes]:
    entries = _entries(folder, "")
    if "golden" in entries and entries["golden"].is_dir(follow_symlinks=False):
        del entries["golden"]
        entries |= _entries(folder, "golden/")
    _check_names(entries)
    for name, entry in entries.items():
        status = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):  # a link leads elsewhere, a pipe would wait for ever
            raise refused(
                f"{name} is not a plain file", value="a link, folder or device", allowed=WHERE
            )
        _too_large(name, status.st_size)
    members = {}
    for name in MEMBERS:
        with (folder / name).open("rb") as stream:
            members[name] = stream.read(LIMITS[name] + 1)
        _too_large(name, len(members[name]))
    return members


def _entries(folder: Path, prefix: str) -> dict[str, os.DirEntry[str]]:
    with os.scandir(folder / prefix) as found:
        some = islice(found, 100)  # more than a bundle has, few enough for any folder
        return {prefix + entry.name: entry for entry in some if entry.name not in LITTER}


# What zipfile and zlib raise on damaged archives, seen by mutating some thousand of them.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError,
    NotImplementedError, RuntimeError, ValueError, LookupError, OverflowError,
)  # fmt: skip


def _from_zip(path: Path) -> dict[str, bytes]:
    limit = sum(LIMITS.values()) + OVERHEAD
    with path.open("rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise refused("the file is too large", value=f"above {limit:,} bytes", allowed="A bundle")
    try:
        if data[:4] != b"PK\x03\x04":
            raise zipfile.BadZipFile("the file does not begin as a zip does")
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = archive.infolist()
            _check_names(info.filename for info in found)
            return {info.filename: _zip_member(archive, info) for info in found}
    except _DAMAGE as error:
        raise refused(
            "the file is not a whole zip", value=str(error)[:200], allowed="An undamaged zip"
        ) from error


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    name = info.filename
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        raise refused(
            f"{name} is packed in another way",
            value=f"method {info.compress_type}, flags {info.flag_bits}",
            allowed="Stored or deflated, not encrypted",
        )
    _too_large(name, info.file_size)
    if info.file_size > RATIO * max(info.compress_size, 1) + 1000:
        raise refused(
            f"{name} would grow too much when unpacked",
            value=f"{info.compress_size:,} to {info.file_size:,} bytes",
            allowed=f"At most {RATIO} times",
        )
    with archive.open(info) as stream:
        content = stream.read(info.file_size + 1)  # the declared size is never trusted
    if len(content) != info.file_size:
        raise refused(
            f"{name} is not as long as the zip says",
            value=f"{len(content):,} bytes",
            allowed=f"{info.file_size:,} bytes",
        )
    return content


def zipped(members: Members) -> bytes:
    """The members as one zip; the same members give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in MEMBERS:
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            text = name.endswith((".json", ".md"))  # weights and PNG do not shrink
            kind = zipfile.ZIP_DEFLATED if text else zipfile.ZIP_STORED
            archive.writestr(info, members[name], compress_type=kind)
    return buffer.getvalue()
