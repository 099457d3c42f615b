"""A process that fills banks in copies of itself, which a test may kill or start side by side.

It imports everything once and then forks, so that each try takes a twentieth of a second. In: a
line of JSON with jobs {root, bank, die_at, die_after}. Out: a line of JSON with, for each,
{code, added, result}. `die_at` is the number of the file operation before which the copy kills
itself, `die_after` the seconds after which it is killed.
Try: `echo '[{"root": "cells", "bank": "bank"}]' | python -m tests.features.filling`.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from objektiv.features import bank, look
from objektiv.features.engine import Looked, Prepared
from tests.features import tiny

SHARD = 4
OPERATIONS = ((os, ("open", "fsync", "replace", "utime")), (Path, ("open", "unlink", "mkdir")))
Job = dict[str, Any]


class Instant:
    """Stands in for the engine: the same order of calls, but NumPy instead of OpenVINO."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def run(
        self, items: Sequence[Any], prepare: Callable[[Any], Prepared[Any]]
    ) -> Iterator[Looked[Any]]:
        """Each image's mean and largest colours, and its first pixels for the descriptors."""
        for item in items:
            key, square = (prepared := prepare(item)).key, prepared.square
            if square is None:
                yield Looked(key, None)
            else:
                flat = square.reshape(-1, 3)
                yield Looked(key, np.concatenate([flat.mean(0), flat.max(0), square.flat[:61]]))


def watch(function: Callable[..., Any], before: Callable[[], None]) -> Callable[..., Any]:
    """`function`, with `before` called in front of it."""

    def watched(*args: Any, **kwargs: Any) -> Any:
        if "r" not in kwargs.get("mode", ""):  # read_bytes says mode="rb"
            before()
        return function(*args, **kwargs)

    return watched


def digest(seen: look.Seen) -> str:
    """One hash of all that a look gave."""
    whole = hashlib.sha256(seen.features.values.tobytes())
    whole.update(seen.dataset.items.write_csv().encode())
    whole.update(repr(seen.features.ids).encode())
    return whole.hexdigest()


def _fill(job: Job, adding: int) -> dict[str, Any]:
    """Look at the pictures as the job says; a byte goes to `adding` for each that is kept."""
    count = 0

    def before() -> None:
        nonlocal count
        count += 1
        if count == job.get("die_at"):
            os.kill(os.getpid(), signal.SIGKILL)

    real = bank.View.add

    def add(view: bank.View, record: bank.Record) -> None:
        real(view, record)
        os.write(adding, b"+")

    # A killed process loses nothing that was written, so only the moment matters; and OpenVINO's
    # own locks do not survive a fork.
    os.fsync = lambda _: None  # type: ignore[assignment,misc]
    look.Engine = Instant  # type: ignore[assignment,misc]
    for place, names in OPERATIONS:
        for name in names:
            setattr(place, name, watch(getattr(place, name), before))
    setattr(bank.View, "add", add)  # noqa: B010  (mypy would not let us assign a method)
    bank.SHARD = SHARD
    with tiny.registered():
        seen = tiny.see(Path(job["root"]), Path(job["bank"]))
    return {"looked": seen.looked, "operations": count, "digest": digest(seen)}


def _start(job: Job) -> tuple[int, int, int]:
    """Fork; returns the process and the two pipes to read: pictures kept, and the result."""
    (kept, adding), (result, telling) = os.pipe(), os.pipe()
    process = os.fork()
    if process:
        os.close(adding)
        os.close(telling)
        return process, kept, result
    code = 1
    try:
        os.write(telling, json.dumps(_fill(job, adding)).encode())
        code = 0
    except BaseException:  # the copy must never run on into the loop of its parent
        traceback.print_exc()
    finally:
        os._exit(code)


def _all(pipe: int) -> bytes:
    with os.fdopen(pipe, "rb") as stream:
        return stream.read()


def _finish(job: Job, started: tuple[int, int, int]) -> dict[str, Any]:
    process, kept, result = started
    if "die_after" in job:
        time.sleep(job["die_after"])
        os.kill(process, signal.SIGKILL)
    added, told = len(_all(kept)), _all(result)
    _, status = os.waitpid(process, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "added": added,
        "result": json.loads(told) if told else None,
    }


def main() -> None:
    """Answer line by line until the input ends."""
    for line in sys.stdin:
        jobs = json.loads(line)
        started = [_start(job) for job in jobs]
        answers = [_finish(job, s) for job, s in zip(jobs, started, strict=True)]
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
