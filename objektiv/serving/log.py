"""The log of the server: one line of JSON for each request that ended, and for what else happens.

In: what was seen, and a stream. Out: lines. A thread of its own writes, so that a slow or full
disk holds up no request; what does not fit is counted and told.
Try: `with Log(sys.stderr) as log: log.line(event="ready")`.
"""

from __future__ import annotations

import json
import queue
import threading
from datetime import UTC, datetime
from typing import TextIO

from objektiv.serving.wall import Seen

WAITING = 10_000  # lines
LONGEST = 200  # characters of what a client sent


class Log:
    """Lines go in from any thread and are never waited for; close it to write what is left."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(WAITING)
        self._lost = 0
        self._thread = threading.Thread(target=self._write, name="objektiv-log", daemon=True)
        self._thread.start()

    def line(self, **values: object) -> None:
        """One line of JSON with the time in front."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        told = {"time": now, **values}
        try:
            self._lines.put_nowait(json.dumps(told, default=str))
        except queue.Full:
            self._lost += 1

    def request(self, seen: Seen) -> None:
        """A request that ended, with the error's own words where it was refused."""
        told: dict[str, object] = {
            "request_id": seen.request_id,
            "method": seen.method,
            "path": seen.path[:LONGEST],
            "status": seen.status,
            "milliseconds": round(1000 * seen.seconds, 1),
        }
        if seen.reason:
            told["reason"] = seen.reason
        if seen.error is not None:
            told["error"] = f"{type(seen.error).__name__}: {seen.error}"[: 5 * LONGEST]
        self.line(**told)

    @property
    def empty(self) -> bool:
        """Whether no line waits."""
        return self._lines.empty()

    @property
    def alive(self) -> bool:
        """Whether lines are still written."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Write what waits, for at most a second."""
        self.line(event="end", lines_lost=self._lost)
        try:
            self._lines.put(None, timeout=1)
        except queue.Full:
            return
        self._thread.join(1)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(line + "\n")
                if self._lines.empty():
                    self._stream.flush()
            except (OSError, ValueError):  # the disk is full, or the stream is closed
                self._lost += 1

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
