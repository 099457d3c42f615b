"""log.txt: what a run did, when, and how long each step took; also of a run that was cut off.

In: lines and steps as they happen. Out: the file, published anew at every line.
Try: `with Log(Path("runs/cells-001")).step("look") as told: told.append("200 images")`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from objektiv.base import files
from objektiv.base.errors import ObjektivError
from objektiv.base.machine import this_machine
from objektiv.flow import run as names


class Log:
    """The log of one run folder; `seconds` holds the time of each finished step, in order."""

    def __init__(self, folder: Path) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.perf_counter()
        self._path = folder / names.LOG
        # a run that goes on keeps what it told before
        self._lines = self._path.read_text("utf-8").splitlines(True) if self._path.exists() else []
        self.line(str(this_machine()))

    @property
    def elapsed(self) -> float:
        """Seconds since this process began to write it."""
        return time.perf_counter() - self._began

    def line(self, text: str) -> None:
        """Add one line with the time of day."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        self._lines.append(f"{now}  {' '.join(text.split())}\n")
        files.write_text(self._path, "".join(self._lines))

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Time a step; what is put into the list it yields stands in its line."""
        start = time.perf_counter()
        told: list[str] = []
        yield told
        self.seconds[name] = round(time.perf_counter() - start, 3)
        self.line("; ".join([f"{name}: {self.seconds[name]:.1f} s", *told]))

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """Add how the run ended: finished, or why not."""
        try:
            yield
        except (ObjektivError, KeyboardInterrupt) as error:
            with contextlib.suppress(ObjektivError):  # the disk may be what is wrong
                self.line(f"ended early: {str(error) or 'interrupted'}")
            raise
        self.line("finished")
