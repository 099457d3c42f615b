"""Read zip and tar member by member: what is declared, then the bytes, never more than a limit.

In: a path. Out: `Found` members in the archive's order, and chunks of their contents. Nothing is
written here and no name is trusted; intake/archives.py judges both.
Try: `[m.name for m in read_members(Path("cells.zip"), 1000, 10**9)]`.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

CHUNK = 1 << 18  # bytes read at once; nothing grows further past a limit than this
HEADERS = 50_000_000  # bytes of tar headers and padding beside the contents
LONGEST_HEADER = 1_000_000  # bytes of one extended header, which tarfile holds in memory
ZIP, EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"
# What the libraries raise on damaged archives.
DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError,
    NotImplementedError, RuntimeError, ValueError, LookupError, OverflowError, OSError,
)  # fmt: skip
KINDS = {
    tarfile.SYMTYPE: "symbolic link",
    tarfile.LNKTYPE: "hard link",
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.FIFOTYPE: "pipe",
}


@dataclass(frozen=True)
class Found:
    """One member as its archive declares it."""

    place: int  # counted from 0, folders included
    name: str
    size: int  # bytes it says it has
    packed: int | None  # bytes it takes in the archive; None in a tar, which is packed as a whole
    folder: bool
    fault: str = ""  # what it is, where that is neither a plain file nor a folder


class Overflow(Exception):
    """More came out, or more members are there, than is allowed."""


def is_packed(path: Path) -> bool:
    """Whether a file is a zip or a tar, told by its bytes and not by its suffix."""
    with path.open("rb") as stream:
        start = stream.read(8)
    if start[:4] in (ZIP, EMPTY_ZIP):
        return True
    try:
        with _unpacked(path, start) as stream:
            header = stream.read(tarfile.BLOCKSIZE)
        tarfile.TarInfo.frombuf(header, tarfile.ENCODING, "surrogateescape")
    except DAMAGE:
        return False
    return True


def read_members(path: Path, most: int, allowed: int) -> Iterator[Found]:
    """Every member; at most one more than `most`, and a tar at most `allowed` bytes far.

    Raises:
        Overflow: a limit is met. One of DAMAGE: the archive is not whole.
    """
    with path.open("rb") as stream:
        start = stream.read(8)
    if start[:4] in (ZIP, EMPTY_ZIP):
        yield from _zip_members(path, most)
    else:
        yield from _tar_members(path, start, allowed)


def read_parts(path: Path, wanted: Container[int], allowed: int) -> Iterator[tuple[int, bytes]]:
    """Contents of the `wanted` places in chunks, each after an empty first one.

    Raises:
        Overflow: a limit is met. One of DAMAGE: the archive is not whole.
    """
    with path.open("rb") as stream:
        start = stream.read(8)
    if start[:4] in (ZIP, EMPTY_ZIP):
        yield from _zip_parts(path, wanted)
    else:
        yield from _tar_parts(path, start, wanted, allowed=allowed)


def _zip_members(path: Path, most: int) -> Iterator[Found]:
    with path.open("rb") as stream:
        _count_entries(stream, most)
        with zipfile.ZipFile(stream) as archive:
            for place, info in enumerate(archive.infolist()):
                # orig_filename: zipfile cuts the other one at a NUL
                name = info.orig_filename
                yield Found(
                    place, name, info.file_size, info.compress_size, info.is_dir(), _zip_fault(info)
                )


def _zip_fault(info: zipfile.ZipInfo) -> str:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "symbolic link"
    if stat.S_IFMT(mode) and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return "device, pipe or socket"
    if info.flag_bits & 0x41:
        return "encrypted"
    # others unpack without a bound on what one read gives
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"packed by method {info.compress_type}; stored and deflated are read"
    return ""


def _count_entries(stream: BinaryIO, most: int) -> None:
    """Refuse a directory of too many entries before zipfile takes all of it into memory."""
    end = stream.seek(0, io.SEEK_END)
    tail_start = stream.seek(max(0, end - 65_557 - 76))
    tail = stream.read()
    at = tail.rfind(EMPTY_ZIP)
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("no end of the directory")
    size = struct.unpack_from("<L", tail, at + 12)[0]
    where = tail_start + at - size
    if at >= 76 and tail[at - 20 : at - 16] == b"PK\x06\x07":  # zip64: the true size stands there
        size = struct.unpack_from("<Q", tail, at - 76 + 40)[0]
        where = tail_start + at - 76 - size
    if where < 0:
        raise zipfile.BadZipFile("the directory is larger than the file")
    stream.seek(where)
    left, count = size, 0
    while left >= 46:
        header = stream.read(46)
        if header[:4] != b"PK\x01\x02":
            raise zipfile.BadZipFile("an entry of the directory is damaged")
        extra = sum(struct.unpack_from("<HHH", header, 28))
        stream.seek(extra, io.SEEK_CUR)
        left -= 46 + extra
        count += 1
        if count > most:
            raise Overflow(f"more than {most:,} members")


def _zip_parts(path: Path, wanted: Container[int]) -> Iterator[tuple[int, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for place, info in enumerate(archive.infolist()):
            if place in wanted:
                yield place, b""
                with archive.open(info) as stream:
                    while chunk := stream.read(CHUNK):
                        yield place, chunk


def _unpacked(path: Path, start: bytes) -> io.BufferedIOBase:
    if start.startswith(GZIP):
        return gzip.open(path)
    if start.startswith(BZIP2):
        return bz2.open(path)
    return lzma.open(path) if start.startswith(XZ) else path.open("rb")


class _Counted:
    """A stream that stops at a limit."""

    def __init__(self, stream: io.BufferedIOBase, allowed: int) -> None:
        self._stream, self._left, self._allowed = stream, allowed, allowed

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, CHUNK))
        self._left -= len(data)
        if self._left < 0:
            raise Overflow(f"more than {self._allowed:,} bytes come out")
        return data


class _Member(tarfile.TarInfo):
    """A header that tarfile may not take lightly.

    Its extensions are bounded, which tarfile reads into memory whole; and where tarfile would take
    a damaged or missing header for the end, and drop the rest, this is an error.
    """

    EXTENSIONS = (
        tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
    )  # fmt: skip

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise  # the block of zeros that ends a tar
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"a header is damaged or missing ({error})") from error

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo | None:
        if self.size < 0 or (self.type in self.EXTENSIONS and self.size > LONGEST_HEADER):
            raise tarfile.ReadError(f"a header says it has {self.size:,} bytes")
        return super()._proc_member(archive)  # type: ignore[misc,no-any-return]


def _tar(
    path: Path, start: bytes, allowed: int
) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """The members of a tar, read once from front to end; the rest is read too, for its checks."""
    with _unpacked(path, start) as stream:
        counted = _Counted(stream, allowed + HEADERS)
        with tarfile.open(  # type: ignore[call-overload]
            fileobj=counted, mode="r|", bufsize=CHUNK, tarinfo=_Member, errors="surrogateescape"
        ) as archive:
            while (info := archive.next()) is not None:
                archive.members.clear()  # it would remember them all
                yield archive, info
        while counted.read(CHUNK):
            pass


def _tar_members(path: Path, start: bytes, allowed: int) -> Iterator[Found]:
    for place, (_, info) in enumerate(_tar(path, start, allowed)):
        fault = ""
        plain = info.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not info.issparse()
        if not plain and not info.isdir():
            fault = KINDS.get(info.type, "neither a plain file nor a folder")
        yield Found(place, info.name, info.size, None, info.isdir(), fault)


def _tar_parts(
    path: Path, start: bytes, wanted: Container[int], *, allowed: int
) -> Iterator[tuple[int, bytes]]:
    for place, (archive, info) in enumerate(_tar(path, start, allowed)):
        if place in wanted:
            yield place, b""
            stream = archive.extractfile(info)
            while stream is not None and (chunk := stream.read(CHUNK)):
                yield place, chunk
