"""Files are old or new, never half, whatever happens while they are written."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from objektiv.base import files
from objektiv.base.errors import DataError, MachineError

# Writes "new" over `path` in a process that is killed at the file operation with number N.
KILLED = """
import os, signal, sys
from pathlib import Path
from objektiv.base import files

path, number = Path(sys.argv[1]), int(sys.argv[2])
seen = 0

def counted(function):
    def wrapper(*args, **kwargs):
        global seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return wrapper

os.fsync, os.replace = counted(os.fsync), counted(os.replace)
Path.open, Path.unlink = counted(Path.open), counted(Path.unlink)
files.write_bytes(path, b"new" * 1000)
print(seen)
"""


def _write_and_die(path: Path, number: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(path), str(number)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_contents_arrive_as_they_are(tmp_path: Path) -> None:
    """What is written is what a reader sees, with no other file beside it."""
    files.write_bytes(tmp_path / "a", b"\x00\r\n\xff")
    files.write_text(tmp_path / "b", "ü\n")
    files.write_json(tmp_path / "c", {"ü": [1, 2.5, None]})

    assert (tmp_path / "a").read_bytes() == b"\x00\r\n\xff"
    assert (tmp_path / "b").read_bytes() == "ü\n".encode()
    assert json.loads((tmp_path / "c").read_bytes()) == {"ü": [1, 2.5, None]}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "c"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_kill_at_any_operation_leaves_old_or_new(tmp_path: Path) -> None:
    """A process killed at each file operation in turn leaves the old file or the new one."""
    path = tmp_path / "file"
    operations = int(_write_and_die(path, 0).stdout)
    seen = []
    for number in range(1, operations + 1):
        path.write_bytes(b"old")
        done = _write_and_die(path, number)

        assert done.returncode == -signal.SIGKILL, done.stderr
        seen.append(path.read_bytes())

    assert operations >= 4
    assert seen == sorted(seen, reverse=True)  # first old, then new: nothing goes back
    assert set(seen) == {b"old", b"new" * 1000}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """The temporary file of a dead process goes; other files and those of the living stay."""
    _write_and_die(tmp_path / "file", 3)  # after opening and the sync of the temporary file
    left = [p.name for p in tmp_path.iterdir()]
    mine = files.temporary_name(tmp_path / "other")
    mine.touch()
    (tmp_path / "photo.tmp-holiday").touch()

    files.remove_litter(tmp_path)

    assert len(left) == 1 and files.TEMPORARY in left[0]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([mine.name, "photo.tmp-holiday"])


@pytest.mark.parametrize("operation", ["fsync", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str, code: int
) -> None:
    """Where the disk refuses, one message tells what is needed, and the old file is whole."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.os, operation, refuse)
    with pytest.raises(MachineError) as caught:
        files.write_bytes(path, b"new")

    assert str(caught.value).startswith(f"cannot write {path}: {os.strerror(code)}. ")
    assert ("MB are free" in str(caught.value)) == (code == errno.ENOSPC)
    assert "what was finished is kept" in caught.value.next
    assert caught.value.exit_code == 5
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


def test_a_really_limited_disk_is_told(tmp_path: Path) -> None:
    """A real limit of the system on the size of files ends as a message, not a traceback."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    program = f"""
import resource
from pathlib import Path
from objektiv.base import files, errors
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, {resource.RLIM_INFINITY}))
try:
    files.write_bytes(Path({str(tmp_path / "file")!r}), b"x" * 100_000)
except errors.MachineError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "File too large" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    """A place that cannot hold files is refused with what is needed."""
    (tmp_path / "file").touch()

    with pytest.raises(MachineError, match="cannot write .*A folder that this user may write to"):
        files.write_bytes(tmp_path / "file" / "below", b"")
    with pytest.raises(MachineError, match="A folder that this user may write to"):
        files.make_folder(tmp_path / "file" / "below")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_that_json_lacks_is_written(tmp_path: Path, value: float) -> None:
    """NaN and infinity are refused before the old file is touched."""
    (tmp_path / "a").write_bytes(b"old")

    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "a", {"x": value})

    assert (tmp_path / "a").read_bytes() == b"old"


