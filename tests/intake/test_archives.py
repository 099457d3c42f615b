"""What is unpacked, what is refused before a byte is written, and what stops half way."""

from __future__ import annotations

import tarfile
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objektiv.base import files
from objektiv.base.errors import DataError
from objektiv.base.progress import Progress
from objektiv.intake.archives import FREE, examine, is_archive, unpack
from objektiv.intake.settings import ArchiveSettings
from tests.intake import hostile
from tests.intake.hostile import tar_of, zip_of

GOOD = [("cells/a/1.png", b"one"), ("cells/b/2.png", b""), ("cells/b/3.png", b"x" * 700_000)]


def _extract(path: Path, target: Path, **limits: Any) -> list[str]:
    """Unpack everything into a new folder, as `get` does."""
    archive = examine(path, ArchiveSettings(**limits))
    with files.new_folder(target) as temporary:
        places = {path: path for path in archive.paths}
        unpack(archive, temporary, places, progress=Progress())
    return sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file())


def _file(folder: Path, data: bytes, name: str = "strange") -> Path:
    path = folder / "in" / name
    path.parent.mkdir()
    path.write_bytes(data)
    return path


def _refused(folder: Path, data: bytes, **limits: Any) -> str:
    """What is said of an archive; nothing of it may be left anywhere."""
    path = _file(folder, data)
    with pytest.raises(DataError) as refused:
        _extract(path, folder / "out" / "data", **limits)
    left = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    assert left == ["in/strange"]
    assert not (folder / "out" / "data").exists()
    return str(refused.value)


@pytest.mark.parametrize(
    "data",
    [zip_of(GOOD), zip_of(GOOD, method=zipfile.ZIP_STORED)]
    + [tar_of(GOOD, mode=mode) for mode in ("w", "w:gz", "w:bz2", "w:xz")]
    + [tar_of(GOOD, form=form) for form in (tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT)],
    ids="zip stored tar gz bz2 xz ustar pax".split(),
)
def test_whole_archives_are_unpacked(tmp_path: Path, data: bytes) -> None:
    """Every kind that is read gives its files with their bytes, whatever its suffix is."""
    path = _file(tmp_path, data, "data.jpg")

    assert is_archive(path)
    assert _extract(path, tmp_path / "out") == [name for name, _ in GOOD]
    assert [(tmp_path / "out" / name).read_bytes() for name, _ in GOOD] == [d for _, d in GOOD]


def test_only_wanted_members_are_written(tmp_path: Path) -> None:
    """A member without a place is left out; one with a place is written there."""
    archive = examine(_file(tmp_path, zip_of(GOOD)), ArchiveSettings())
    (tmp_path / "out").mkdir()
    unpack(archive, tmp_path / "out", {"cells/a/1.png": "x/9.png"}, progress=Progress())

    assert [p for p in (tmp_path / "out").rglob("*") if p.is_file()] == [
        tmp_path / "out" / "x" / "9.png"
    ]


def test_backslashes_separate_folders(tmp_path: Path) -> None:
    """A zip of old Windows tools, with backslashes, gives folders, and accents come in one form."""
    path = _file(tmp_path, zip_of([("a\\e\u0301.png", b"1")]))

    assert _extract(path, tmp_path / "out") == ["a/\u00e9.png"]


def test_archives_in_archives_are_files(tmp_path: Path) -> None:
    """A zip inside a zip is written as the file it is."""
    inner = zip_of([("../evil.png", b"x")])

    assert _extract(_file(tmp_path, zip_of([("a/b.zip", inner)])), tmp_path / "out") == ["a/b.zip"]
    assert (tmp_path / "out" / "a" / "b.zip").read_bytes() == inner


@pytest.mark.parametrize("name", hostile.NAMES.values(), ids=list(hostile.NAMES))
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_hostile_name_refuses_the_whole(tmp_path: Path, name: str, kind: str) -> None:
    """One such name among good ones, and nothing of the archive is written."""
    members = [("a/1.png", b"x"), (name, b"x"), ("a/2.png", b"x")]
    # only a pax header can hold a NUL
    data = zip_of(members) if kind == "zip" else tar_of(members, form=tarfile.PAX_FORMAT)

    assert "holds members that are refused" in _refused(tmp_path, data)


@pytest.mark.parametrize("names", hostile.TREES.values(), ids=list(hostile.TREES))
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_meet_refuse_the_whole(
    tmp_path: Path, names: tuple[str, str], kind: str
) -> None:
    """Two names that some system takes for one are never both written, nor one of them."""
    members = [(name, b"x") for name in names]
    data = zip_of(members) if kind == "zip" else tar_of(members)

    assert "holds members that are refused" in _refused(tmp_path, data)


def test_first_three_wrong_members_are_named(tmp_path: Path) -> None:
    """The message names three members with their reasons and counts the others."""
    said = _refused(tmp_path, zip_of([(f"../{n}.png", b"") for n in range(5)]))

    assert "'../0.png' (leaves the folder)" in said and "'../2.png'" in said
    assert "'../3.png'" not in said and "and 2 more" in said


