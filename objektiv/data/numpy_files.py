"""Read and name the arrays in .npy and .npz files from strangers: no pickles, no bombs.

In: a file. Out: arrays by name; .npy files are mapped, not loaded, so they may be larger than the
memory. What a header promises is compared with the bytes that are there before anything is made.
Try: `arrays_in(Path("data.npz"))`.
"""

from __future__ import annotations

import math
import zipfile
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
_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


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
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
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

    Raises:
        DataError: it holds objects, which only pickle can read.
        ValueError: it is no array, or not of that size.
    """
    version = npy.read_magic(stream)
    if version not in _READERS:
        raise ValueError(f"version {version[0]}.{version[1]} of the format is not read")
    shape, _, kind = _READERS[version](stream, max_header_size=LONGEST_HEADER)
    if kind.hasobject:
        raise _refused(
            name,
            f"it holds pickled objects (dtype {kind})",
            allowed="objektiv reads no pickles, which can run any program",
            next="save plain numbers or texts: np.save(path, np.array(list, dtype='uint8' or str))",
        )
    there, promised = size - stream.tell(), math.prod(shape) * kind.itemsize
    if min(shape, default=1) < 0 or promised != there:
        told = f"an array of {' x '.join(map(str, shape))} {kind}, {promised:,} bytes"
        raise ValueError(f"its header promises {told}; {there:,} are there")


def _refused(name: object, value: str, *, allowed: str = "", next: str = "") -> DataError:
    return DataError(
        f"{name} cannot be read as NumPy data",
        value=value,
        allowed=allowed or "Whole .npy and .npz files of numbers or texts are read",
        next=next or "save it again with np.save or np.savez, or take it away",
    )
