"""Reading archives member by member, told apart by their bytes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from objektiv.intake.packed import CHUNK, HEADERS, Overflow, is_packed, read_members, read_parts
from tests.intake.hostile import tar_of, xz_zeros_behind_header, zip_of

MEMBERS = [("a/", b""), ("a/1.png", b"x" * (CHUNK + 1)), ("a/2.png", b"")]


def _file(folder: Path, data: bytes) -> Path:
    (folder / "archive").write_bytes(data)
    return folder / "archive"


@pytest.mark.parametrize(
    ("data", "packed"),
    [
        (zip_of([]), True),
        (zip_of(MEMBERS[1:]), True),
        (tar_of(MEMBERS[1:]), True),
        (tar_of(MEMBERS[1:], mode="w:bz2"), True),
        (b"", False),
        (b"PK", False),
        (b"\x89PNG\r\n\x1a\n" + bytes(1000), False),
        (gzip.compress(b"\0\0\x08\x03" + bytes(1000)), False),  # IDX
        (gzip.compress(b"x")[:5], False),
        (bytes(10_240), False),
    ],
)
def test_archives_are_told_by_their_bytes(tmp_path: Path, data: bytes, packed: bool) -> None:
    """A zip or a tar is known by what is in it; a packed array is none."""
    assert is_packed(_file(tmp_path, data)) == packed


@pytest.mark.parametrize("data", [zip_of(MEMBERS), tar_of(MEMBERS[1:])], ids=["zip", "tar"])
def test_members_come_with_their_declared_size(tmp_path: Path, data: bytes) -> None:
    """Names and sizes are those that were packed, in order; a folder is told as one."""
    found = list(read_members(_file(tmp_path, data), 10, 10**6))

    assert [(m.name, m.size) for m in found if not m.folder] == [
        ("a/1.png", CHUNK + 1),
        ("a/2.png", 0),
    ]
    assert [m.place for m in found] == list(range(len(found)))


@pytest.mark.parametrize("data", [zip_of(MEMBERS[1:]), tar_of(MEMBERS[1:])], ids=["zip", "tar"])
def test_parts_are_chunks_behind_an_empty_one(tmp_path: Path, data: bytes) -> None:
    """A large member comes in chunks, an empty one is seen too, what is not wanted is not."""
    path = _file(tmp_path, data)

    assert [(n, len(c)) for n, c in read_parts(path, {0, 1}, 10**6)] == [
        (0, 0),
        (0, CHUNK),
        (0, 1),
        (1, 0),
    ]
    assert list(read_parts(path, {1}, 10**6)) == [(1, b"")]


def test_a_tar_is_read_to_its_limit(tmp_path: Path) -> None:
    """What comes out behind the last member counts too."""
    path = _file(tmp_path, xz_zeros_behind_header(HEADERS + 3_000_000))
    with pytest.raises(Overflow, match=f"more than {HEADERS + 1_000_000:,} bytes come out"):
        list(read_members(path, 10, 1_000_000))
