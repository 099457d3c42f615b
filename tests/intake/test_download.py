"""Downloads that break off, go on, are checked, and never become a file that looks whole."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from objektiv.base.errors import Cancelled, DataError, MachineError, UsageError
from objektiv.base.progress import Event, Progress
from objektiv.intake.download import Downloaded, download, hash_file
from objektiv.intake.settings import ArchiveSettings
from tests.intake.loopback import Behaviour, server

DATA = np.random.default_rng(0).bytes(3_000_000)
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def web() -> Iterator[Behaviour]:
    """A server with three megabytes."""
    with server() as behaviour:
        behaviour.data = DATA
        yield behaviour


def _get(web: Behaviour, folder: Path, *, sha256: str | None = None, **limits: Any) -> Downloaded:
    settings = ArchiveSettings(**limits)
    return download(web.url + "a.zip", folder / "a.zip", settings=settings, sha256=sha256)


def _break(web: Behaviour, folder: Path, after: int = 1_000_000) -> str:
    """A download that is cut; what is said of it."""
    web.cut = after
    with pytest.raises(MachineError) as lost:
        _get(web, folder)
    web.cut = None
    return str(lost.value)


def test_a_file_arrives(web: Behaviour, tmp_path: Path) -> None:
    """The bytes are those of the server, the hash is that of the bytes, no part is left."""
    done = _get(web, tmp_path, sha256=SHA256)

    assert (done.bytes, done.sha256, done.kept) == (3_000_000, SHA256, 0)
    assert done.path.read_bytes() == DATA
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_cut_is_told_with_the_way_on(web: Behaviour, tmp_path: Path, chunked: bool) -> None:
    """The message says how much is kept and that the same command goes on there."""
    web.chunked = chunked
    said = _break(web, tmp_path)

    assert "the connection for a.zip was lost" in said
    assert "1,000,000 bytes are kept" in said
    assert "run the same command again; it goes on at byte 1,000,000" in said
    assert not (tmp_path / "a.zip").exists()


def test_it_goes_on_where_it_broke_off(web: Behaviour, tmp_path: Path) -> None:
    """Cut three times, the file is whole in the end and no byte came twice."""
    for after in (1_000_000, 500_000, 700_000):
        _break(web, tmp_path, after)
    done = _get(web, tmp_path)

    assert done.kept == 2_200_000
    assert done.path.read_bytes() == DATA
    assert [r for _, r, _ in web.seen] == [
        None,
        *(f"bytes={n}-" for n in (1000000, 1500000, 2200000)),
    ]
    assert {fits for _, _, fits in web.seen[1:]} == {'"one"'}


def test_a_changed_file_starts_anew(web: Behaviour, tmp_path: Path) -> None:
    """Where the ETag is another, no byte of the old file is kept."""
    _break(web, tmp_path)
    web.data, web.etag = DATA[::-1], '"two"'
    done = _get(web, tmp_path)

    assert done.kept == 0
    assert done.path.read_bytes() == DATA[::-1]


def test_the_date_serves_where_there_is_no_strong_etag(web: Behaviour, tmp_path: Path) -> None:
    """A weak ETag proves nothing, so the date of the last change is asked for."""
    web.etag, web.modified = 'W/"weak"', "Wed, 21 Oct 2015 07:28:00 GMT"
    _break(web, tmp_path)

    assert _get(web, tmp_path).kept == 1_000_000
    assert web.seen[-1][2] == "Wed, 21 Oct 2015 07:28:00 GMT"


def test_without_a_validator_it_starts_anew(web: Behaviour, tmp_path: Path) -> None:
    """Nothing says that the file is still the same, and no checksum would tell, so all is asked."""
    web.etag = None
    _break(web, tmp_path)

    assert _get(web, tmp_path).kept == 0
    assert web.seen[-1][1] is None


def test_a_checksum_serves_as_validator(web: Behaviour, tmp_path: Path) -> None:
    """Where the whole will be judged by its checksum, a part is used without an ETag."""
    web.etag = None
    _break(web, tmp_path)

    assert _get(web, tmp_path, sha256=SHA256).kept == 1_000_000


def test_a_server_without_ranges_starts_anew(web: Behaviour, tmp_path: Path) -> None:
    """The whole file comes again and replaces the part."""
    _break(web, tmp_path)
    web.ranges = False
    done = _get(web, tmp_path)

    assert (done.kept, done.sha256) == (0, SHA256)


def test_a_range_from_another_place_is_not_used(web: Behaviour, tmp_path: Path) -> None:
    """A server that goes on elsewhere than asked is asked for the whole."""
    _break(web, tmp_path)
    web.starts = 999_999
    done = _get(web, tmp_path)

    assert (done.kept, done.sha256) == (0, SHA256)


def test_a_part_longer_than_the_file_starts_anew(web: Behaviour, tmp_path: Path) -> None:
    """A range behind the end (416) throws the part away."""
    _break(web, tmp_path)
    web.data = DATA[:500]
    done = _get(web, tmp_path)

    assert done.path.read_bytes() == DATA[:500]


@pytest.mark.parametrize("state", [b"", b"{", b"[]", b'{"url": 1}', b'{"a":1,"a":2}'])
def test_a_torn_note_starts_anew(web: Behaviour, tmp_path: Path, state: bytes) -> None:
    """A damaged NAME.part.json is taken for none."""
    _break(web, tmp_path)
    (tmp_path / "a.zip.part.json").write_bytes(state)

    assert _get(web, tmp_path).kept == 0


def test_a_note_cannot_smuggle_headers(web: Behaviour, tmp_path: Path) -> None:
    """A validator with a line break in NAME.part.json is not sent."""
    _break(web, tmp_path)
    note = tmp_path / "a.zip.part.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"validator": '"x"\r\nX-Evil: 1'}))

    assert _get(web, tmp_path).sha256 == SHA256
    assert web.seen[-1][1:] == (None, None)


def test_a_part_of_another_address_is_not_used(web: Behaviour, tmp_path: Path) -> None:
    """The part belongs to the address that it came from."""
    _break(web, tmp_path)
    other = download(web.url + "b.zip", tmp_path / "a.zip", settings=ArchiveSettings())

    assert other.kept == 0


def test_a_wrong_checksum_is_told_and_nothing_kept(web: Behaviour, tmp_path: Path) -> None:
    """Expected and got stand in the message, and the next call starts anew."""
    with pytest.raises(DataError) as refused:
        _get(web, tmp_path, sha256="0" * 64)

    assert "0" * 64 in str(refused.value) and SHA256 in str(refused.value)
    assert refused.value.exit_code == 3
    assert list(tmp_path.iterdir()) == []


def test_a_reset_is_a_loss(web: Behaviour, tmp_path: Path) -> None:
    """A connection that is reset is told as lost, not as a disk that cannot be written."""
    web.reset = True
    said = _break(web, tmp_path)
    web.reset = False

    assert "the connection for a.zip was lost" in said and "goes on at byte" in said
    assert _get(web, tmp_path).sha256 == SHA256


def test_silence_is_a_loss(web: Behaviour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing more is given up, and what came is kept."""
    monkeypatch.setattr("objektiv.intake.web.TIMEOUT", 0.3)
    web.stall = threading.Event()
    said = _break(web, tmp_path)
    web.stall.set()
    web.stall = None

    assert "timed out" in said and "goes on at byte 1,000,000" in said
    assert _get(web, tmp_path).kept == 1_000_000


