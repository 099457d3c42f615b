"""Read and name the arrays in .npy and .npz files from strangers: no pickles, no bombs.

In: a file. Out: arrays by name; .npy files are mapped, not loaded, so they may be larger than the
memory. What a header promises is compared with the bytes that are there before anything is made.
Try: `arrays_in(Path("data.npz"))`.
"""

from __future__ import annotations

import lzma
import math
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from objektiv.base.errors import DataError

MOST_UNPACKED = 2 << 30  # bytes of an .npz, which has to be held in memory
LONGEST_HEADER = 10_000  # characters, NumPy's own limit
MOST_MEMBERS = 1000
SUFFIX = ".npy"
_LENGTHS = {b"\1\0": "<H", b"\2\0": "<I"}  # of the header, by version
_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError)
_HEADER = re.compile(
    r"\s*\{\s*'descr': ?'([<>|=][buifcUS]\d{1,9})', *'fortran_order': ?(?:True|False), *"
    r"'shape': ?\(((?:\d{1,19}(?:, ?\d{1,19})*,?)?)\),? *\}\s*"
)


def arrays_in(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of one file by name; that of an .npy file has the file's stem.

    Raises:
        DataError: it is damaged, holds pickled objects or promises more than is there.
    """
    try:
        if path.suffix.lower() == SUFFIX:
            with path.open("rb") as stream:
                _check(stream, path.stat().st_size, name=path)
            return {path.stem: np.load(path, mmap_mode="r", allow_pickle=False)}
        return _of_zip(path)
    except (OSError, ValueError, EOFError, struct.error, *_ZIP) as error:
        raise _refused(path, " ".join(str(error).split())[:200]) from error
    except RuntimeError as error:  # what zipfile says of a password
        raise _refused(path, "it is encrypted") from error


def _of_zip(path: Path) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if info.filename.endswith(SUFFIX)]
        if len(members) > MOST_MEMBERS:
            raise ValueError(f"it holds {len(members):,} arrays")
        total = sum(info.file_size for info in members)
        if total > MOST_UNPACKED:
            raise _refused(
                path,
                f"it unpacks to {total:,} bytes",
                allowed=f"An .npz of at most {MOST_UNPACKED:,} bytes is unpacked into memory",
                next="save each array as an .npy file: those are read from the disk piece by piece",
            )
        for info in members:
            name = info.filename.removesuffix(SUFFIX)
            if name in found:
                raise ValueError(f"it holds two arrays called {name}")
            with archive.open(info) as stream:
                _check(stream, info.file_size, name=f"{path}: {name}")
            with archive.open(info) as stream:
                found[name] = npy.read_array(
                    stream, allow_pickle=False, max_header_size=LONGEST_HEADER
                )
    return found


def _check(stream: IO[bytes], size: int, *, name: object) -> None:
    """Compare an array's header with the `size` bytes that its file has.

    NumPy's own reader takes the header for a Python expression, and strangers' headers make it
    fail in a dozen ways; so only what NumPy writes for plain arrays reaches it.

    Raises:
        DataError: it holds objects, which only pickle can read.
        ValueError: it is no array, or not of that size.
    """
    magic = stream.read(8)
    if magic[:6] != b"\x93NUMPY" or magic[6:] not in _LENGTHS:
        raise ValueError(f"it begins with {magic!r}")
    (length,) = struct.unpack(_LENGTHS[magic[6:]], stream.read(2 * magic[6]))
    if length > LONGEST_HEADER:
        raise ValueError(f"its header has {length:,} characters")
    header = stream.read(length).decode("latin-1")
    if "|O" in header:
        raise _refused(
            name,
            "it holds pickled objects",
            allowed="objektiv reads no pickles, which can run any program",
            next="save plain numbers or texts: np.save(path, np.array(list, dtype='uint8' or str))",
        )
    match = _HEADER.fullmatch(header)
    if match is None:
        raise ValueError(f"its header is not that of a plain array: {header.strip()[:80]!r}")
    shape = [int(number) for number in re.findall(r"\d+", match[2])]
    there, promised = size - stream.tell(), math.prod(shape) * np.dtype(match[1]).itemsize
    if promised != there:
        told = f"{' x '.join(map(str, shape))} of {match[1]}, {promised:,} bytes"
        raise ValueError(f"its header promises {told}; {there:,} are there")


def _refused(name: object, value: str, *, allowed: str = "", next: str = "") -> DataError:
    return DataError(
        f"{name} cannot be read as NumPy data",
        value=value,
        allowed=allowed or "Whole .npy and .npz files of numbers or texts are read",
        next=next or "save it again with np.save or np.savez, or take it away",
    )
