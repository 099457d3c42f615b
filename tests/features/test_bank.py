"""The feature bank: what was kept comes back, what was damaged never does."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from objektiv.base import files
from objektiv.base.errors import DataError, MachineError, ModelError
from objektiv.base.seeds import generator
from objektiv.features import bank
from objektiv.features.bank import Record, View, prune, views

SHARD = 8
COLUMNS = 5
VIEW = {"backbone": "tiny", "size": 32, "fit": "crop", "precision": "fp32"}
ALL = 10**9  # pixels: more than any image here has


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank, "SHARD", SHARD)


def _hash(number: int) -> str:
    return files.sha256(f"image {number}".encode())


def _record(number: int, **values: Any) -> Record:
    random = generator(1, "record", number)
    features = random.normal(0, 10, COLUMNS).astype(np.float16)
    known = {"hash": _hash(number), "width": number + 1, "height": 7, "format": "PNG"}
    return Record(**{**known, "notes": f"note ü{number}", "features": features, **values})


def _filled(folder: Path, count: int = 20) -> View:
    view = View(folder, VIEW)
    for number in range(count):
        view.add(_record(number))
    view.flush()
    return view


def _shards(view: View) -> list[Path]:
    return sorted(view.folder.glob("*.shard"))


def _known(view: View) -> set[str]:
    return view.hashes(max_pixels=ALL)


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    """Features and facts return in the order asked for, twice where asked twice."""
    _filled(tmp_path)
    order = [13, 0, 19, 7, 0, 8]

    values, facts = View(tmp_path, VIEW).gather([_hash(n) for n in order], columns=COLUMNS)

    assert values.dtype == np.float32
    assert np.array_equal(values, [_record(n).features for n in order])
    assert facts == {_hash(n): (n + 1, 7, "PNG", f"note ü{n}") for n in order}
    assert _known(View(tmp_path, VIEW)) == {_hash(n) for n in range(20)}


def test_a_view_is_known_by_what_it_says(tmp_path: Path) -> None:
    """The same description, in any order, is the same folder; any other value is another one."""
    turned = dict(reversed(VIEW.items()))
    others = [{**VIEW, key: value} for key, value in [("size", 64), ("fit", "stretch"), ("x", 1)]]

    folders = {View(tmp_path, description).folder for description in (VIEW, *others)}

    assert View(tmp_path, turned).folder == View(tmp_path, VIEW).folder
    assert len(folders) == 4
    assert all(folder.parent == tmp_path for folder in folders)


def test_a_shard_is_written_when_it_is_full_and_named_by_its_bytes(tmp_path: Path) -> None:
    """Eight images make a shard, the ninth waits, and a file's name is its own SHA-256."""
    view = View(tmp_path, VIEW)
    counts = []
    for number in range(9):
        view.add(_record(number))
        counts.append(len(_shards(view)))

    assert counts == [0] * 7 + [1, 1]
    assert len(_known(view)) == 8
    view.flush()
    view.flush()
    assert len(_known(view)) == 9
    assert [p.stem for p in _shards(view)] == [
        files.sha256(p.read_bytes())[:32] for p in _shards(view)
    ]


def test_the_same_images_make_the_same_shards(tmp_path: Path) -> None:
    """Nothing of the moment or the machine stands in a shard."""
    first, second = _filled(tmp_path / "1"), _filled(tmp_path / "2")

    assert [p.read_bytes() for p in _shards(first)] == [p.read_bytes() for p in _shards(second)]


FINITE = st.floats(-65_504, 65_504, width=32)


@given(values=arrays(np.float32, 6, elements=FINITE))
def test_storing_in_16_bits_costs_one_part_in_two_thousand(
    tmp_path_factory: pytest.TempPathFactory, values: Any
) -> None:
    """What comes back is off by 2^-11 of itself at most, or by 2^-25 near zero."""
    view = View(tmp_path_factory.mktemp("bank"), VIEW)
    view.add(_record(0, features=values.astype(np.float16)))
    view.flush()

    back, _ = view.gather([_hash(0)], columns=6)

    assert (np.abs(back[0] - values) <= np.maximum(np.abs(values) * 2**-11, 2**-25)).all()


@pytest.mark.parametrize("value", [1e5, -1e5, np.inf, np.nan])
def test_a_feature_beyond_16_bits_is_refused(tmp_path: Path, value: float) -> None:
    """Overflow is an error that names the image, and what came before it is kept."""
    view = _filled(tmp_path, 3)
    with np.errstate(over="ignore"):
        features = np.array([1, value], np.float32).astype(np.float16)
    view.add(_record(3))

    with pytest.raises(ModelError, match=f"16-bit number: image with SHA-256 {_hash(4)}"):
        view.add(_record(4, features=features))
    view.flush()

    assert _known(view) == {_hash(n) for n in range(4)}


