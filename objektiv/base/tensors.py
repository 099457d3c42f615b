"""Named arrays in one file of the safetensors format, read strictly and written whole.

In: arrays by name and short texts about them. Out: a file that every reader of safetensors takes;
nothing in it can run. Source: the format's page in huggingface/safetensors (README, 2023).
Try: `write(path, {"weight": array}, {"network": "cnn"}); read(path).arrays["weight"]`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import DataError, ModelError

_KINDS: dict[str, str] = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",  # NumPy has none: widened to float32 when read
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
    "BOOL": "|b1",
}
_NAMES = {np.dtype(kind): name for name, kind in _KINDS.items() if name != "BF16"}
LONGEST_HEADER = 100_000_000  # bytes, as the reference reader has it
ABOUT = "__metadata__"


class Tensors(NamedTuple):
    """What a file holds."""

    arrays: dict[str, NDArray[Any]]
    about: dict[str, str]


def write(path: Path, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, str]) -> None:
    """Publish `arrays` and texts `about` them at `path`."""
    header: dict[str, Any] = {ABOUT: dict(about)} if about else {}
    parts: list[bytes] = []
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        kind = _NAMES[array.dtype.newbyteorder("<")]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [start, end]}
        parts.append(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
    text = json.dumps(header, ensure_ascii=False, allow_nan=False).encode()
    text += b" " * (-len(text) % 8)  # the arrays then lie where a processor likes them
    files.write_bytes(path, b"".join([len(text).to_bytes(8, "little"), text, *parts]))


def read(path: Path) -> Tensors:
    """All arrays of a file; bf16 comes as float32.

    Raises:
        ModelError: the file is cut off, or not laid out as the format wants it.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise _refused(path, error.strerror or type(error).__name__) from error
    length = int.from_bytes(data[:8].tobytes(), "little")
    if len(data) < 8 or length > min(len(data) - 8, LONGEST_HEADER):
        raise _refused(path, f"{len(data):,} bytes, of which the header would be {length:,}")
    try:
        header = files.parse_json(data[8 : 8 + length].tobytes(), name=str(path))
    except DataError as error:
        raise _refused(path, error.value) from error
    if not isinstance(header, dict):
        raise _refused(path, "its header names no arrays")
    about = header.pop(ABOUT, {})
    if not isinstance(about, dict) or not all(isinstance(text, str) for text in about.values()):
        raise _refused(path, f"{ABOUT} is not a table of texts")
    return Tensors(_arrays(path, header, data[8 + length :]), about)


def _arrays(
    path: Path, header: Mapping[str, Any], body: NDArray[np.uint8]
) -> dict[str, NDArray[Any]]:
    """Each byte of `body` belongs to one array, in order and without a gap."""
    found = {}
    end = 0
    for name, entry in sorted(header.items(), key=lambda item: _start(path, *item)):
        kind, shape, (start, stop) = entry["dtype"], entry["shape"], entry["data_offsets"]
        size = np.dtype(_KINDS[kind]).itemsize * math.prod(shape)
        if start != end or stop - start != size or stop > len(body):
            raise _refused(path, f"{name!r} would be the bytes {start:,} to {stop:,}")
        end = stop
        array = body[start:stop].view(_KINDS[kind]).reshape(shape)
        if kind == "BF16":
            array = (array.astype(np.uint32) << 16).view(np.float32)
        found[name] = array
    if end != len(body):
        raise _refused(path, f"{len(body) - end:,} bytes belong to no array")
    return {name: found[name] for name in header}


def _start(path: Path, name: str, entry: Any) -> int:
    """Where an array begins, after a look at what the header says of it."""
    known = isinstance(entry, dict) and set(entry) == {"dtype", "shape", "data_offsets"}
    if not known or entry["dtype"] not in _KINDS:
        raise _refused(path, f"{name!r} is {entry!r:.100}")
    numbers = [entry["shape"], entry["data_offsets"]]
    whole = all(isinstance(n, list) and all(type(k) is int and k >= 0 for k in n) for n in numbers)
    if not whole or len(entry["data_offsets"]) != 2:
        raise _refused(path, f"{name!r} has the shape {entry['shape']!r:.100}")
    return int(entry["data_offsets"][0])


def _refused(path: Path, value: object) -> ModelError:
    return ModelError(
        f"{path} cannot be read as safetensors",
        value=value,
        allowed="A whole file of arrays in this format is read",
        next="fetch or write the file again",
    )
