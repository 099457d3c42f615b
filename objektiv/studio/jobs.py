"""Long work of the studio: a command of objektiv as a process of its own, followed by its files.

In: the words of a command line. Out: a Job, one folder: `job.json` (what was asked), `log.txt`
(what the command said), `progress.jsonl`, and at the end `result.json`. So a page that is loaded
again, and a studio that is started again, find everything; a file named cancel stops it.
Try: `start(project.folder / "jobs", ["check", "cells"], title="Check")`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from objektiv.base import files
from objektiv.base.errors import Cancelled, MachineError, UsageError
from objektiv.base.lock import only_process
from objektiv.base.progress import CANCEL_FILE, PROGRESS_FILE, Event
from objektiv.base.settings import Strict

ASKED, RESULT, LOG = "job.json", "result.json", "log.txt"
WORKER = "objektiv.cli.worker"  # behind the studio in the reading order: it runs the command line
STARTING = 30.0  # seconds after which a process that holds no lock has died
SAID = 40  # last lines of the log that a page shows
LONGEST = 100_000  # bytes at the end of a log or of the progress that are read

State = Literal["running", "done", "found", "failed", "stopped", "died"]


class Asked(Strict):
    """job.json."""

    format: Literal[1] = 1
    title: str
    words: Annotated[tuple[str, ...], Field(min_length=1)]
    began: float  # seconds since 1970


class Result(Strict):
    """result.json."""

    exit_code: int
    ended: float


@dataclass(frozen=True)
class Job:
    """One job, as its files tell it now."""

    folder: Path
    asked: Asked
    result: Result | None

    @property
    def name(self) -> str:
        """What it is called in addresses."""
        return self.folder.name

    @property
    def verb(self) -> str:
        """The command, such as train."""
        return self.asked.words[0]

    @property
    def state(self) -> State:
        """How it stands; `found` is done with a finding, `died` ended without saying how."""
        if self.result is None:
            return "running" if self._is_alive() else "died"
        states: dict[int, State] = {0: "done", 1: "found", Cancelled.exit_code: "stopped"}
        return states.get(self.result.exit_code, "failed")

    @property
    def seconds(self) -> float:
        """How long it ran, or has been running."""
        end = time.time() if self.result is None else self.result.ended
        return max(0.0, end - self.asked.began)

    def _is_alive(self) -> bool:
        try:
            with only_process(self.folder):
                return time.time() - self.asked.began < STARTING
        except MachineError:
            return True

    def event(self) -> Event | None:
        """The last progress that was told."""
        for line in reversed(_last_lines(self.folder / PROGRESS_FILE)):
            try:
                return Event(**json.loads(line))
            except (ValueError, TypeError):  # torn
                continue
        return None

    def said(self) -> list[str]:
        """The last lines that the command printed."""
        return _last_lines(self.folder / LOG)[-SAID:]

    def cancel(self) -> None:
        """Ask it to stop; it does at the next count of its progress, and keeps what is done."""
        files.write_text(self.folder / CANCEL_FILE, "")


def _last_lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - LONGEST))
            return stream.read().decode("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def read_job(folder: Path) -> Job:
    """The job in a folder.

    Raises:
        UsageError: there is none.
    """
    try:
        asked = Asked.model_validate_json((folder / ASKED).read_bytes())
        path = folder / RESULT
        result = Result.model_validate_json(path.read_bytes()) if path.is_file() else None
    except (OSError, ValidationError) as error:
        raise UsageError(
            "there is no such job",
            value=folder.name,
            allowed="A job that was started in this project",
            next="go back to the project",
        ) from error
    return Job(folder, asked, result)


def jobs(parent: Path) -> Iterator[Job]:
    """All jobs of a project, the newest first."""
    for path in sorted(parent.glob(f"*/{ASKED}"), key=lambda path: -path.stat().st_mtime_ns):
        yield read_job(path.parent)


def running(parent: Path) -> Job | None:
    """The job of a project that runs now."""
    return next((job for job in jobs(parent) if job.state == "running"), None)


def require_free(parent: Path) -> None:
    """Check that no job of the project runs.

    Raises:
        UsageError: one does.
    """
    if busy := running(parent):
        raise UsageError(
            "another job of this project is running",
            value=busy.asked.title,
            allowed="One job at a time: they share the processor and the feature bank",
            next="wait until it has ended, or stop it",
        )


def start(parent: Path, words: Sequence[str], *, title: str) -> Job:
    """Start a command as a process that outlives this one.

    Raises:
        UsageError: another job of the project runs.
        MachineError: the system starts no process.
    """
    require_free(parent)
    folder = files.new_numbered_folder(files.make_folder(parent), words[0])
    asked = Asked(title=title, words=tuple(words), began=time.time())
    files.write_json(folder / ASKED, asked.model_dump(mode="json"))
    _spawn(folder)
    return read_job(folder)


def _spawn(folder: Path) -> None:
    # -P: nothing is imported from the folder it starts in, which holds what people uploaded
    command = [sys.executable, "-P", "-m", WORKER, str(folder)]
    own = {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", "COLUMNS": "100", "NO_COLOR": "1"}
    try:
        with (folder / LOG).open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **own},
                start_new_session=True,  # Windows has groups instead, and takes no notice
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        # A process that nobody waits for stays in the system's table after its end.
        threading.Thread(target=process.wait, daemon=True).start()
    except OSError as error:
        raise MachineError(
            "the system starts no process",
            value=error,
            allowed="Another process must be allowed and have room",
            next="close other programs and try again",
        ) from error
