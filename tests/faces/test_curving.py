"""`objektiv curve` as a user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.cli import main as cli
from objektiv.cli.exits import run


def _words(shapes: Path, bank: Path, out: Path) -> list[str]:
    words = ["curve", str(shapes), "--bank", str(bank), "--precision", "fp32"]
    return [*words, "--draws", "3", "--out", str(out)]


def test_both_curves_end_with_a_page(
    shapes: Path, bank: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Numbers of images with what more would give, resolutions with what each loses, a page."""
    del trained
    assert run(cli.app, [*_words(shapes, bank, tmp_path), "--resolutions", "4,32"]) == 0
    said = capsys.readouterr().out
    page = (tmp_path / "shapes-001" / "curve.html").read_text("utf-8")

    assert "twice as many are expected to give" in said and "pixels a side" in said
    assert page.count('<svg class="drawing"') == 2 and "<script" not in page
    table = (tmp_path / "shapes-001" / "curve.csv").read_text("utf-8").splitlines()
    assert sum(line.startswith("pixels") for line in table) == 3
    assert sum(line.startswith("expected") for line in table) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--resolutions", "128"], "not reduced by this"),
        (["--resolutions", "0"], "resolutions"),
        (["--draws", "1"], "draws"),
        (["--resolutions", "16,big"], "resolutions"),
    ],
)
def test_bad_options_are_usage_errors(
    shapes: Path,
    bank: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    """Exit code 2, by name, with no folder left."""
    code = run(cli.app, [*_words(shapes, bank, tmp_path / "curves"), *words])
    said = capsys.readouterr().err

    assert code == 2 and told in said and "Traceback" not in said
    assert not (tmp_path / "curves").exists()