@pytest.mark.parametrize(
    ("type", "word"),
    [
        (tarfile.SYMTYPE, "symbolic link"),
        (tarfile.LNKTYPE, "hard link"),
        (tarfile.CHRTYPE, "device"),
        (tarfile.BLKTYPE, "device"),
        (tarfile.FIFOTYPE, "pipe"),
        (tarfile.CONTTYPE, "neither a plain file nor a folder"),
        (tarfile.GNUTYPE_SPARSE, "neither a plain file nor a folder"),
        (b"Z", "neither a plain file nor a folder"),
    ],
)
def test_links_and_devices_of_a_tar_are_refused(tmp_path: Path, type: bytes, word: str) -> None:
    """Whatever is neither a plain file nor a folder refuses the archive."""
    assert f"({word})" in _refused(tmp_path, tar_of([("a/1.png", b"")], type=type))


@pytest.mark.parametrize(
    ("mode", "word"),
    [(0o120777, "symbolic link"), (0o020666, "device"), (0o010666, "pipe"), (0o140666, "socket")],
)
def test_links_and_devices_of_a_zip_are_refused(tmp_path: Path, mode: int, word: str) -> None:
    """The mode that Unix tools keep in a zip is looked at, whatever system it claims."""

    def change(info: zipfile.ZipInfo) -> None:
        info.create_system, info.external_attr = 0, mode << 16

    assert word in _refused(tmp_path, zip_of([("a", b"/etc/passwd")], change=change))


def _encrypted() -> bytes:
    data = bytearray(zip_of([("a/1.png", b"x")]))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


BOMB = 30_000_000  # bytes; the slow test has the full size
DAMAGED = {
    "encrypted": (_encrypted, "encrypted"),
    "bzip2 in zip": (lambda: zip_of(GOOD, method=zipfile.ZIP_BZIP2), "packed by method 12"),
    "lzma in zip": (lambda: zip_of(GOOD, method=zipfile.ZIP_LZMA), "packed by method 14"),
    "zip bomb": (lambda: zip_of([("a", bytes(BOMB))]), "times the packed size"),
    "gz bomb": (lambda: hostile.tar_bomb(BOMB, "gz"), "times the packed size"),
    "bz2 bomb": (lambda: hostile.tar_bomb(BOMB, "bz2"), "times the packed size"),
    "xz bomb": (lambda: hostile.tar_bomb(BOMB, "xz"), "times the packed size"),
    "bomb behind the end": (
        lambda: hostile.xz_zeros_behind_header(3 * BOMB),
        "bytes come out",
    ),
    "overlapping": (lambda: hostile.overlapping(400, 100_000), "times the packed size"),
    "says less": (
        lambda: hostile.with_sizes(zip_of([("a", bytes(5_000_000))]), 100),
        "damaged or not whole",
    ),
    "says more": (
        lambda: hostile.with_sizes(zip_of([("a", b"x" * 100)]), 200),
        "has 100 of 200 bytes",
    ),
    "zip with a bit changed": (
        lambda: hostile.flipped(zip_of([("a", bytes(range(256)))], method=zipfile.ZIP_STORED), 99),
        "CRC",
    ),
    "gz with a bit changed": (
        lambda: hostile.flipped(tar_of([("a", bytes(range(256)) * 9)], mode="w:gz"), -6),
        "CRC",
    ),
    "xz with a bit changed": (
        lambda: hostile.flipped(tar_of([("a", bytes(range(256)) * 9)], mode="w:xz"), 200),
        "damaged or not whole",
    ),
    "zip without its end": (lambda: zip_of(GOOD)[:-30], "damaged or not whole"),
    "zip without its middle": (lambda: zip_of(GOOD)[:40] + zip_of(GOOD)[90:], "damaged or"),
    "tar cut in a member": (lambda: tar_of(GOOD)[:300_000], "damaged or not whole"),
    "tar cut between members": (lambda: tar_of(GOOD)[:1024], "header is damaged or missing"),
    "gz cut": (lambda: tar_of(GOOD, mode="w:gz")[:-9], "damaged or not whole"),
    "bz2 cut": (lambda: tar_of(GOOD, mode="w:bz2")[:-9], "damaged or not whole"),
    "xz cut": (lambda: tar_of(GOOD, mode="w:xz")[:-40], "damaged or not whole"),
    "tar with a header changed": (
        lambda: hostile.flipped(tar_of(GOOD), 1024 + 5),
        "damaged or not whole",
    ),
    "negative size": (
        lambda: hostile.first_header(tar_of(GOOD), slice(124, 136), b"\xff" * 12),
        "damaged or not whole",
    ),
    "huge long name": (
        lambda: tar_of([("x" * 2_000_000, b"")]),
        "a header says it has 2,000,001 bytes",
    ),
    "huge pax header": (
        lambda: tar_of([("é" * 2_000_000, b"")], form=tarfile.PAX_FORMAT),
        "a header says it has",
    ),
    "not UTF-8": (lambda: tar_of([("caf\udce9.png", b"")]), "not UTF-8"),
    "text": (lambda: b"<html>404 Not Found</html>" * 50, "damaged or not whole"),
    "empty": (lambda: b"", "damaged or not whole"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "said"), DAMAGED.values(), ids=list(DAMAGED))
