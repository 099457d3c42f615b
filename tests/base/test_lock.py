"""A folder's lock: one process at a time, given back however the process ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from objektiv.base.errors import MachineError
from objektiv.base.lock import only_process

HOLD = (
    "import sys, time; from pathlib import Path; from objektiv.base.lock import only_process\n"
    "with only_process(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
)


def test_second_holder_is_refused(tmp_path: Path) -> None:
    """While the block runs nobody else gets in; afterwards the next one does."""
    with only_process(tmp_path), pytest.raises(MachineError, match="another process works in"):
        with only_process(tmp_path):
            pass
    with only_process(tmp_path):
        pass


def test_killed_process_gives_the_lock_back(tmp_path: Path) -> None:
    """A process holds the folder until it is killed."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        if process.stdout is None or process.stdout.readline() != "held\n":
            pytest.fail("the child did not get the lock")
        with pytest.raises(MachineError, match="One process at a time"), only_process(tmp_path):
            pass
        process.kill()
        process.wait()
    with only_process(tmp_path):
        pass


def test_who_waits_gets_the_lock_when_it_is_free(tmp_path: Path) -> None:
    """Told to wait, the next holder comes in as soon as the first has ended, and no later."""
    command = [sys.executable, "-c", HOLD.replace("60", "0.4"), str(tmp_path)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        if process.stdout is None or process.stdout.readline() != "held\n":
            pytest.fail("the child did not get the lock")
        with only_process(tmp_path, wait=30):
            assert process.wait(timeout=30) == 0
        with pytest.raises(MachineError, match="another process works in"):
            with only_process(tmp_path), only_process(tmp_path, wait=0.1):
                pass
