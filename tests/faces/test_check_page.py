"""The page of a check."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from objektiv.faces.check_page import headline, next_commands, page, probes_table
from objektiv.flow.check import DataCheck


@pytest.fixture(scope="module")
def text(planted_check: DataCheck) -> str:
    """The page as text."""
    return page(planted_check)


def test_every_finding_stands_on_the_page(planted_check: DataCheck, text: str) -> None:
    """Title, command and a place to jump to, for each."""
    for number, finding in enumerate(planted_check.checked.findings, 1):
        assert finding.title in text
        assert f'href="#finding-{number}"' in text
        assert f'id="finding-{number}"' in text


def test_page_needs_nothing_from_outside(text: str) -> None:
    """No address but data: and places on the page; no script."""
    assert "<script" not in text
    for address in re.findall(r'(?:src|href)="([^"]*)"', text):
        assert address.startswith(("data:", "#"))


def test_pictures_are_shown_and_unreadable_ones_say_why(text: str) -> None:
    """Thumbnails are inside the page; an empty file has a placeholder with its reason."""
    assert "data:image/" in text
    assert "the file is empty" in text
    assert "the image is cut off" in text


def test_names_are_escaped(planted_check: DataCheck) -> None:
    """A file name that is HTML stays text."""
    checked = planted_check.checked
    findings = list(checked.findings)
    findings[0] = replace(findings[0], evidence="<img src=x onerror=alert(1)>")
    evil = replace(planted_check, checked=replace(checked, findings=tuple(findings)))

    assert "<img src=x" not in page(evil)


def test_headline_counts_by_severity(planted_check: DataCheck) -> None:
    """Errors, warnings, notes, each with its number; nothing where nothing was found."""
    assert re.fullmatch(r"4 errors, \d+ warnings?, \d+ notes?", headline(planted_check))
    clean = replace(planted_check.checked, findings=())
    assert headline(replace(planted_check, checked=clean)) == "nothing to complain about"


def test_next_command_trains_on_the_cleaned_table(planted_check: DataCheck) -> None:
    """With the table written, training on it; without, writing it first."""
    (command,) = next_commands(planted_check)
    assert command.endswith(f"--labels {planted_check.manifest}")
    first, second = next_commands(replace(planted_check, manifest=None))
    assert first.endswith("--fix")
    assert second == f"objektiv train {planted_check.data}"


def test_probes_stand_beside_the_model(planted_check: DataCheck) -> None:
    """The model leads the table and is marked."""
    probes = planted_check.checked.probes
    assert probes is not None

    table = probes_table(probes)

    assert table.rows[0][0] == "the model"
    assert table.marked == (0,)
    assert len(table.rows) == 7
