"""The example that README and docstrings point to."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from tests.flow import drawn

EXAMPLE = Path(__file__).parents[2] / "examples" / "five_lines.py"


def test_the_example_runs(
    shapes: Path,
    trained: Path,
    bank: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its at most 40 lines train, export, load and name a picture."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OBJEKTIV_BANK", str(bank))
    runpy.run_path(str(EXAMPLE))["main"](str(shapes), drawn.GROUP)
    said = capsys.readouterr().out

    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 40
    assert "accuracy on the test part" in said
    assert (tmp_path / "example.objektiv").is_file()


@pytest.mark.slow
def test_the_example_of_a_network_runs(
    shapes: Path,
    trained: Path,
    bank: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Probe and network are trained on one split, and each tells its accuracy."""
    pytest.importorskip("torch", reason="needs objektiv[torch]")
    pytest.importorskip("lightning", reason="needs objektiv[torch]")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OBJEKTIV_BANK", str(bank))
    example = EXAMPLE.with_name("train_a_network.py")
    runpy.run_path(str(example))["main"](str(shapes), drawn.GROUP, "course-cnn", 1)
    said = capsys.readouterr().out

    assert "probe: 1.000" in said
    assert "course-cnn: " in said
