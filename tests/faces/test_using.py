"""predict, export and evaluate on a trained run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from objektiv.cli import main as cli
from objektiv.cli.exits import run


def test_predict_names_pictures_as_json(
    trained: Path, shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line a picture; a file that is no picture has its reason and stops nothing."""
    picture = next(p for p in sorted(shapes.rglob("*.png")))
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    code = run(cli.app, ["predict", str(picture), str(broken), "--run", str(trained), "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert code == 0
    assert lines[0]["class"] == picture.parent.name
    assert sum(lines[0]["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert lines[1]["error"]["reason"] == "not-an-image"


def test_export_writes_a_file_that_evaluate_reads(
    trained: Path, shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The packed bundle scores the folder it comes from, in a run of its own."""
    bundle = tmp_path / "shapes.objektiv"
    out = tmp_path / "runs"

    assert run(cli.app, ["export", str(trained), "--to", str(bundle)]) == 0
    command = ["evaluate", str(shapes), "--bundle", str(bundle), "--out", str(out)]
    assert run(cli.app, command) == 0
    assert "of 60" in capsys.readouterr().out.lower().replace("60 test pictures", "60")
    assert len(list(out.glob("*/predictions.parquet"))) == 1
