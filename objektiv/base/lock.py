"""One process at a time: a lock on a folder that ends with the process, however it ends.

In: a folder. Out: a block that no other process is in, or a MachineError, at once unless told to
wait.
Try: `with only_process(folder): ...`.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from io import BufferedRandom
from pathlib import Path

from objektiv.base import files
from objektiv.base.errors import MachineError

AGAIN = 0.02  # seconds between two tries
LOCK_FILE = "in_use.lock"  # stays in the folder: taking it away would let two processes in


@contextlib.contextmanager
def only_process(folder: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold `folder` while the block runs; at most `wait` seconds pass until it is free.

    Raises:
        MachineError: another process holds it.
    """
    path = files.make_folder(folder) / LOCK_FILE
    with files.writing(path):
        stream = path.open("a+b")
    with stream:
        _lock_within(stream, wait, folder)
        yield


def _lock_within(stream: BufferedRandom, wait: float, folder: Path) -> None:
    last = time.monotonic() + wait
    while True:
        try:
            _lock(stream)
        except OSError as error:
            if time.monotonic() >= last:
                raise MachineError(
                    f"another process works in {folder}",
                    value=LOCK_FILE,
                    allowed="One process at a time may write into a folder",
                    next="wait until it has ended, or stop it",
                ) from error
            time.sleep(AGAIN)
        else:
            return


def _lock(stream: BufferedRandom) -> None:
    """The system gives a lock of its own back when the process ends, killed or not."""
    if sys.platform == "win32":
        import msvcrt

        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
