"""The example that puts logistic regression, trees and networks beside each other."""

from __future__ import annotations

from importlib import util
from pathlib import Path

import pytest

from examples import classical_against_neural as example


def test_small_table_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each model that can be had has an accuracy in its interval, a time, and is drawn."""
    target = tmp_path / "plot.png"
    rows = example.main(["--sizes", "2000x8", "--epochs", "5", "--plot", str(target)])
    names = [row.model for row in rows]
    printed = capsys.readouterr().out

    assert ("boosted trees (XGBoost)" in names) == (util.find_spec("xgboost") is not None)
    assert {"logistic regression", "network from scratch", "network of scikit-learn"} <= set(names)
    for row in rows:
        assert 0.6 < row.accuracy.low < row.accuracy.estimate < row.accuracy.high < 1
        assert row.seconds > 0
        assert f"{row.accuracy.low:.4f} to {row.accuracy.high:.4f}" in printed
    assert target.read_bytes().startswith(b"\x89PNG")


def test_missing_trees_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without XGBoost a line says so and names the command; the other models are compared."""
    monkeypatch.setattr(example.util, "find_spec", lambda name: None)
    rows = list(example.compared("300x8", epochs=1))

    assert len(rows) == 3
    assert "left out: pip install 'objektiv[learn]'" in capsys.readouterr().out


def test_existing_plot_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that exists is not written over."""
    (tmp_path / "plot.png").write_bytes(b"mine")
    with pytest.raises(SystemExit, match="2"):
        example.main(["--plot", str(tmp_path / "plot.png")])

    assert "name another file" in capsys.readouterr().err
    assert (tmp_path / "plot.png").read_bytes() == b"mine"


@pytest.mark.parametrize("size", ["20", "50000", "axb", "50x20", "1000x3", "-1000x20"])
def test_sizes_that_are_none_are_refused(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not ROWSxCOLUMNS, or too small, is refused with its value."""
    with pytest.raises(SystemExit, match="2"):
        example.main([f"--sizes={size}"])

    assert f"{size!r} is not ROWSxCOLUMNS of at least 100x6" in capsys.readouterr().err
