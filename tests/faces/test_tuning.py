"""`objektiv tune` as a user meets it: a leaderboard, a page, and bad grids refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.cli import main as cli
from objektiv.cli.exits import run
from tests.flow import drawn


@pytest.fixture
def given(shapes: Path, bank: Path, trained: Path, tmp_path: Path) -> list[str]:
    """`tune` on the shapes with a warm bank."""
    del trained
    words = ["tune", str(shapes), "--bank", str(bank), "--group", drawn.GROUP]
    return [*words, "--precision", "fp32", "--out", str(tmp_path / "tunes")]


def test_a_grid_of_heads_ends_with_a_page(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four heads: table, honest note, winner on test once, and a page that loads nothing."""
    grid = tmp_path / "grid.yaml"
    grid.write_text("blocks: [[colours], [stem, colours]]\nstrength: [1, 10]\n", "utf-8")
    assert run(cli.app, [*given, "--grid", str(grid)]) == 0
    said = capsys.readouterr().out
    folder = tmp_path / "tunes" / "shapes-001"
    page = (folder / "tune.html").read_text("utf-8")

    assert "4 heads, judged out of fold" in said and said.count("on test") == 1
    assert "is also the luckiest" in said and "objektiv export" in said
    assert "<script" not in page and "http://" not in page.replace("http://www.w3.org", "")
    assert page.count('<section id="setting-') == 2
    assert (folder / "leaderboard.csv").is_file() and (folder / "winner-001").is_dir()


@pytest.mark.parametrize(
    ("grid", "words", "told"),
    [
        ("learnig_rate: [0.1]\n", [], "did you mean 'learning_rate'"),
        ("strength: [1, -1]\nkernl: [3]\n", [], "did you mean 'kernel'"),
        ("{}\n", [], "it is empty"),
        ("", [], "is not a list of settings"),
        ("strength: [1\n", [], "cannot be read as YAML"),
        ("strength: [1]\nstrength: [2]\n", [], "more than once"),
        ("strength: {low: 1, high: 10}\n", [], "a range needs `--search N`"),
        ("strength: {low: 10, high: 1}\n", ["--search", "3"], "must be less"),
        ("out: [a, b]\n", [], "out may not vary"),
        ("strength: [1]\n", ["--jobs", "0"], "jobs"),
        ("strength: [1]\n", ["--search", "many"], "search"),
        ("model: [cnn]\nsize: [16]\npool: [2]\nfilters: [[8, 8]]\nlearning_rate: [fast]\n", [],
         "learning_rate: 'fast'"),
    ],
)  # fmt: skip
def test_bad_grids_are_usage_errors(
    given: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    grid: str,
    words: list[str],
    told: str,
) -> None:
    """Exit code 2, the mistake by name, no traceback, and no folder left."""
    path = tmp_path / "grid.yaml"
    path.write_text(grid, "utf-8")
    code = run(cli.app, [*given, "--grid", str(path), *words])
    said = capsys.readouterr().err

    assert code == 2 and told in said and "Traceback" not in said
    assert not (tmp_path / "tunes").exists()


def test_a_search_without_a_space_and_a_missing_file(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both say what is needed."""
    assert run(cli.app, [*given, "--search", "5"]) == 2
    assert "--grid FILE" in capsys.readouterr().err
    assert run(cli.app, [*given, "--grid", str(tmp_path / "none.yaml")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_out_among_the_data_is_refused(shapes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The next reading would take it for a class."""
    words = ["tune", str(shapes), "--out", str(shapes / "tunes")]
    assert run(cli.app, words) == 2
    assert "lies among the data" in capsys.readouterr().err
