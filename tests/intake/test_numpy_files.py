"""Files of arrays from strangers: nothing is unpickled, nothing is larger than its file."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from objektiv.base.errors import DataError
from objektiv.intake import numpy_files
from objektiv.intake.numpy_files import arrays_in


def _header(text: str, *, version: int = 1) -> bytes:
    body = text.encode() + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(body))
    return b"\x93NUMPY" + bytes([version, 0]) + length + body


def _promise(shape: str, kind: str = "|u1") -> bytes:
    return _header(f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}")


def test_arrays_are_read(tmp_path: Path) -> None:
    """An .npy file has the name of its file, an .npz the names inside; packed or not."""
    x, y = np.arange(24).reshape(2, 3, 4), np.array(["a", "ü"])
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "plain.npz", x=x, y=y)
    np.savez_compressed(tmp_path / "packed.npz", x=x, y=y)

    assert (arrays_in(tmp_path / "x.npy")["x"] == x).all()
    for name in ("plain.npz", "packed.npz"):
        found = arrays_in(tmp_path / name)
        assert sorted(found) == ["x", "y"]
        assert (found["x"] == x).all() and (found["y"] == y).all()


def test_columns_first_are_read(tmp_path: Path) -> None:
    """Arrays in Fortran's order come out the same."""
    x = np.asfortranarray(np.arange(24).reshape(2, 3, 4))
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "x.npz", x=x)

    assert (arrays_in(tmp_path / "x.npy")["x"] == x).all()
    assert (arrays_in(tmp_path / "x.npz")["x"] == x).all()


def test_large_files_are_mapped(tmp_path: Path) -> None:
    """An .npy file is not loaded: its array stands on the file."""
    np.save(tmp_path / "x.npy", np.zeros(10, np.uint8))

    assert isinstance(arrays_in(tmp_path / "x.npy")["x"], np.memmap)


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("pickle-was-run",)


def test_pickled_objects_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays of objects are refused with what to do, and no program in them runs."""
    monkeypatch.chdir(tmp_path)
    array = np.array([_Bomb()], dtype=object)
    np.save(tmp_path / "x.npy", array)
    np.savez(tmp_path / "x.npz", x=array)
    (tmp_path / "y.npy").write_bytes(pickle.dumps(_Bomb()))
    fields = np.zeros(1, dtype=[("a", "u1"), ("b", "O")])
    np.save(tmp_path / "z.npy", fields)

    for name in ("x.npy", "x.npz", "z.npy"):
        with pytest.raises(DataError, match=r"holds pickled objects.*reads no pickles"):
            arrays_in(tmp_path / name)
    with pytest.raises(DataError, match=r"y\.npy cannot be read as NumPy data"):
        arrays_in(tmp_path / "y.npy")
    assert not (tmp_path / "pickle-was-run").exists()


@pytest.mark.parametrize(
    "data",
    [
        _promise("(1000000, 1000000, 1000000)") + bytes(100),
        _promise("(9223372036854775807, 9223372036854775807)") + bytes(100),
        _promise("(101,)") + bytes(100),
        _promise("(99,)") + bytes(100),
        _promise("(-1,)") + bytes(100),
        _promise("(10,)", "<U100000000") + bytes(100),
        _promise("(100,)")[:-20],
        _header("{'shape': __import__('os').mkdir('evil')}"),
        _header("[" * 5000),
        _header(" " * 60_000 + "{}"),
        _promise("(" + "1" * 9000 + "x)"),
        _header("{}", version=2),
        _header("{}", version=9),
        b"\x93NUMPY",
        b"",
        b"PK\x03\x04",
    ],
    ids=range(16),
)
def test_headers_that_lie_are_refused(tmp_path: Path, data: bytes) -> None:
    """Shapes larger or smaller than the file, and headers that are none, are refused at once."""
    (tmp_path / "x.npy").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", data)

    for name in ("x.npy", "x.npz"):
        with pytest.raises(DataError, match=r"cannot be read as NumPy data"):
            arrays_in(tmp_path / name)


def test_promised_and_present_bytes_are_told(tmp_path: Path) -> None:
    """The message of a lying header holds both lengths."""
    (tmp_path / "x.npy").write_bytes(_promise("(7, 28, 28)", "<f4") + bytes(100))

    with pytest.raises(DataError, match="7 x 28 x 28 of <f4, 21,952 bytes; 100 are there"):
        arrays_in(tmp_path / "x.npy")


def test_archives_that_unpack_to_too_much_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A packed archive says how large it becomes, and is refused before it is unpacked."""
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros(100_000, np.uint8))
    monkeypatch.setattr(numpy_files, "MOST_UNPACKED", 50_000)

    with pytest.raises(DataError, match="it unpacks to 100,128 bytes"):
        arrays_in(tmp_path / "x.npz")


@pytest.mark.parametrize("damage", ["cut", "flipped", "twice", "many"])
def test_damaged_archives_are_refused(
    tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Archives that are cut off, altered, or hold a name twice or too many are refused."""
    stream = io.BytesIO()
    np.savez(stream, x=np.arange(1000))
    data = bytearray(stream.getvalue())
    if damage == "cut":
        data = data[:-100]
    elif damage == "flipped":
        data[3000] ^= 1
    elif damage == "twice":
        with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as archive:
            archive.writestr("x.npy", b"")
        data = bytearray(stream.getvalue())
    else:
        monkeypatch.setattr(numpy_files, "MOST_MEMBERS", 0)
    (tmp_path / "x.npz").write_bytes(data)

    with pytest.raises(DataError, match=r"x\.npz.* cannot be read as NumPy data"):
        arrays_in(tmp_path / "x.npz")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A path without a file is told by name."""
    for name in ("x.npy", "x.npz"):
        with pytest.raises(DataError, match=rf"{name} cannot be read"):
            arrays_in(tmp_path / name)
