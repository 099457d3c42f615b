from __future__ import annotations

import io
import json
import threading

import pytest

from objektiv.serving import log as logs
from objektiv.serving.log import Log
from objektiv.serving.wall import Seen


def _lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_requests_are_lines_of_json() -> None:
    """A line has id, status and time; what a client made up cannot break it or grow it."""
    stream = io.StringIO()
    with Log(stream) as log:
        log.request(Seen("ab", "GET", "/\n" + "x" * 1000, 400, 0.0123, "host", ValueError("why")))
    first, last = _lines(stream.getvalue())

    assert first["request_id"] == "ab"
    assert (first["status"], first["milliseconds"], first["reason"]) == (400, 12.3, "host")
    assert first["error"] == "ValueError: why"
    assert len(str(first["path"])) == 200
    assert (last["event"], last["lines_lost"]) == ("end", 0)


class _Stuck(io.StringIO):
    """A stream that takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def write(self, text: str) -> int:
        self.free.wait(20)
        return super().write(text)


def test_a_stuck_stream_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines beyond the limit are lost and counted; nobody waits for them."""
    monkeypatch.setattr(logs, "WAITING", 5)
    stream = _Stuck()
    with Log(stream) as log:
        for number in range(20):
            log.line(event=number)
        stream.free.set()
        while not log.empty:
            pass
    found = _lines(stream.getvalue())

    assert found[-1]["event"] == "end"
    assert found[-1]["lines_lost"] == 20 - (len(found) - 1) > 0


def test_a_full_disk_ends_nothing() -> None:
    """A stream that raises loses its lines, and that is all."""

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    with Log(Full()) as log:
        log.line(event="a")
    assert not log.alive
