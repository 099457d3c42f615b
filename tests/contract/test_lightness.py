"""Importing objektiv and asking for help load nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scripts import order

HEAVY = ("torch", "openvino", "onnx", "onnxruntime", "sklearn", "scipy", "cv2", "matplotlib",
         "polars", "PIL", "jinja2")  # fmt: skip

TELL = f"print('loaded:', sorted({set(HEAVY)!r} & set(sys.modules)), file=sys.stderr)"


def _loaded(program: str) -> str:
    """What a new process tells on its standard error after running `program`."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\n{TELL}"],
        cwd=order.REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.strip().splitlines()[-1]


def test_the_look_finds_a_heavy_library() -> None:
    """A program that does import a heavy library is caught by the same look."""
    assert _loaded("import polars") == "loaded: ['polars']"


def test_importing_objektiv_is_light() -> None:
    """`import objektiv` loads no heavy library."""
    assert _loaded("import objektiv") == "loaded: []"


@pytest.mark.parametrize(
    "words", [[], ["train"], ["predict"], ["demo"], ["models", "add"]], ids=" ".join
)
def test_help_is_light(words: list[str]) -> None:
    """The help of the program and of its commands loads no heavy library."""
    program = f"""
from objektiv.cli.main import main
sys.argv = ["objektiv", *{words!r}, "--help"]
try:
    main()
except SystemExit as end:
    if end.code:
        raise
"""
    assert _loaded(program) == "loaded: []"


@pytest.mark.parametrize("folder", [f for f in order.ORDER if f"{f}.settings" in order.modules()])
def test_settings_are_light(folder: str) -> None:
    """The settings of each folder load no heavy library, since flags are made of them."""
    assert _loaded(f"import objektiv.{folder}.settings") == "loaded: []"
