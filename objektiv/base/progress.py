"""Say how far a long step is, and stop it on request.

In: a step's name, its total, and counts as they come. Out: events to a listener (the terminal's
bar) and lines in `progress.jsonl`; a cancel file or Ctrl-C ends the step with Cancelled.
Try: `with Progress().step("features", total=10) as step: step.advance()`.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path

from objektiv.base import files
from objektiv.base.errors import Cancelled

CANCEL_FILE = "cancel"
PROGRESS_FILE = "progress.jsonl"
WRITE_EVERY = 0.5  # seconds between lines, so that a fast step does not write thousands


@dataclass(frozen=True)
class Event:
    """One line of progress."""

    step: str
    done: int
    total: int
    seconds: float
    finished: bool


Listener = Callable[[Event], None]
_follower: ContextVar[Listener | None] = ContextVar("follower", default=None)


@contextlib.contextmanager
def followed_by(listener: Listener) -> Iterator[None]:
    """Whatever reports inside also tells `listener`, which may raise Cancelled to stop it.

    So the studio follows a command that knows nothing of it.
    """
    before = _follower.set(listener)
    try:
        yield
    finally:
        _follower.reset(before)


class Step:
    """One pass over something countable."""

    def __init__(self, name: str, total: int, report: Listener, cancelled: Callable[[], bool]):
        self._name, self._total = name, total
        self._report, self._cancelled = report, cancelled
        self._done = 0
        self._start = time.monotonic()
        self._told = -WRITE_EVERY

    def advance(self, count: int = 1) -> None:
        """Count `count` more.

        Raises:
            Cancelled: a cancel file has appeared.
        """
        self._done += count
        seconds = time.monotonic() - self._start
        if seconds - self._told < WRITE_EVERY:
            return
        self._told = seconds
        self._report(self._event(finished=False))
        if self._cancelled():
            raise Cancelled(
                f"{self._name} was stopped",
                value=f"{self._done} of {self._total} done",
                allowed="What is done is kept",
                next="run the same command again to go on from there",
            )

    def _event(self, *, finished: bool) -> Event:
        seconds = time.monotonic() - self._start
        return Event(self._name, self._done, self._total, round(seconds, 3), finished)

    def finish(self) -> None:
        """Report the last count."""
        self._report(self._event(finished=True))


class Progress:
    """Where steps report to: a listener, a folder for `progress.jsonl` and its cancel file."""

    def __init__(self, listener: Listener | None = None, folder: Path | None = None) -> None:
        self._listener = listener
        self._folder = folder
        self._follower = _follower.get()  # here: the threads of a step know no context

    def in_folder(self, folder: Path) -> Progress:
        """The same listener, writing into a run's folder."""
        return Progress(self._listener, folder)

    @contextlib.contextmanager
    def step(self, name: str, *, total: int) -> Iterator[Step]:
        """Count one pass of `total` things."""
        step = Step(name, total, self._report, self._cancelled)
        yield step
        step.finish()

    def _report(self, event: Event) -> None:
        for listener in (self._listener, self._follower):
            if listener:
                listener(event)
        if self._folder:
            record(event, self._folder)

    def _cancelled(self) -> bool:
        return bool(self._folder and (self._folder / CANCEL_FILE).exists())


def record(event: Event, folder: Path) -> None:
    """Append `event` to `progress.jsonl` in `folder`.

    The one file of ours that is not published whole: a torn last line of progress harms nobody.
    """
    path = folder / PROGRESS_FILE
    with files.writing(path), path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(event)) + "\n")
