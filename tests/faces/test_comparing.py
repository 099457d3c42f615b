"""What compare prints and draws."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.faces import comparing
from objektiv.flow.compare import compare
from tests.flow.test_compare import _worse


def test_the_table_and_a_page_are_made(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both runs stand in the table, what the difference proves below it, and the page is there."""
    worse = _worse(trained, tmp_path / "worse-001")

    comparing.compare([worse, trained], tmp_path / "compared")

    said = capsys.readouterr().out
    page = (tmp_path / "compared" / "comparison-001" / "comparison.html").read_text()
    assert f"{trained.name} is shown to be better than worse-001." in said
    assert page.count("<svg") == 3  # the brand's, and two figures
    assert "worse-001" in page and "100.0\u00a0%" in page


def test_runs_on_other_items_are_named(trained: Path, tmp_path: Path) -> None:
    """A sentence says which run was not compared item by item."""
    found = compare([trained, _worse(trained, tmp_path / "worse-001")])
    other = type(found.rows[1])(**{**vars(found.rows[1]), "difference": None, "differs": "other"})

    told = comparing.sentences(type(found)((found.rows[0], other)))

    assert "worse-001 is not compared item by item: other." in told


def test_bytes_are_told_in_millions() -> None:
    """As files are sold, not in powers of two."""
    assert comparing.megabytes(13_480_435) == "13.5 MB"
