"""Archives as an attacker, or a bad disk, would make them; each is bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterable

Make = Callable[[], bytes]

NAMES = {
    "up": "../evil.png",
    "up in the middle": "a/../../evil.png",
    "up with backslashes": "..\\evil.png",
    "up mixed": "a/..\\..\\evil.png",
    "up at the end": "a/..",
    "only up": "..",
    "absolute": "/tmp/evil.png",
    "server": "//server/share/evil.png",
    "server with backslashes": "\\\\server\\share\\evil.png",
    "root of a drive with backslash": "\\evil.png",
    "drive": "C:\\evil.png",
    "drive without slash": "c:evil.png",
    "stream": "a/b.png:hidden",
    "device": "NUL",
    "device with suffix": "cells/CON.txt",
    "device in a folder": "a/aux/1.png",
    "device with blank": "a/prn .png",
    "device with superscript": "COM¹.png",
    "console": "conout$",
    "NUL byte": "a/b.png\0.exe",
    "line break": "a/b\n.png",
    "escape": "a/\x1b[2J.png",
    "turned direction": "a/\u202egnp.exe",
    "trailing dot": "a/b.",
    "trailing blank": "a /b.png",
    "question mark": "a/b?.png",
    "bar": "a/b|c.png",
    "quote": 'a/"b".png',
    "long name": "a/" + "x" * 256,
    "long path": "/".join(["folder"] * 150),
}
TREES = {
    "twice": ("a/1.png", "a/1.png"),
    "case": ("a/1.png", "a/1.PNG"),
    "case of a folder": ("Cat/1.png", "cat/2.png"),
    "accents": (unicodedata.normalize("NFC", "é.png"), unicodedata.normalize("NFD", "é.png")),
    "a file that is a folder": ("a/b", "a/b/1.png"),
    "a folder that is a file": ("a/b/1.png", "a/b"),
    "the same by dots": ("a/1.png", "a/./1.png"),
    "sharp s": ("STRASSE/1.png", "straße/2.png"),
}


def zip_of(members: Iterable[tuple[str, bytes]], *, change: Callable[..., None] | None = None,
           method: int = zipfile.ZIP_DEFLATED) -> bytes:  # fmt: skip
    """A zip with exactly these names; `change` may alter each ZipInfo."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")  # zipfile warns of names that come twice
        for name, data in members:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.compress_type = method
            if change:
                change(info)
            archive.writestr(info, data)
    return buffer.getvalue()


def tar_of(members: Iterable[tuple[str, bytes]], *, mode: str = "w", type: bytes = tarfile.REGTYPE,
           form: int = tarfile.GNU_FORMAT) -> bytes:  # fmt: skip
    """A tar with exactly these names, all of one type."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.type = type
            info.pax_headers = {"path": name} if "\0" in name else {}  # elsewhere it ends the name
            info.linkname = "/etc/passwd" if type in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            info.size = len(data) if type == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def tar_bomb(size: int, kind: str) -> bytes:
    """A packed tar whose one member has `size` zero bytes (whole 10 MB), and says so."""
    info = tarfile.TarInfo("a/1.bin")
    info.size = size
    pack, unit = PACKERS[kind], 10_000_000
    zeros = pack(bytes(unit))  # packed pieces one after the other are read as one
    return pack(info.tobuf()) + zeros * (size // unit) + pack(bytes(-size % 512 + 1024))


def xz_zeros_behind_header(size: int) -> bytes:
    """A tar.xz whose one small file is followed by `size` zero bytes of what looks like padding."""
    packer = lzma.LZMACompressor(preset=0)
    parts = [packer.compress(tar_of([("a/1.png", b"x")]))]
    block = bytes(1 << 20)
    parts += [packer.compress(block) for _ in range(size >> 20)]
    return b"".join([*parts, packer.flush()])


def with_sizes(data: bytes, size: int) -> bytes:
    """The zip with another unpacked size in its first local header and in its directory."""
    local, central = data.index(b"PK\x03\x04"), data.index(b"PK\x01\x02")
    changed = bytearray(data)
    struct.pack_into("<L", changed, local + 22, size)
    struct.pack_into("<L", changed, central + 24, size)
    return bytes(changed)


def flipped(data: bytes, at: int) -> bytes:
    """One bit changed."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def overlapping(copies: int, size: int) -> bytes:
    """A zip whose directory names the same packed zeros `copies` times."""
    data = zip_of([("a/0.bin", bytes(size))])
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    directory = entry * copies
    tail = bytearray(data[end:])
    struct.pack_into("<HHL", tail, 8, copies, copies, len(directory))
    return data[:start] + directory + bytes(tail)


def many(count: int) -> bytes:
    """A zip of `count` empty files, its directory written by hand because zipfile is slow."""
    local = zip_of([("0000000", b"")], method=zipfile.ZIP_STORED)
    start, end = local.index(b"PK\x01\x02"), local.index(b"PK\x05\x06")
    entry = bytearray(local[start:end])
    parts = []
    for number in range(count):
        entry[46:53] = b"%07d" % number
        parts.append(bytes(entry))
    directory = b"".join(parts)
    tail = bytearray(local[end:])
    struct.pack_into("<HHL", tail, 8, count & 0xFFFF, count & 0xFFFF, len(directory))
    return local[:start] + directory + bytes(tail)


def first_header(data: bytes, field: slice, value: bytes) -> bytes:
    """The tar with one field of its first header changed and the header's sum made right."""
    header = bytearray(data[:512])
    header[field] = value
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data[512:]
