"""Virtual environments that benchmarks make: for Keras, and for objektiv as a user installs it.

In: a folder (a temporary one where none is named) and what to install. Out: the environment's
Python. Try: `with python_with(["tensorflow-cpu"], None) as python: ...`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path


@contextlib.contextmanager
def python_with(requirements: Sequence[str], folder: Path | None) -> Iterator[Path]:
    """The Python of an environment that has `requirements`; a named folder is kept and used again.

    Raises:
        RuntimeError: the environment cannot be made; pip's words are in the message.
    """
    with contextlib.ExitStack() as stack:
        place = (folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))).absolute()
        python = program(place, "python")
        if not python.exists():
            _run([sys.executable, "-m", "venv", str(place)])
        install(python, requirements)
        yield python


def install(python: Path, arguments: Sequence[str]) -> None:
    """`pip install` in an environment; what is there already is left alone.

    Raises:
        RuntimeError: pip failed.
    """
    _run([str(python), "-m", "pip", "install", "--quiet", *arguments])


def program(environment: Path, name: str) -> Path:
    """A program of an environment."""
    if os.name == "nt":
        return environment / "Scripts" / f"{name}.exe"
    return environment / "bin" / name


def _run(command: list[str]) -> None:
    print(f"running {' '.join(command)}", flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
