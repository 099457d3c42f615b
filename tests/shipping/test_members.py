"""A bundle's bytes come from exactly our members, bounded, unaltered, never from a pickle."""

from __future__ import annotations

import builtins
import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from objektiv.base.errors import BundleError
from objektiv.base.seeds import generator
from objektiv.shipping.facts import (
    CARD,
    FACTS,
    GOLDEN,
    HASHED,
    MEMBERS,
    MODEL,
    UNSEALED,
    sealed,
)
from objektiv.shipping.members import read_members, zipped

Members = dict[str, bytes]
Place = Callable[[Members], Path]


def _refused(path: Path, message: str) -> None:
    with pytest.raises(BundleError, match=message) as caught:
        read_members(path)
    assert caught.value.exit_code == 4
    assert all((caught.value.happened, caught.value.allowed, caught.value.next))


def _zip(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_folder_and_its_zip_give_the_same_bytes(
    members: Members, place: Place, tmp_path: Path
) -> None:
    """Both shapes of a bundle hold the same members."""
    _, from_folder = read_members(place(members))
    _, from_zip = read_members(_zip(tmp_path / "a.objektiv", zipped(members)))

    assert from_folder == from_zip == members


def test_packing_twice_gives_the_same_file(members: Members) -> None:
    """A packed bundle holds no time of day."""
    assert zipped(members) == zipped(dict(reversed(members.items())))


def test_a_bundle_packed_by_another_program_is_read(members: Members, tmp_path: Path) -> None:
    """All members deflated, in any order, is as good as our own packing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in reversed(MEMBERS):
            archive.writestr(name, members[name])

    assert read_members(_zip(tmp_path / "a.zip", buffer.getvalue()))[1] == members


def test_litter_of_file_managers_does_not_spoil_a_bundle(members: Members, place: Place) -> None:
    """Looking into the folder with a file manager leaves the bundle as it is."""
    folder = place(members)
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "golden" / "Thumbs.db").write_bytes(b"x")

    assert read_members(folder)[1] == members


@pytest.mark.parametrize("name", MEMBERS)
def test_a_missing_member_is_named(members: Members, place: Place, name: str) -> None:
    """A bundle whose writing was interrupted is not complete."""
    folder = place(members)
    (folder / name).unlink()
    _refused(folder, f"not complete: missing {name}")


@pytest.mark.parametrize("name", ["weights.bin", "golden/5.png", "golden/sub/x", "golden.json"])
def test_an_extra_member_is_named(members: Members, place: Place, name: str) -> None:
    """Nothing travels in a bundle that is not known to it."""
    _refused(place(members | {name: b""}), "members that no bundle has")


@pytest.mark.parametrize("name", HASHED)
@pytest.mark.parametrize("packed", [False, True])
def test_a_changed_byte_is_named(
    members: Members, place: Place, tmp_path: Path, name: str, packed: bool
) -> None:
    """One flipped bit in any member is found by its hash, in a folder and in a zip."""
    data = bytearray(members[name])
    data[len(data) // 2] ^= 1
    spoilt = members | {name: bytes(data)}
    path = _zip(tmp_path / "a.objektiv", zipped(spoilt)) if packed else place(spoilt)
    _refused(path, f"{name} has been changed or damaged")


@pytest.mark.parametrize("name", HASHED)
def test_a_cut_member_is_named(members: Members, place: Place, name: str) -> None:
    """A member that lost its end is found."""
    _refused(place(members | {name: members[name][:-1]}), f"{name} has been changed or damaged")


@pytest.mark.skipif(os.name == "nt", reason="links and pipes need rights on Windows")
def test_links_and_pipes_are_no_members(members: Members, place: Place, tmp_path: Path) -> None:
    """A link could show another file, a pipe would wait for ever: both are refused unread."""
    folder = place(members)
    secret = tmp_path / "secret"
    secret.write_bytes(members[CARD])
    (folder / CARD).unlink()
    (folder / CARD).symlink_to(secret)
    _refused(folder, f"{CARD} is not a plain file")
    (folder / CARD).unlink()
    os.mkfifo(folder / CARD)
    _refused(folder, f"{CARD} is not a plain file")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_linked_folder_is_no_member(members: Members, place: Place, tmp_path: Path) -> None:
    """The golden pictures lie in the bundle, not elsewhere."""
    folder = place(members)
    (folder / "golden").rename(tmp_path / "elsewhere")
    (folder / "golden").symlink_to(tmp_path / "elsewhere")
    _refused(folder, "members that no bundle has.*'golden'")


@pytest.mark.parametrize(
    "name",
    [
        *["../evil.txt", "/etc/evil", "C:\\evil", "\\\\server\\evil", "golden/../../evil"],
        *["golden/", "a/model.onnx", "MODEL.ONNX", "model.onnx.", "CON.txt", "x" * 5000],
    ],
)
def test_a_foreign_name_in_a_zip_is_refused(members: Members, tmp_path: Path, name: str) -> None:
    """No name from an archive ever becomes a path; nothing appears outside."""
    buffer = io.BytesIO(zipped(members))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, b"x")
    _refused(_zip(tmp_path / "a.objektiv", buffer.getvalue()), "members that no bundle has")
    assert os.listdir(tmp_path) == ["a.objektiv"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_in_a_zip_is_refused(members: Members, tmp_path: Path) -> None:
    """Two readers could take different ones."""
    buffer = io.BytesIO(zipped(members))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(CARD, members[CARD])
    _refused(_zip(tmp_path / "a.objektiv", buffer.getvalue()), "or one twice")


def test_a_zip_bomb_is_refused_before_it_grows(members: Members, tmp_path: Path) -> None:
    """A member that grows more than a hundredfold is never unpacked."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in MEMBERS:
            archive.writestr(name, bytes(50_000_000) if name == MODEL else members[name])
    _refused(_zip(tmp_path / "a.objektiv", buffer.getvalue()), f"{MODEL} would grow too much")


def test_a_zip_that_lies_about_a_size_is_refused(members: Members, tmp_path: Path) -> None:
    """A declared size is not trusted: reading stops there."""
    data = bytearray(zipped(members))
    length = len(members[MODEL])
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.find(MODEL.encode()) if offset == 22 else data.rfind(MODEL.encode())
        start = data.rfind(signature, 0, place)
        assert struct.unpack_from("<I", data, start + offset) == (length,)
        struct.pack_into("<I", data, start + offset, length - 100)
    _refused(_zip(tmp_path / "a.objektiv", bytes(data)), "not a whole zip|not as long|changed")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packing_is_refused(members: Members, tmp_path: Path, method: int) -> None:
    """Only stored and deflated members are read."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name in MEMBERS:
            archive.writestr(name, members[name])
    _refused(_zip(tmp_path / "a.objektiv", buffer.getvalue()), "packed in another way")


def test_a_member_above_its_limit_is_refused(members: Members, place: Place) -> None:
    """A golden picture of 2 MB is not read."""
    name = "golden/rings.png"
    _refused(place(members | {name: bytes(2_000_000)}), f"{name} is too large: 2,000,000")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 0.99, 0.9999])
def test_a_cut_zip_is_refused(members: Members, tmp_path: Path, share: float) -> None:
    """A download that broke off is not a whole zip."""
    data = zipped(members)
    _refused(_zip(tmp_path / "a.objektiv", data[: int(share * len(data))]), "not a whole zip")


@pytest.mark.parametrize("front", [b"#!/bin/sh\n", b"\xff\xd8\xff\xe0"])
def test_a_zip_behind_something_else_is_refused(
    members: Members, tmp_path: Path, front: bytes
) -> None:
    """A file that is a zip and something else at once is refused."""
    _refused(_zip(tmp_path / "a.objektiv", front + zipped(members)), "not a whole zip")


def _mutant(data: bytes, number: int) -> bytes:
    """Some bytes of a file changed, cut out or doubled, most of them where headers stand."""
    random = generator(0, "zip", number)
    spoilt = bytearray(data)
    for _ in range(int(random.integers(1, 4))):
        tail = random.random() < 0.7  # the directory stands at the end
        low = max(0, len(spoilt) - 900) if tail else 0
        place = int(random.integers(low, len(spoilt)))
        length = int(random.integers(1, 40))
        kind = int(random.integers(4))
        if kind == 0:
            spoilt[place] ^= 1 << int(random.integers(8))
        elif kind == 1:
            spoilt[place] = int(random.integers(256))
        elif kind == 2:
            del spoilt[place : place + length]
        else:
            spoilt[place:place] = spoilt[place : place + length]
    return bytes(spoilt)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("first", "count"), [(0, 1000), pytest.param(1000, 50_000, marks=pytest.mark.slow)]
)
def test_mutated_zips_are_refused_or_unchanged(
    members: Members, tmp_path: Path, first: int, count: int
) -> None:
    """Damage either leaves every member as it was, or ends in a BundleError; never in else."""
    data = zipped(members)
    path = tmp_path / "a.objektiv"
    refused = 0
    for number in range(first, first + count):
        path.write_bytes(_mutant(data, number))
        try:
            assert read_members(path)[1] == members
        except BundleError:
            refused += 1
    assert refused > 0.5 * count


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".keras", ".h5", ".joblib", ".CKPT"])
def test_a_pickle_is_refused_unopened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """A file that may run code is refused by its name; nothing opens it."""
    path = tmp_path / f"model{suffix}"
    path.write_bytes(b"\x80\x04.")

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("the file was opened")

    monkeypatch.setattr(builtins, "open", opened)
    monkeypatch.setattr(io, "open", opened)
    monkeypatch.setattr(os, "open", opened)
    _refused(path, rf"objektiv reads no pickles.*model{suffix}.*objektiv export RUN")


@pytest.mark.parametrize("name", ["nothing", "model.onnx", "a.txt"])
def test_what_is_no_bundle_is_refused(members: Members, tmp_path: Path, name: str) -> None:
    """A path without a bundle says what a bundle is."""
    if name != "nothing":
        (tmp_path / name).write_bytes(members[MODEL])
    _refused(tmp_path / name, "no bundle.*folder or its .objektiv file")


def test_a_folder_above_a_bundle_is_told_where_it_lies(members: Members, place: Place) -> None:
    """A run in place of its bundle is refused with the path that was meant."""
    bundle = place(members)

    _refused(bundle.parent, f"holds a bundle and is none: .*{bundle.name}. .*name .*{bundle.name}")


def test_an_empty_folder_is_not_complete(tmp_path: Path) -> None:
    """A run's folder without a bundle in it is refused."""
    _refused(tmp_path, f"not complete: missing {FACTS}")
    (tmp_path / "golden").write_bytes(b"")
    _refused(tmp_path, "members that no bundle has")


def test_lengths_in_the_facts_are_checked(members: Members, place: Place) -> None:
    """A length in bundle.json that differs is as bad as a hash."""
    facts = json.loads(members[FACTS]) | {"seal": UNSEALED}
    facts["files"][GOLDEN]["bytes"] += 1
    spoilt = sealed(json.dumps(facts).encode())
    _refused(place(members | {FACTS: spoilt}), f"{GOLDEN} has been changed or damaged")
