"""What a training leaves for people to read."""

from __future__ import annotations

from pathlib import Path


def test_a_run_has_a_report_of_its_own(trained: Path) -> None:
    """The report is one page that names the run and both classes."""
    page = (trained / "report.html").read_text(encoding="utf-8")

    assert trained.name in page
    assert "<html" in page
