"""Word files open, with real headings, captions, marked prompts and a spelling language."""

from __future__ import annotations

import io
from typing import Any

import pytest

docx = pytest.importorskip("docx", reason="the extra office is not installed")

from objektiv.base.language import speaking
from objektiv.faces.paper_word import word
from tests.faces.sheets import PAPER


def _open(language: str = "en") -> Any:
    with speaking(language):
        return docx.Document(io.BytesIO(word(PAPER, language=language)))


def test_headings_are_headings() -> None:
    """So that Word's own navigation and contents find them."""
    found = [(p.style.name, p.text) for p in _open().paragraphs if p.style.name[:4] == "Head"]

    assert found == [
        ("Heading 1", "1 Begin"),
        ("Heading 2", "1.1 Part"),
        ("Heading 1", "2 Figures"),
    ]


def test_captions_count() -> None:
    """Figures and tables each from 1, as fields that Word updates."""
    captions = [p for p in _open().paragraphs if p.style.name == "Caption"]
    numbers = ["".join(t.text or "" for t in p._p.iter() if t.tag.endswith("}t")) for p in captions]

    assert numbers == ["Table 1: Some numbers", "Figure 1: A caption", "Figure 2: A caption"]
    assert all("SEQ" in p._p.xml for p in captions)


def test_a_table_holds_all_cells() -> None:
    """With its foot, the second line below the first, and its head repeated on each page."""
    table = _open().tables[0]
    cells = [[cell.text for cell in row.cells] for row in table.rows]

    assert cells[0] == ["class", "pictures", "recall"]
    assert cells[1] == ["cat", "12", "91.0 %\n80.0 to 95.0"]
    assert cells[3] == ["all", "15", ""]
    assert "tblHeader" in table.rows[0]._tr.xml


def test_prompts_are_marked_and_warnings_shaded() -> None:
    """Nobody overlooks what is to be written."""
    shaded = [p.text for p in _open().paragraphs if "w:shd" in p._p.xml]

    assert shaded == ["Take care.", "Write here: Why does it matter?"]


def test_figures_are_described() -> None:
    """For who does not see them."""
    shapes = _open().inline_shapes

    assert len(shapes) == 2
    assert shapes[0]._inline.docPr.get("descr") == "What it tells"


def test_spelling_and_own_words_follow_the_language() -> None:
    """German is checked as German."""
    document = _open("de")
    xml = document.styles["Normal"].element.xml

    assert 'w:val="de-DE"' in xml
    assert any(p.text == "Inhalt" for p in document.paragraphs)
    assert any("Abbildung" in p._p.xml for p in document.paragraphs)


def test_a_hostile_name_does_not_stop_the_file() -> None:
    """XML takes no control characters; they are shown as what they are."""
    text = "\n".join(p.text for p in _open().paragraphs)

    assert r"a*b_c|<i>d</i>\x07\u202e" in text


def test_the_same_paper_has_no_author_and_no_clock() -> None:
    """Nothing of the machine stands in the file."""
    facts = _open().core_properties

    assert (facts.author, facts.last_modified_by, facts.created.year) == ("", "", 2000)
