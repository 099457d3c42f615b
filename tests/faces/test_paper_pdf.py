"""PDF files are whole, carry their fonts, and say all that the paper says."""

from __future__ import annotations

import re
import zlib

import pytest

pytest.importorskip("fpdf", reason="the extra office is not installed")

from objektiv.base.language import speaking
from objektiv.faces.paper_pdf import pdf
from objektiv.faces.papers import Paper, Paragraph, Section
from objektiv.faces.sections import Table
from tests.faces.sheets import PAPER


def _streams(data: bytes) -> bytes:
    """All that can be unpacked."""
    found = []
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            found.append(zlib.decompress(match[1]))
        except zlib.error:
            found.append(match[1])
    return b"".join(found)


def test_the_same_paper_gives_the_same_bytes() -> None:
    """No clock and no chance in it."""
    assert pdf(PAPER, language="en") == pdf(PAPER, language="en")


def test_fonts_are_inside_and_the_language_is_told() -> None:
    """It looks the same everywhere, umlauts too, and is read aloud rightly."""
    with speaking("de"):
        data = pdf(PAPER, language="de")

    assert data.startswith(b"%PDF-")
    assert data.count(b"/FontFile2") >= 4
    assert b"/Lang (de)" in data
    assert b"/Author" not in data


def test_figures_are_described_and_sections_bookmarked() -> None:
    """As structure that readers use."""
    data = pdf(PAPER, language="en")

    assert data.count(b"/Subtype /Image") == 1  # equal pictures are stored once
    assert b"/Outlines" in data
    assert b"/Alt" in data


def test_a_long_table_goes_on_over_pages_with_its_head() -> None:
    """Rows are never cut; each page begins with the head again."""
    rows = tuple((f"name {n}", f"{n}") for n in range(150))
    paper = Paper("Long", sections=(Section("Rows", (Table("Many", ("name", "n"), rows),)),))
    data = pdf(paper, language="en")

    assert data.count(b"/Type /Page\n") >= 3


def test_nothing_in_a_cell_is_too_wide() -> None:
    """A name without blanks is broken, not refused."""
    table = Table("Wide", ("name", "n"), (("x" * 400, "1"), ("y", "2" * 90)))
    paper = Paper("Wide", sections=(Section("Rows", (table, Paragraph("z" * 500))),))

    assert pdf(paper, language="en").startswith(b"%PDF-")


def test_many_columns_beside_a_long_name_have_room() -> None:
    """The long word is broken, so that no number has too little."""
    head = ("x" * 200, *(str(n) for n in range(12)))
    paper = Paper("Wide", sections=(Section("Rows", (Table("Wide", head, (head,)),)),))

    assert pdf(paper, language="en").startswith(b"%PDF-")


def test_signs_that_the_font_lacks_do_not_stop_it() -> None:
    """They are empty boxes; the rest is there."""
    paper = Paper("細胞", sections=(Section("A 細胞", (Paragraph("a\x00b 細胞"),)),))

    assert pdf(paper, language="en").startswith(b"%PDF-")