def test_bad_archive_leaves_nothing(tmp_path: Path, make: hostile.Make, said: str) -> None:
    """A bomb, a lie or damage is told as it is, and no file of it is left."""
    assert said in _refused(tmp_path, make())


def test_local_name_that_differs_is_refused(tmp_path: Path) -> None:
    """A zip whose member has one name in the directory and another before its bytes is damaged."""
    data = zip_of([("a/good.png", b"x")])

    assert "damaged" in _refused(tmp_path, data.replace(b"a/good.png", b"a/evil.png", 1))


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_too_many_members_are_refused(tmp_path: Path, kind: str) -> None:
    """One member more than --max-files refuses the archive; exactly so many are fine."""
    members = [(f"a/{n}.png", b"") for n in range(21)]
    data = zip_of(members) if kind == "zip" else tar_of(members)

    assert "more than 20 members" in _refused(tmp_path, data, max_files=20)
    (tmp_path / "in" / "strange").rename(tmp_path / "fine")
    assert len(_extract(tmp_path / "fine", tmp_path / "out", max_files=21)) == 21


def test_a_large_directory_is_refused_at_once(tmp_path: Path) -> None:
    """The directory of a zip is counted before it is taken into memory."""
    path = _file(tmp_path, hostile.many(60_000))
    tracemalloc.start()
    with pytest.raises(DataError, match="more than 1,000 members"):
        examine(path, ArchiveSettings(max_files=1000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 1_000_000  # the directory alone has 3 MB


def test_total_size_is_limited(tmp_path: Path) -> None:
    """More gigabytes than --max-gb are refused, whatever the ratio."""
    data = zip_of([("a", b"x" * 30_000), ("b", b"x" * 30_000)], method=zipfile.ZIP_STORED)

    assert "5e-05 GB" in _refused(tmp_path, data, max_gb=0.00005)


def test_ratio_is_the_users(tmp_path: Path) -> None:
    """What the ratio refuses is unpacked when the user raises it; small growth is free."""
    data = zip_of([("a", bytes(FREE + 1))])
    (tmp_path / "fine").mkdir()
    (tmp_path / "bad").mkdir()

    assert "times the packed size" in _refused(tmp_path, data)
    assert _extract(_file(tmp_path / "fine", data), tmp_path / "fine" / "o", max_ratio=2000) == [
        "a"
    ]


def test_two_members_for_one_place_are_refused(tmp_path: Path) -> None:
    """Two files whose places are one, or a place outside, are refused before writing."""
    archive = examine(_file(tmp_path, zip_of(GOOD)), ArchiveSettings())
    out = tmp_path / "out"
    for place, said in (("x.png", "stands in it twice"), ("../x.png", "leaves the folder")):
        with pytest.raises(DataError, match=said):
            unpack(archive, out, dict.fromkeys(archive.paths, place), progress=Progress())

    assert not out.exists()


@pytest.mark.parametrize("kind", ["zip", "gz", "bz2", "xz"])
def test_ten_gigabytes_from_little_are_refused_at_once(tmp_path: Path, kind: str) -> None:
    """A bomb of 10 GB costs at most 2 seconds of the processor and 20 MB of memory."""
    size = 10_000_000_000
    zipped = kind == "zip"
    data = hostile.overlapping(1000, size // 1000) if zipped else hostile.tar_bomb(size, kind)
    path = _file(tmp_path, data)
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(DataError, match="times the packed size"):
        examine(path, ArchiveSettings())
    seconds, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert seconds < 2
    assert peak < 20_000_000


SEEDS = {
    "zip": zip_of(GOOD[:2] + [("b/3.png", b"xyz" * 99)]),
    "tar": tar_of(GOOD[:2]),
    "gz": tar_of(GOOD[:2], mode="w:gz"),
    "bz2": tar_of(GOOD[:2], mode="w:bz2"),
    "xz": tar_of(GOOD[:2], mode="w:xz"),
    "pax": tar_of([("é" * 60 + ".png", b"x")], form=tarfile.PAX_FORMAT),
}


@given(
    seed=st.sampled_from(sorted(SEEDS)),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    end=st.floats(0.2, 1),
)
def test_changed_bytes_give_files_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory,
    seed: str,
    changes: list[tuple[float, int]],
    end: float,
) -> None:
    """Whatever bytes change or are missing, an archive is unpacked inside its folder or refused."""
    data = bytearray(SEEDS[seed])
    for place, value in changes:
        data[int(place * len(data))] = value
    folder = tmp_path_factory.mktemp("changed")
    path = _file(folder, bytes(data[: int(end * len(data))]))
    before = sorted(folder.parent.iterdir())
    try:
        _extract(path, folder / "out")
    except DataError:
        assert not (folder / "out").exists()

    assert sorted(folder.parent.iterdir()) == before
    assert {p.name for p in folder.iterdir()} <= {"in", "out"}
