"""Whatever stops a process that fills a bank, the next one goes on from there."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from objektiv.base import files
from objektiv.base.errors import MachineError
from objektiv.base.seeds import generator
from objektiv.features import bank, look
from tests.features import tiny
from tests.features.filling import SHARD, Instant, digest

IMAGES = 14
Fill = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def fill() -> Iterator[Fill]:
    """Run jobs of tests/features/filling.py side by side; returns its answers."""
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.features.filling"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None and stdout is not None

        def ask(*jobs: dict[str, Any]) -> list[dict[str, Any]]:
            stdin.write(json.dumps(jobs) + "\n")
            stdin.flush()
            answers: list[dict[str, Any]] = json.loads(stdout.readline())
            return answers

        yield ask
        stdin.close()
        assert process.wait(60) == 0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Fourteen pictures, which fill three shards of four and begin a fourth."""
    tiny.write_pictures(tmp_path / "data", IMAGES)
    return tmp_path / "data"


def _shards(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.shard")}


def _stored(folder: Path) -> int:
    """Images in whole shards; a shard that is not whole fails the test."""
    shards = _shards(folder)
    assert all(files.sha256(data)[:32] == Path(name).stem for name, data in shards.items())
    return sum(view.images for view in bank.views(folder))


def _kill_and_go_on(fill: Fill, job: dict[str, Any], expected: str) -> bool:
    """Whether the process died before its end; then everything the promise says is checked."""
    folder = Path(job["bank"])
    (killed,) = fill(job)
    if killed["code"] == 0:
        return False
    assert killed["code"] == -signal.SIGKILL
    before, stored = _shards(folder), _stored(folder)
    lost = killed["added"] - stored
    assert -1 <= lost < SHARD, f"{lost} finished images are lost"  # -1: stored, not yet told

    (again,) = fill({key: job[key] for key in ("root", "bank")})

    assert again["code"] == 0
    assert again["result"]["looked"] == IMAGES - stored
    assert again["result"]["digest"] == expected
    assert before.items() <= _shards(folder).items(), "what was finished has changed"
    assert _stored(folder) == IMAGES
    assert [p.name for p in folder.rglob("*.tmp-*")] == []
    return True


def _job(root: Path, folder: Path, **how: float) -> dict[str, Any]:
    return {"root": str(root), "bank": str(folder), **how}


def _uninterrupted(fill: Fill, root: Path, folder: Path) -> dict[str, Any]:
    (answer,) = fill(_job(root, folder))
    assert (answer["code"], answer["added"]) == (0, IMAGES)
    result: dict[str, Any] = answer["result"]
    return result


@pytest.mark.parametrize(
    "operations",
    [
        pytest.param(slice(16), id="first"),  # folders, description, first shard, next begun
        pytest.param(slice(16, None), id="rest", marks=pytest.mark.slow),
    ],
)
def test_a_kill_at_any_file_operation_loses_at_most_a_shard(
    fill: Fill, root: Path, tmp_path: Path, operations: slice
) -> None:
    """Killed before each operation in turn, the next run finishes with the same bytes."""
    whole = _uninterrupted(fill, root, tmp_path / "whole")
    numbers = range(1, whole["operations"] + 1)[operations]
    killed = [
        _kill_and_go_on(fill, _job(root, tmp_path / f"bank{n}", die_at=n), whole["digest"])
        for n in numbers
    ]

    assert len(killed) >= 16
    assert all(killed)


def _random_kills(fill: Fill, root: Path, tmp_path: Path, *, tries: int, longest: float) -> int:
    """Kill at random moments; returns how many came before the end."""
    expected = fill(_job(root, tmp_path / "whole"))[0]["result"]["digest"]
    moments = generator(0, "kills").uniform(0, longest, tries)
    return sum(
        _kill_and_go_on(fill, _job(root, tmp_path / f"{n}", die_after=float(moment)), expected)
        for n, moment in enumerate(moments)
    )


@pytest.mark.slow
def test_three_hundred_kills_at_random_lose_at_most_a_shard_each(
    fill: Fill, root: Path, tmp_path: Path
) -> None:
    """Killed at any moment, the next run finishes with the same bytes."""
    killed = _random_kills(fill, root, tmp_path, tries=400, longest=0.08)

    assert killed >= 150


def test_kill_after_kill_still_ends(fill: Fill, root: Path, tmp_path: Path) -> None:
    """Killed again and again a little later, what was kept adds up until the bank is full."""
    expected = _uninterrupted(fill, root, tmp_path / "whole")["digest"]
    stored = []
    for number in range(8, 100, 3):
        (answer,) = fill(_job(root, tmp_path / "bank", die_at=number))
        stored.append(_stored(tmp_path / "bank"))
        if answer["code"] == 0:
            break

    assert answer["result"]["digest"] == expected
    assert len(stored) > 3
    assert stored == sorted(stored) and stored[-1] == IMAGES
    assert list((tmp_path / "bank").rglob("*.tmp-*")) == []


def test_two_processes_fill_one_view_at_once(fill: Fill, root: Path, tmp_path: Path) -> None:
    """Side by side on the same pictures both finish, with the same bytes, and nobody waits."""
    job = _job(root, tmp_path / "bank")

    answers = fill(job, job)
    alone = fill(_job(root, tmp_path / "alone"))
    after = fill(job)

    assert [a["code"] for a in answers] == [0, 0]
    assert {a["result"]["digest"] for a in (*answers, *after)} == {alone[0]["result"]["digest"]}
    assert after[0]["result"]["looked"] == 0
    assert list((tmp_path / "bank").rglob("*.tmp-*")) == []


def test_one_process_is_killed_while_another_fills(fill: Fill, root: Path, tmp_path: Path) -> None:
    """The death of one does not disturb the other, whatever it was writing."""
    job = _job(root, tmp_path / "bank")
    for number in (9, 21):
        killed, whole = fill({**job, "die_at": number}, job)
        assert killed["code"] == -signal.SIGKILL
        assert whole["code"] == 0
        assert _stored(tmp_path / "bank") >= IMAGES
        for path in (tmp_path / "bank").rglob("*.shard"):
            path.unlink()


class _Disk:
    """Fails at the file operation with number `at`, or from there on; else only counts."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, code: int, *, lasting: bool) -> None:
        self.count, self._at, self._code, self._lasting = 0, at, code, lasting
        for name in ("fsync", "replace"):
            patch.setattr(files.os, name, self._watched(getattr(files.os, name)))
        patch.setattr(Path, "mkdir", self._watched(Path.mkdir))
        real = Path.open

        def opened(path: Path, mode: str = "r", *rest: Any, **options: Any) -> Any:
            if "w" not in mode:
                return real(path, mode, *rest, **options)
            self._operate()
            return _Stream(real(path, mode, *rest, **options), self._operate)

        patch.setattr(Path, "open", opened)

    def _operate(self) -> None:
        self.count += 1
        if self.count == self._at or (self._lasting and self.count > self._at > 0):
            raise OSError(self._code, os.strerror(self._code))

    def _watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._operate()
            return function(*args, **kwargs)

        return watched


class _Stream:
    """A file on such a disk: where writing fails, half is written."""

    def __init__(self, stream: Any, operate: Callable[[], None]) -> None:
        self._stream, self._operate = stream, operate

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, data: bytes) -> None:
        """All of it, or half and an error."""
        self._stream.write(data[: len(data) // 2])
        self._operate()
        self._stream.write(data[len(data) // 2 :])


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch, small: None) -> None:
    """Looks take no time, write shards of four and do not wait for the disk."""
    monkeypatch.setattr(look, "Engine", Instant)
    monkeypatch.setattr(files.os, "fsync", lambda _: None)
    monkeypatch.setattr(bank, "SHARD", SHARD)


@pytest.mark.usefixtures("instant")
@pytest.mark.parametrize(
    ("code", "lasting"),
    [
        (errno.ENOSPC, True),
        (errno.EIO, False),
        pytest.param(errno.ENOSPC, False, marks=pytest.mark.slow),
        pytest.param(errno.EIO, True, marks=pytest.mark.slow),
        pytest.param(errno.EROFS, True, marks=pytest.mark.slow),
    ],
)
def test_a_disk_that_fails_at_any_operation_ends_in_one_message(
    root: Path, tmp_path: Path, code: int, lasting: bool
) -> None:
    """Full, broken or read-only from operation N on: four parts, exit 5, and it can go on."""
    whole = digest(tiny.see(root, tmp_path / "whole"))
    at, failed = 0, 0
    while failed == at:  # until a run gets through
        at += 1
        folder = tmp_path / f"bank{at}"
        with pytest.MonkeyPatch.context() as patch:
            disk = _Disk(patch, at, code, lasting=lasting)
            try:
                tiny.see(root, folder)
            except MachineError as error:
                failed = at
                _check_message(error, code, folder)
        assert list(tmp_path.rglob("*.tmp-*")) == []
        kept = _stored(folder) if folder.is_dir() else 0
        again = tiny.see(root, folder)
        assert again.looked == IMAGES - kept
        assert digest(again) == whole

    assert at > disk.count > 20


def _check_message(error: MachineError, code: int, folder: Path) -> None:
    assert error.exit_code == 5
    assert error.happened.startswith(f"cannot write {folder}")
    assert error.value == os.strerror(code)
    assert ("MB are free" in error.allowed) == (code == errno.ENOSPC)
    assert "run the same command again" in error.next and "is kept" in error.next


@pytest.mark.usefixtures("instant")
def test_a_full_disk_keeps_what_was_full(root: Path, tmp_path: Path) -> None:
    """Shards that were written before the disk ran full are served afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        _Disk(patch, 14, errno.ENOSPC, lasting=True)
        with pytest.raises(MachineError, match="Space on the disk is needed"):
            tiny.see(root, tmp_path / "bank")

    assert _stored(tmp_path / "bank") in range(SHARD, IMAGES, SHARD)
    assert tiny.see(root, tmp_path / "bank").looked < IMAGES