@pytest.mark.parametrize("says", [3_000_001, 9_999_999])
def test_a_length_that_is_too_long_is_a_loss(web: Behaviour, tmp_path: Path, says: int) -> None:
    """Less than was announced is no whole file."""
    web.says = says
    with pytest.raises(MachineError, match=f"it ended at byte 3,000,000 of {says:,}"):
        _get(web, tmp_path)

    assert not (tmp_path / "a.zip").exists()


def test_a_length_that_is_too_short_fails_the_checksum(web: Behaviour, tmp_path: Path) -> None:
    """What the server leaves out is noticed by the checksum."""
    web.says = 1_000_000
    with pytest.raises(DataError, match="is not the file it should be"):
        _get(web, tmp_path, sha256=SHA256)


@pytest.mark.parametrize("chunked", [False, True])
def test_too_much_is_stopped(web: Behaviour, tmp_path: Path, chunked: bool) -> None:
    """More than --max-gb is refused by its announced length, or while it comes."""
    web.chunked = chunked
    with pytest.raises(DataError, match="larger than is allowed"):
        _get(web, tmp_path, max_gb=0.001)

    part = tmp_path / "a.zip.part"
    assert not (tmp_path / "a.zip").exists()
    assert not part.exists() or part.stat().st_size <= 1_000_000


