"""objektiv opens no network connection, and neither do the libraries it calls."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from scripts import order

# Told by Python itself before the act; a process started on the side could hide one, so those too.
WATCH = """
import sys
seen = []
def watch(event, _):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
                 "socket.bind", "subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"}:
        seen.append(event)
sys.addaudithook(watch)
"""

EXTRAS = {
    *("docx", "fpdf", "h5py", "keras", "lightning", "optuna"),
    *("pptx", "psycopg", "safetensors", "sqlalchemy", "timm", "torch"),
}

INFER = """
import numpy as np
import onnx
from objektiv.features.runtime import openvino

numbers = onnx.helper.make_tensor_value_info("a", onnx.TensorProto.FLOAT, [2])
doubled = onnx.helper.make_tensor_value_info("b", onnx.TensorProto.FLOAT, [2])
node = onnx.helper.make_node("Add", ["a", "a"], ["b"])
graph = onnx.helper.make_graph([node], "double", [numbers], [doubled])
model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)])
compiled = openvino.Core().compile_model(
    openvino.Core().read_model(model.SerializeToString()), "CPU"
)
assert compiled(np.array([1, 2], np.float32))[0].tolist() == [2, 4]
"""


def _seen(program: str, folder: Path) -> str:
    """What the watch saw while a new process ran `program`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{WATCH}\n{program}\nprint('seen:', sorted(set(seen)))"],
        cwd=folder,
        env={"PYTHONPATH": str(order.REPOSITORY), "HOME": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_the_watch_sees_a_connection(tmp_path: Path) -> None:
    """A program that looks a name up and connects is seen by the same watch."""
    program = """
import socket
socket.getaddrinfo("localhost", 9)
with socket.socket() as s:
    s.connect_ex(("127.0.0.1", 9))
"""
    assert _seen(program, tmp_path) == "seen: ['socket.connect', 'socket.getaddrinfo']"


def test_the_watch_sees_what_openvino_does_unasked(tmp_path: Path) -> None:
    """Imported plainly OpenVINO starts a process to report; the day it stops, ours can go."""
    assert _seen("import openvino; import time; time.sleep(1)", tmp_path) != "seen: []"


def test_the_engine_opens_no_connection(tmp_path: Path) -> None:
    """Importing OpenVINO, compiling a graph and running it opens nothing and leaves no file."""
    assert _seen(INFER, tmp_path) == "seen: []"
    assert list(tmp_path.iterdir()) == []


@cache
def _modules() -> frozenset[str]:
    return frozenset(order.modules())


@cache
def _of_extras(module: str) -> bool:
    """Whether importing a file imports a library of the extras, itself or by our files."""
    tree = ast.parse(order.path_of(module).read_text(encoding="utf-8"))
    names = [a.name for node in tree.body if isinstance(node, ast.Import) for a in node.names]
    froms = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    names += [node.module or "" for node in froms]
    names += [f"{node.module}.{a.name}" for node in froms for a in node.names]
    ours = {name.removeprefix("objektiv.") for name in names} & _modules()
    return bool(EXTRAS & {name.partition(".")[0] for name in names}) or any(map(_of_extras, ours))


def _imports(*, of_extras: bool) -> str:
    names = [name for name in order.modules() if _of_extras(name) == of_extras]
    return "\n".join(f"import objektiv.{name}" for name in names)


def test_every_module_imports_without_a_connection(tmp_path: Path) -> None:
    """Importing every file of objektiv opens no connection and writes no file."""
    assert _seen(_imports(of_extras=False), tmp_path) == "seen: []"
    assert list(tmp_path.iterdir()) == []


def test_the_modules_of_extras_import_without_a_connection(tmp_path: Path) -> None:
    """Files that import torch open no connection either; torch itself asks ldconfig for CUDA, and
    Lightning imports matplotlib, which asks fc-list for fonts and keeps a list of them."""
    if not all(map(find_spec, EXTRAS)):
        pytest.skip("the extras are not installed")

    assert _seen(_imports(of_extras=True), tmp_path) in ("seen: []", "seen: ['subprocess.Popen']")
    assert all(p.name.startswith("fontlist") for p in tmp_path.rglob("*") if p.is_file())


@pytest.mark.slow
def test_the_whole_chain_opens_no_connection(tmp_path: Path) -> None:
    """A small demo, from drawing to report, opens no connection and writes only its folder."""
    program = """
from objektiv.cli.main import main
sys.argv = ["objektiv", "demo", "--patients", "12", "--cells", "10"]
try:
    main()
except SystemExit as end:
    if end.code:
        raise
"""

    assert _seen(program, tmp_path) == "seen: []"
    assert [p.name for p in tmp_path.iterdir()] == ["objektiv-demo"]
