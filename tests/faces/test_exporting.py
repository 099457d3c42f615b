"""export and verify on a trained run, and the file read by nothing of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from objektiv.base import files
from objektiv.cli import main as cli
from objektiv.cli.exits import run
from objektiv.shipping.bundle import load
from objektiv.shipping.facts import FACTS, GOLDEN, MEMBERS, UNSEALED, sealed

EXAMPLE = Path(__file__).parents[2] / "examples" / "plain_onnxruntime.py"

# What it may import of site-packages; flatbuffers and the like are ONNX Runtime's own needs.
PLAIN = ("onnxruntime", "numpy", "PIL")
BLOCK = f"""
import runpy, sys
class Only:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in {PLAIN!r} or top.startswith("__editable__"):
            return None
        raise ModuleNotFoundError(f"blocked: {{name}}", name=name)
sys.meta_path.insert(0, Only())
for name in ("objektiv", "onnx", "openvino"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    raise SystemExit(f"{{name}} is not blocked")
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def _picture(path: Path) -> Path:
    values = np.arange(90 * 61 * 3).reshape(90, 61, 3) * 7 % 251
    Image.fromarray(values.astype(np.uint8)).save(path)
    return path


def _said(command: list[str | Path], cwd: Path) -> dict[str, float]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return found


def test_a_bundle_is_read_by_onnx_runtime_numpy_and_pillow_alone(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With every other package blocked the example says what objektiv says, of folder and file."""
    pytest.importorskip("onnxruntime")
    file, picture = tmp_path / "shapes.objektiv", _picture(tmp_path / "a.png")
    assert run(cli.app, ["export", str(trained), "--to", str(file)]) == 0
    bundle = load(file)
    expected = bundle.predict([np.asarray(Image.open(picture))]).probabilities[0]

    for path in (file, trained / "model"):
        found = _said([sys.executable, "-c", BLOCK, EXAMPLE, path, picture], tmp_path)

        assert tuple(found) == bundle.classes
        np.testing.assert_allclose(list(found.values()), expected, atol=1e-4)


@pytest.mark.slow
def test_a_bundle_is_read_in_an_environment_of_these_three(trained: Path, tmp_path: Path) -> None:
    """In a fresh environment that holds nothing else the example says what objektiv says."""
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [python, "-m", "pip", "install", "-q", "onnxruntime", "numpy", "pillow"]
    done = subprocess.run(list(map(str, install)), capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no packages to be had: {done.stderr[-200:]}")
    picture = _picture(tmp_path / "a.png")
    bundle = load(trained / "model")

    found = _said([python, EXAMPLE, trained / "model", picture], tmp_path)

    expected = bundle.predict([np.asarray(Image.open(picture))]).probabilities[0]
    assert tuple(found) == bundle.classes
    np.testing.assert_allclose(list(found.values()), expected, atol=1e-4)


def test_verify_prints_each_check(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sound bundle ends with 0 and a line that says so."""
    pytest.importorskip("onnxruntime")

    assert run(cli.app, ["verify", str(trained / "model"), "--engine", "both"]) == 0
    said = capsys.readouterr().out
    assert "golden images, fp32, ONNX Runtime" in said
    assert "All 7 checks passed." in said


def test_verify_ends_with_4_where_a_figure_is_off(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A golden value of another machine is a row that says NO."""
    bundle = tmp_path / "b"
    for name in MEMBERS:
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_bytes((trained / "model" / name).read_bytes())
    golden = json.loads((bundle / GOLDEN).read_bytes())
    for table in golden["expected"].values():
        table["logits"][0] = [value + 1 for value in table["logits"][0]]
    data = json.dumps(golden).encode()
    (bundle / GOLDEN).write_bytes(data)
    facts = json.loads((bundle / FACTS).read_bytes()) | {"seal": UNSEALED}
    facts["files"][GOLDEN] = {"bytes": len(data), "sha256": files.sha256(data)}
    (bundle / FACTS).write_bytes(sealed(json.dumps(facts).encode()))

    assert run(cli.app, ["verify", str(bundle)]) == 4
    said = capsys.readouterr().out
    assert "NO" in said
    assert "1 of 5 checks did not pass" in said
