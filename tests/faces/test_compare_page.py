"""The page of a comparison."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from objektiv.faces.compare_page import page
from objektiv.flow.compare import compare
from tests.faces.test_contest import compared
from tests.flow.test_compare import changed, worse


def test_runs_are_drawn_with_the_pictures_that_one_alone_has_right(
    trained: Path, tmp_path: Path
) -> None:
    """Two tables, two figures, and three pictures of the better run."""
    found = compare([trained, worse(trained, tmp_path / "worse-001", turned=3)])
    text = page(found, title="comparison-001")

    assert text.count("<svg") == 3  # the brand's, and two figures
    assert text.count("<table") == 2
    assert len(re.findall(r'<img src="data:image/', text)) == 3
    assert f"Only {trained.name}: 3" in text and "Only worse-001: 0" in text
    assert "2 runs on the same 12 test pictures" in text


def test_without_pictures_their_names_stand_there(tmp_path: Path) -> None:
    """Tables of predictions know no folder: no picture, no empty frame."""
    text = page(compared("1101", "0011"), title="comparison-001")

    assert "<img" not in text and 'class="missing"' not in text
    assert "not known or gone" in text
    assert "Only a: 2" in text and "1.<wbr>png" in text.replace("<wbr>.", ".<wbr>")


def test_other_items_stand_apart_with_the_first_that_differ(trained: Path, tmp_path: Path) -> None:
    """A table of their own, escaped, and no pair."""
    text = page(compared("10", differs=12), title="x")

    assert "Other test pictures" in text and "Two by two" not in text
    assert "&lt;b&gt;9.png" in text and "<b>9" not in text
    assert "&lt;b&gt;10.png" not in text


def test_an_operating_point_is_told_below_its_figure(trained: Path, tmp_path: Path) -> None:
    """What the threshold was chosen for stands below the sensitivity."""
    found = compare([trained, changed(trained, tmp_path / "other-001")])
    rows = tuple(replace(row, demanded="sensitivity 0.98") for row in found.rows)
    text = page(replace(found, rows=rows), title="x")

    assert "sensitivity (disc)" in text and "for sensitivity 0.98" in text


def test_names_of_runs_and_classes_are_escaped() -> None:
    """What a folder is called does not become markup."""
    found = compared("1101", "0011")
    rows = tuple(replace(row, name=f"<i>{row.name}</i>") for row in found.rows)
    text = page(replace(found, rows=rows), title="<u>x</u>")

    assert "<i>" not in text and "<u>" not in text
    assert "&lt;i&gt;a" in text