def test_no_room_is_told_before(
    web: Behaviour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk has less than the file needs, nothing is written."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 8, 1_000))  # type: ignore[attr-defined]
    with pytest.raises(MachineError, match="3,000,000 bytes are missing, 1,000 are free"):
        _get(web, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_keeps_what_came(
    web: Behaviour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ENOSPC while writing is a MachineError, and the next call goes on."""
    real = Path.open
    left = 1_000_000

    def full(path: Path, *arguments: Any, **options: Any) -> Any:
        stream = real(path, *arguments, **options)
        return Full(stream.detach()) if path.suffix == ".part" else stream

    class Full(io.BufferedWriter):
        def write(self, data: Any) -> int:
            nonlocal left
            left -= len(data)
            if left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(MachineError, match="No space left on device") as error:
        _get(web, tmp_path)
    monkeypatch.undo()

    assert error.value.exit_code == 5
    assert 0 < (tmp_path / "a.zip.part").stat().st_size < 1_000_000
    done = _get(web, tmp_path)
    assert done.kept > 0 and done.sha256 == SHA256


def test_nobody_there_is_told(tmp_path: Path) -> None:
    """A port at which nobody listens is a MachineError that names no traceback."""
    with server() as gone:
        url = gone.url
    with pytest.raises(MachineError, match=r"a\.zip cannot be reached"):
        download(url, tmp_path / "a.zip", settings=ArchiveSettings())


def test_other_addresses_are_refused(tmp_path: Path) -> None:
    """A local file is not downloaded."""
    with pytest.raises(UsageError, match="this address is not read"):
        download("file:///etc/passwd", tmp_path / "a", settings=ArchiveSettings())


def test_progress_counts_megabytes(web: Behaviour, tmp_path: Path) -> None:
    """The step is named after the file and ends at its size in whole megabytes."""
    _break(web, tmp_path)
    events: list[Event] = []
    download(
        web.url + "a.zip",
        tmp_path / "a.zip",
        settings=ArchiveSettings(),
        progress=Progress(events.append),
    )

    last = events[-1]
    assert (last.step, last.done, last.total, last.finished) == ("a.zip, MB", 3, 3, True)
    assert events[0].done >= 1  # what was kept counts as done


def test_a_cancel_keeps_what_came(web: Behaviour, tmp_path: Path) -> None:
    """A cancel file stops the download, and the next call goes on."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "cancel").touch()
    progress = Progress(folder=tmp_path / "run")
    with pytest.raises(Cancelled, match="was stopped"):
        download(
            web.url + "a.zip", tmp_path / "a.zip", settings=ArchiveSettings(), progress=progress
        )

    assert _get(web, tmp_path).sha256 == SHA256


def test_hash_of_a_large_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    """The hash of a file is hashlib's of all its bytes."""
    (tmp_path / "a").write_bytes(DATA)

    assert hash_file(tmp_path / "a") == SHA256
