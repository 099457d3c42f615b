"""Findings about single files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from objektiv.auditing.files import file_findings
from objektiv.auditing.findings import Finding
from objektiv.data.dataset import Dataset, read
from objektiv.data.settings import ReadSettings
from objektiv.flow.check import DataCheck
from tests.data.pictures import png

MAX_PIXELS = 1_000_000


@pytest.fixture
def found(planted_check: DataCheck) -> dict[str, Finding]:
    """The findings of the planted folder by kind."""
    return {finding.kind: finding for finding in planted_check.checked.findings}


def test_what_cannot_be_read_is_counted_by_reason(found: dict[str, Finding]) -> None:
    """An empty file, a cut one and a text named .jpg are three reasons."""
    finding = found["quarantine"]

    assert finding.severity == "warning"
    assert set(finding.items["reason"]) == {"empty", "truncated", "not-an-image"}
    assert "3 files of" in finding.evidence
    assert "1 empty, 1 not-an-image, 1 truncated" in finding.evidence


def test_equal_bytes_under_two_labels_are_an_error(found: dict[str, Finding]) -> None:
    """Both copies are named, each with the other."""
    finding = found["two-labels"]

    assert finding.severity == "error"
    assert set(finding.items["id"]) == {
        "train/disc/g02_disc_2.png",
        "train/stripe/g22_torn.png",
    }
    assert "train/stripe/g22_torn.png (stripe)" in finding.evidence
    assert "train/disc/g02_disc_2.png (disc)" in finding.evidence


@pytest.mark.parametrize(
    ("kind", "id"),
    [
        ("suffix", "train/disc/g26_lie.png"),
        ("animation", "train/disc/g27_moving.gif"),
        ("dark-sixteen-bit", "train/disc/g28_dark.png"),
        ("dark", "train/disc/g28_dark.png"),
    ],
)
def test_odd_files_are_named(found: dict[str, Finding], kind: str, id: str) -> None:
    """Each oddity that was planted is found once, and alone."""
    assert found[kind].items["id"].to_list() == [id]


def _white_share(dataset: Dataset, planted_check: DataCheck) -> list[str]:
    empty = planted_check.seen.features
    features = replace(empty, ids=(), values=empty.values[:0])
    return [f.kind for f in file_findings(dataset, features, max_pixels=MAX_PIXELS)]


def test_white_areas_are_told_where_pictures_have_them(
    tmp_path: Path, planted_check: DataCheck
) -> None:
    """A tenth of white pixels is a finding; a twenty-fifth is none."""
    for name, rows in (("much", 4), ("little", 1)):
        for number in range(3):
            pixels = np.full((40 if rows == 4 else 30, 30, 3), 90 + number, np.uint8)
            pixels[:rows] = 255
            path = tmp_path / name / "a" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(pixels))

    def kinds(name: str) -> list[str]:
        dataset = read(tmp_path / name, ReadSettings())
        items = dataset.items.with_columns(notes=None)
        return _white_share(replace(dataset, items=items), planted_check)

    assert kinds("much") == ["clipped"]
    assert kinds("little") == []
