"""Arrays in safetensors files: what is written comes back, and damaged files are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from objektiv.base import tensors
from objektiv.base.errors import ModelError

ARRAYS = {
    "weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "count": np.array(7, np.int64),
    "none": np.empty((0, 4), np.float16),
    "bytes": np.array([1, 2, 3], np.uint8),
}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A file of four arrays."""
    tensors.write(tmp_path / "a.safetensors", ARRAYS, {"network": "cnn"})
    return tmp_path / "a.safetensors"


def test_what_is_written_comes_back(written: Path) -> None:
    """Names, values, kinds, shapes, order and texts are kept, and the arrays may be written to."""
    found = tensors.read(written)

    assert found.about == {"network": "cnn"}
    assert list(found.arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found.arrays[name].dtype == array.dtype
        assert np.array_equal(found.arrays[name], array)
        assert found.arrays[name].flags.writeable


def test_the_reference_library_reads_and_is_read(written: Path, tmp_path: Path) -> None:
    """The safetensors library reads our file, and we read its."""
    library = pytest.importorskip("safetensors.numpy", reason="needs objektiv[torch]")

    theirs = library.load_file(written)
    library.save_file(ARRAYS, tmp_path / "b.safetensors")
    ours = tensors.read(tmp_path / "b.safetensors").arrays

    assert all(np.array_equal(theirs[name], ARRAYS[name]) for name in ARRAYS)
    assert all(np.array_equal(ours[name], ARRAYS[name]) for name in ARRAYS)


def test_bf16_becomes_float32(tmp_path: Path) -> None:
    """The upper half of a 32-bit float is what bf16 holds."""
    upper = (np.array([1.5, -2.0], np.float32).view(np.uint32) >> 16).astype(np.uint16)
    _write(tmp_path / "c", {"x": _entry("BF16", [2], 0, 4)}, upper.tobytes())

    assert tensors.read(tmp_path / "c").arrays["x"].tolist() == [1.5, -2.0]


def _entry(kind: str, shape: list[Any], start: Any, stop: Any) -> dict[str, Any]:
    return {"dtype": kind, "shape": shape, "data_offsets": [start, stop]}


def _write(path: Path, header: object, body: bytes) -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"", "Expecting value"),
        (b"[]", "names no arrays"),
        (b'{"a": 1, "a": 1}', "appears twice"),
        ({"a": 1}, "'a' is 1"),
        ({"a": _entry("F8", [1], 0, 1)}, "'a' is"),
        ({"a": _entry("F32", [1], 0, 4) | {"more": 1}}, "'a' is"),
        ({"a": _entry("F32", [-1], 0, 4)}, "'a' has the shape"),
        ({"a": _entry("F32", [True], 0, 4)}, "'a' has the shape"),
        ({"a": _entry("F32", [1.0], 0, 4)}, "'a' has the shape"),
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}}, "'a' has the shape"),
        ({"a": _entry("F32", [2], 0, 4)}, "would be the bytes 0 to 4"),
        ({"a": _entry("F32", [2**62, 2**62], 0, 4)}, "would be the bytes 0 to 4"),
        ({"a": _entry("F32", [1], 4, 8)}, "would be the bytes 4 to 8"),
        ({"a": _entry("F32", [3], 0, 12)}, "would be the bytes 0 to 12"),
        ({"a": _entry("F32", [1], 0, 4)}, "4 bytes belong to no array"),
        ({"a": _entry("F32", [2], 0, 8), "b": _entry("F32", [1], 4, 8)}, "the bytes 4 to 8"),
        ({"__metadata__": {"a": 1}}, "table of texts"),
    ],
)
def test_damaged_layout_is_refused(header: object, message: str, tmp_path: Path) -> None:
    """Headers that lie about kinds, shapes or places of arrays in eight bytes are errors."""
    _write(tmp_path / "d", header, b"\0" * 8)

    with pytest.raises(ModelError, match=message):
        tensors.read(tmp_path / "d")


def test_every_cut_is_refused(written: Path, tmp_path: Path) -> None:
    """A file without its end is an error wherever it was cut."""
    data = written.read_bytes()
    for length in range(len(data)):
        (tmp_path / "cut").write_bytes(data[:length])
        with pytest.raises(ModelError, match="cannot be read as safetensors"):
            tensors.read(tmp_path / "cut")


def test_missing_file_is_told(tmp_path: Path) -> None:
    """A file that is not there is the same kind of error."""
    with pytest.raises(ModelError, match="No such file"):
        tensors.read(tmp_path / "none")