def test_images_that_are_too_large_today_are_not_known(tmp_path: Path) -> None:
    """What an earlier, wider limit of pixels let in does not pass a narrower one."""
    view = View(tmp_path, VIEW)
    for number, (width, height) in enumerate([(100, 100), (100, 101), (2**16, 2**16)]):
        view.add(_record(number, width=width, height=height))
    view.flush()

    assert view.hashes(max_pixels=10_000) == {_hash(0)}
    assert view.hashes(max_pixels=10_100) == {_hash(0), _hash(1)}
    assert view.hashes(max_pixels=2**32) == {_hash(n) for n in range(3)}


def test_what_the_bank_does_not_know_is_an_error(tmp_path: Path) -> None:
    """Features that are not there are never made up; the message says how to go on."""
    view = _filled(tmp_path)

    with pytest.raises(DataError, match=r"lost features.*: 2 images in .*run the same command"):
        view.gather([_hash(1), _hash(100), _hash(101)], columns=COLUMNS)


def _flip(data: bytes, place: float) -> bytes:
    changed = bytearray(data)
    changed[int(place * (len(data) - 1))] ^= 16
    return bytes(changed)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    **{f"bit at {p}": (lambda data, p=p: _flip(data, p)) for p in (0, 0.01, 0.3, 0.5, 0.9, 1)},
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "one byte short": lambda data: data[:-1],
    "one byte more": lambda data: data + b"\0",
    "zeros": lambda data: bytes(len(data)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_shard_is_never_served(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """A torn or altered shard is removed, its images are unknown, and the others stay."""
    view = _filled(tmp_path, 24)
    victim, *others = _shards(view)
    lost = {row.tobytes().hex() for row in np.load(victim)["hashes"]}
    victim.write_bytes(damage(victim.read_bytes()))

    again = View(tmp_path, VIEW)
    known = _known(again)

    assert len(lost) == 8
    assert known == {_hash(n) for n in range(24)} - lost
    assert again.damaged == 1
    assert _shards(again) == others
    with pytest.raises(DataError, match="lost features"):
        again.gather(sorted(lost), columns=COLUMNS)


def test_a_shard_under_another_name_is_not_served(tmp_path: Path) -> None:
    """A whole shard that lies under the name of another one does not count."""
    view = _filled(tmp_path, 16)
    first, second = _shards(view)
    first.write_bytes(second.read_bytes())

    assert len(_known(view)) == 8
    assert _shards(view) == [second]


def test_a_damaged_shard_that_cannot_be_removed_is_not_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a bank that may only be read, damage is passed over and the rest is served."""
    view = _filled(tmp_path, 16)
    _shards(view)[0].write_bytes(b"torn")
    monkeypatch.setattr(Path, "unlink", _refuse(errno.EROFS))
    monkeypatch.setattr(os, "utime", _refuse(errno.EROFS))

    assert len(_known(View(tmp_path, VIEW))) == 8


def _refuse(code: int) -> Callable[..., None]:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return refuse


def test_a_shard_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails while reading ends with the file's name, the reason and what to do."""
    view = _filled(tmp_path)
    monkeypatch.setattr(Path, "read_bytes", _refuse(errno.EIO))

    with pytest.raises(MachineError, match=r"cannot read .*\.shard: Input/output error.*--bank"):
        _known(view)


def test_a_shard_that_goes_while_we_read_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may prune at any moment; what it took is unknown, nothing breaks."""
    view = _filled(tmp_path, 16)
    monkeypatch.setattr(Path, "read_bytes", _refuse(errno.ENOENT))

    assert _known(view) == set()


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return gone.pid


def test_litter_of_killed_processes_is_removed(tmp_path: Path, dead: int) -> None:
    """Opening a view deletes what the dead left half written, and leaves the living alone."""
    folder = _filled(tmp_path).folder
    for name in (f"x.shard.tmp-{dead}", f"y.shard.tmp-{dead}-{dead}"):
        (folder / name).write_bytes(b"half")
    mine = files.temporary_name(folder / "z.shard")
    mine.write_bytes(b"half")

    view = View(tmp_path, VIEW)

    assert list(folder.glob("*.tmp-*")) == [mine]
    assert len(_known(view)) == 20


def test_litter_that_cannot_be_removed_is_no_obstacle(
    tmp_path: Path, dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another process holds the file, or the disk is for reading only, it is left."""
    folder = _filled(tmp_path).folder
    (folder / f"x.shard.tmp-{dead}").write_bytes(b"half")
    monkeypatch.setattr(Path, "unlink", _refuse(errno.EACCES))

    assert len(_known(View(tmp_path, VIEW))) == 20


def test_many_threads_fill_one_view(tmp_path: Path) -> None:
    """Eight at once that see the same images write the same shards, and none gets in the way."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: _filled(tmp_path, 64), range(8)))

    view = View(tmp_path, VIEW)
    assert _known(view) == {_hash(n) for n in range(64)}
    assert len(_shards(view)) == 8
    assert sorted(p.suffix for p in view.folder.iterdir()) == [".json", *[".shard"] * 8]


def test_images_that_two_processes_kept_are_read_once(tmp_path: Path) -> None:
    """Where shards overlap, each image comes back once and right."""
    view = _filled(tmp_path, 12)
    for number in (11, 3, 40, 5):
        view.add(_record(number))
    view.flush()

    values, _ = view.gather([_hash(n) for n in range(12)], columns=COLUMNS)

    assert np.array_equal(values, [_record(n).features for n in range(12)])
    assert len(_known(view)) == 13


def _aged(view: View, days: float) -> View:
    then = time.time() - days * 86400
    os.utime(view.folder / bank.DESCRIPTION, (then, then))
    return view


def _three_views(folder: Path) -> list[View]:
    made = []
    for days, size in ((40, 64), (0, 96), (10, 128)):
        view = View(folder, {**VIEW, "size": size})
        for number in range(size // 8):
            view.add(_record(number))
        view.flush()
        made.append(_aged(view, days))
    return made


def test_views_are_listed_by_their_last_use(tmp_path: Path) -> None:
    """Each view tells its description, its images, its bytes and when it was last opened."""
    old, new, middle = _three_views(tmp_path)

    listed = views(tmp_path)

    assert [view.folder for view in listed] == [new.folder, middle.folder, old.folder]
    assert [view.images for view in listed] == [12, 16, 8]
    assert listed[0].description == {**VIEW, "size": 96}
    assert listed[2].bytes == sum(p.stat().st_size for p in _shards(old))
    assert time.time() - listed[2].used == pytest.approx(40 * 86400, abs=60)


def test_opening_a_view_is_using_it(tmp_path: Path) -> None:
    """A view that serves today is not pruned for having been filled long ago."""
    old, _, _ = _three_views(tmp_path)

    View(tmp_path, {**VIEW, "size": 64})

    assert prune(tmp_path, unused_days=30) == []
    assert old.folder.is_dir()


def test_prune_takes_what_was_not_used(tmp_path: Path) -> None:
    """Views unused for so many days go with everything in them, the others stay whole."""
    old, new, middle = _three_views(tmp_path)
    (old.folder / "stray").write_bytes(b"x")

    gone = prune(tmp_path, unused_days=20)

    assert [(view.folder, view.images) for view in gone] == [(old.folder, 8)]
    assert not old.folder.exists()
    assert len(_known(new)) == 12 and len(_known(middle)) == 16
    assert len(prune(tmp_path, unused_days=0)) == 2
    assert list(tmp_path.iterdir()) == []


def test_half_a_prune_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The description goes last: a prune that was killed leaves nothing that nobody lists."""
    _three_views(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(bank.shutil, "rmtree", _refuse(errno.EIO))
        with pytest.raises(MachineError, match="cannot write .*: Input/output error"):
            prune(tmp_path, unused_days=20)

    assert [view.images for view in views(tmp_path)] == [12, 16, 0]
    assert len(prune(tmp_path, unused_days=20)) == 1
    assert len(list(tmp_path.iterdir())) == 2


def test_damage_does_not_hide_the_list(tmp_path: Path) -> None:
    """Torn shards count for nothing and a torn description is called so; both can be pruned."""
    _, new, _ = _three_views(tmp_path)
    whole = _shards(new)[0].read_bytes()
    for number, damage in enumerate(DAMAGES.values()):
        (new.folder / f"{number}.shard").write_bytes(damage(whole)[: len(whole) // 2])
    (new.folder / bank.DESCRIPTION).write_bytes(b'{"size": ')

    listed = views(tmp_path)[0]

    assert listed.images == 12
    assert listed.description == {"backbone": "(view.json is damaged)"}
    assert len(prune(tmp_path, unused_days=0)) == 3


def test_a_view_that_goes_while_we_list_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes may list and prune at once."""
    _three_views(tmp_path)
    monkeypatch.setattr(Path, "read_bytes", _refuse(errno.ENOENT))

    assert views(tmp_path) == []


def test_no_bank_has_no_views(tmp_path: Path) -> None:
    """A bank that nobody has filled is empty, whether its folder is there or not."""
    assert views(tmp_path) == []
    assert views(tmp_path / "never") == []
    assert prune(tmp_path / "never", unused_days=0) == []


@contextlib.contextmanager
def _same_handles() -> Iterator[None]:
    process = psutil.Process()
    before = len(process.open_files()), getattr(process, "num_fds", lambda: 0)()
    yield
    after = len(process.open_files()), getattr(process, "num_fds", lambda: 0)()
    assert after == before


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_no_file_stays_open(tmp_path: Path) -> None:
    """Reading, listing and refusing damaged shards closes every file."""
    view = _filled(tmp_path, 64)
    for number, path in enumerate(_shards(view)):
        if number % 2:
            path.write_bytes(path.read_bytes()[: 40 * number])

    with _same_handles():
        for _ in range(3):
            views(tmp_path)
            known = _known(View(tmp_path, VIEW))
            view.gather(sorted(known), columns=COLUMNS)


def test_a_place_that_takes_no_bank_is_told(tmp_path: Path) -> None:
    """A file where the bank should be is an error with the path, exit code 5."""
    (tmp_path / "bank").touch()

    with pytest.raises(MachineError, match="cannot write .*bank.*may write to") as caught:
        View(tmp_path / "bank", VIEW)

    assert caught.value.exit_code == 5
