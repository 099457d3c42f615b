"""Talk to the Keras side: start it in its environment, ask, and end it.

In: the environment's Python and a folder of class folders. Out: a KerasSide with `ask`.
Try: `with keras_side(python, folder) as keras: keras.ask("predict", size=224)`.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from benchmarks.measure import REPOSITORY

REQUIREMENTS = ("tensorflow-cpu", "pillow", "scipy")  # the last two for ImageDataGenerator


class KerasSide:
    """A running `benchmarks.keras_side`."""

    def __init__(self, process: subprocess.Popen[str], said: IO[str]) -> None:
        self._process = process
        self._said = said

    def ask(self, do: str, **options: Any) -> Any:
        """The answer to one request.

        Raises:
            RuntimeError: the process ended; its last words are in the message.
        """
        if not self._process.stdin or not self._process.stdout:
            raise RuntimeError("the Keras side has no pipes")
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"do": do, **options}) + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._said.seek(0)
            raise RuntimeError(f"the Keras side ended:\n{self._said.read()[-4000:]}")
        return json.loads(answer)


@contextlib.contextmanager
def keras_side(python: Path, folder: Path) -> Iterator[KerasSide]:
    """Start it on the pictures in `folder`; it ends with the block."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            [str(python), "-m", "benchmarks.keras_side", str(folder.resolve())],
            cwd=REPOSITORY,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        try:
            yield KerasSide(process, said)
        finally:
            if process.stdin:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
