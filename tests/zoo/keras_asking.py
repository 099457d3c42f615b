"""Start `keras_side` and read what it answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from objektiv.base.extras import missing_packages
from scripts import order

SIDE = Path(__file__).with_name("keras_side.py")


def ask_keras(folder: Path, *arguments: str | int | Path) -> list[int]:
    """The numbers that Keras' side prints; its own files lie in `folder`.

    Without Keras the test that asks is skipped.
    """
    if missing_packages("zoo"):  # not by importing it: Keras would choose its backend
        pytest.skip("the extra `zoo` is not installed")
    done = subprocess.run(
        [sys.executable, SIDE, *map(str, arguments)],
        env={
            **os.environ,
            "KERAS_BACKEND": "openvino",
            "KERAS_HOME": str(folder),
            "PYTHONPATH": str(order.REPOSITORY),
        },
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]
