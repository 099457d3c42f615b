"""The numbers of a figure are those that are drawn, and names in them start no formula."""

from __future__ import annotations

from pathlib import Path

from objektiv.faces.figures import Figure, comparison, epochs, write_figures
from objektiv.faces.plots import Bar
from objektiv.judging.intervals import Interval


def test_files_hold_the_numbers(tmp_path: Path) -> None:
    """One file a figure, with a head; what is not known is empty."""
    bars = [
        Bar("shown", "model", Interval(0.9, 0.8, 0.95, "", None, None), "model"),
        Bar("other", "none", 0.5, "frequent"),
    ]

    write_figures([comparison(bars)], tmp_path)

    text = (tmp_path / "figures" / "comparison.csv").read_text(encoding="utf-8")
    assert text == "model,estimate,low,high\nmodel,0.9,0.8,0.95\nfrequent,0.5,,\n"


def test_names_start_no_formula(tmp_path: Path) -> None:
    """A class called =1+1 is no formula for a spreadsheet."""
    write_figures([Figure("roc", "<svg></svg>", ("class",), (("=1+1",),))], tmp_path)

    assert (tmp_path / "figures" / "roc.csv").read_text(encoding="utf-8") == "class\n'=1+1\n"


def test_curves_count_epochs_from_one() -> None:
    """A row an epoch, a column a curve."""
    drawn = epochs({"training": [0.9, 0.5], "validation": [0.8, 0.6]}, best=1, of="loss")

    assert drawn.head == ("epoch", "training", "validation")
    assert drawn.rows == ((1, 0.9, 0.8), (2, 0.5, 0.6))
    assert drawn.file == "figures/loss.csv"