@pytest.mark.parametrize(
    "data",
    [b'{"a": 1, "a": 2}', b"NaN", b'{"a": -Infinity}', b"{} x", b"", b'{"a": \xff}', b"[" * 10**5],
)
def test_json_that_is_not_strict_is_refused(data: bytes) -> None:
    """A key given twice, NaN, trailing text and nesting without end are refused with the name."""
    with pytest.raises(DataError, match=r"^bundle\.json cannot be read as JSON"):
        files.parse_json(data, name="bundle.json")


def test_strict_json_is_read() -> None:
    """Ordinary JSON comes out as Python reads it."""
    assert files.parse_json(b'{"a": [1, 2.5, null, "x"]}', name="x") == {"a": [1, 2.5, None, "x"]}


def test_hash_is_sha256() -> None:
    """The hash is SHA-256: the empty text has the value that its standard prints."""
    assert files.sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_folders_count_on(tmp_path: Path) -> None:
    """The next folder has the number after the largest there, whatever else lies beside."""
    for name in ("cells-002", "cells-010", "cells-x", "othercells-099"):
        (tmp_path / name).mkdir()

    assert files.new_numbered_folder(tmp_path, "cells").name == "cells-011"
    assert files.new_numbered_folder(tmp_path / "new" / "place", "cells").name == "cells-001"


def test_two_processes_never_share_a_folder(tmp_path: Path) -> None:
    """Twenty callers at once get twenty folders."""
    with ThreadPoolExecutor(20) as pool:
        got = list(pool.map(lambda _: files.new_numbered_folder(tmp_path, "run"), range(20)))

    assert sorted(p.name for p in got) == [f"run-{n:03d}" for n in range(1, 21)]


def test_a_folder_is_published_whole(tmp_path: Path) -> None:
    """All files of a folder appear at once, an empty folder of that name makes way for it."""
    (tmp_path / "folder").mkdir()
    seen: list[list[str]] = []

    def contents() -> Iterator[tuple[str, bytes]]:
        for name in ("a/1", "b"):
            seen.append([p.name for p in (tmp_path / "folder").iterdir()])
            yield name, name.encode()

    files.publish_folder(tmp_path / "folder", contents())

    assert seen == [[], []]
    assert (tmp_path / "folder" / "a" / "1").read_bytes() == b"a/1"
    assert (tmp_path / "folder" / "b").read_bytes() == b"b"
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_folder_with_content_is_not_replaced(tmp_path: Path) -> None:
    """Publishing over a folder that holds something is refused, and nothing is left beside it."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").touch()

    with pytest.raises(MachineError, match=r"cannot write .*folder: .*not empty"):
        files.publish_folder(tmp_path / "folder", [("theirs", b"")])

    assert [p.name for p in tmp_path.rglob("*")] == ["folder", "mine"]


def test_a_folder_that_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """The next publishing of the same folder clears what a dead process left, nothing else."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for name in ("folder", "other"):
        (tmp_path / f"{name}{files.TEMPORARY}{gone.pid}" / "half").mkdir(parents=True)

    files.publish_folder(tmp_path / "folder", [("whole", b"")])

    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", f"other.tmp-{gone.pid}"]
    files.remove_litter(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_folder_is_filled_under_another_name(tmp_path: Path) -> None:
    """A new folder appears when its block ends, and not at all where the block fails."""
    with files.new_folder(tmp_path / "folder") as temporary:
        (temporary / "a").write_bytes(b"x")
        assert not (tmp_path / "folder").exists()
    assert (tmp_path / "folder" / "a").read_bytes() == b"x"

    with pytest.raises(KeyError, match="a"), files.new_folder(tmp_path / "other") as temporary:
        (temporary / "a").write_bytes(b"x")
        raise KeyError("a")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_what_grew_stays_when_it_breaks_off(tmp_path: Path) -> None:
    """An error in the middle leaves the bytes before it; the next call goes on behind them."""
    path = tmp_path / "part"
    with pytest.raises(ConnectionError, match="gone"), files.growing(path, kept=0) as write:
        write(b"one")
        raise ConnectionError("gone")
    with files.growing(path, kept=2) as write:
        write(b"ly")

    assert path.read_bytes() == b"only"


def test_a_whole_file_gets_its_name(tmp_path: Path) -> None:
    """Publishing moves the finished file; nothing stays under the old name."""
    (tmp_path / "a.part").write_bytes(b"x")
    files.publish(tmp_path / "a.part", tmp_path / "a")

    assert [p.name for p in tmp_path.iterdir()] == ["a"]
