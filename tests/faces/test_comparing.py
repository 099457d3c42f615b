"""What compare prints and writes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from objektiv.faces import comparing
from objektiv.faces.contest import megabytes
from objektiv.flow.run import Run
from objektiv.judging.significance import holm
from tests.flow.test_compare import changed, worse


def test_the_table_and_a_page_are_made(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both runs stand in the table, what the difference proves below it, and the page is there."""
    other = worse(trained, tmp_path / "worse-001")

    comparing.compare([other, trained], tmp_path / "compared")

    said = capsys.readouterr().out
    text = (tmp_path / "compared" / "comparison-001" / "comparison.html").read_text()
    assert f"{trained.name} is not shown to be better than worse-001 (+100.0 points" in said
    assert "With 2 groups no test can show a difference" in said
    assert "worse-001" in text and "100.0\u00a0%" in text


def test_figures_are_written_as_data(trained: Path, tmp_path: Path) -> None:
    """runs.csv and pairs.csv hold what the page shows, in numbers."""
    runs = [trained, *(worse(trained, tmp_path / f"w-{k}", turned=k) for k in (2, 5))]

    comparing.compare(runs, tmp_path)

    folder = tmp_path / "comparison-001"
    table, pairs = pl.read_csv(folder / "runs.csv"), pl.read_csv(folder / "pairs.csv")
    assert table["run"].to_list() == [trained.name, "w-2", "w-5"]
    assert table["accuracy"].to_list() == pytest.approx([1, 10 / 12, 7 / 12])
    assert pairs["only_first_right"].to_list() == [2, 5, 3]
    assert pairs["p_after_holm"].to_list() == pytest.approx(holm(pairs["obuchowski"].to_list()))
    assert not (folder / "differing.csv").exists()


def test_items_that_differ_are_listed(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first ten on the terminal, all in differing.csv."""
    swapped = {"test": "train", "train": "test"}
    parts = tuple(swapped.get(part, part) for part in Run(trained).predictions().parts)
    other = changed(trained, tmp_path / "other-001", parts=parts)

    comparing.compare([trained, other], tmp_path)

    said = capsys.readouterr().out
    assert said.count(": only in this one") + said.count(": not in this one") == 10
    table = pl.read_csv(tmp_path / "comparison-001" / "differing.csv")
    assert (len(table), set(table["run"])) == (48, {"other-001"})


def test_bytes_are_told_in_millions() -> None:
    """As files are sold, not in powers of two."""
    assert megabytes(13_480_435) == "13.5 MB"
