"""PowerPoint files open, a slide each section, nothing outside of the slide."""

from __future__ import annotations

import io
from typing import Any

import pytest

pptx = pytest.importorskip("pptx", reason="the extra office is not installed")

from objektiv.base.language import speaking
from objektiv.faces.paper_slides import slides
from objektiv.faces.papers import Bullets, Paper, Prompt, Section
from objektiv.faces.sections import Table
from tests.faces.sheets import PAPER, TABLE, figure


def _open(paper: Paper = PAPER, language: str = "en") -> Any:
    with speaking(language):
        return pptx.Presentation(io.BytesIO(slides(paper, language=language)))


def _texts(slide: Any) -> list[str]:
    return [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]


def test_there_is_a_slide_for_each_section_and_one_for_the_title() -> None:
    """Titles are real titles, which outlines and screen readers find."""
    show = _open()

    assert len(show.slides) == 1 + len(PAPER.sections)
    assert [s.shapes.title.text_frame.text for s in list(show.slides)[1:]] == [
        "Begin",
        "Part",
        "Figures",
    ]


def test_minutes_stand_on_the_slide_and_prompts_in_its_notes() -> None:
    """Who speaks sees what to say and how long."""
    slide = _open().slides[1]

    assert "1.5 min" in _texts(slide)
    assert slide.notes_slide.notes_text_frame.text == "Breathe.\nWhy does it matter?"


def test_nothing_stands_outside_of_the_slide() -> None:
    """Also where one slide holds a list, a table, figures and much to write."""
    crowded = Section(
        "Much",
        (
            Bullets(tuple("a rather long line of words that goes on and on" for _ in range(6))),
            Prompt("What is to be said about it, and why? " * 4),
            TABLE,
            figure(),
            figure("two.png"),
        ),
    )
    show = _open(Paper("Talk", sections=(crowded, *PAPER.sections)))

    for slide in show.slides:
        for shape in slide.shapes:
            assert shape.left >= 0 and shape.top >= 0
            assert shape.left + shape.width <= show.slide_width
            assert shape.top + shape.height <= show.slide_height


def test_a_long_table_is_cut_and_says_so() -> None:
    """A slide holds what can be read; the rest is counted."""
    rows = tuple((f"name {n}", f"{n}") for n in range(80))
    long = Section("Long", (Table("Many", ("name", "n"), rows),))
    show = _open(Paper("Talk", sections=(long,)))
    shape = next(s for s in show.slides[1].shapes if s.has_table)
    cells = [row.cells[0].text for row in shape.table.rows]

    assert cells[-1] == f"and {80 - (len(cells) - 2)} more in the report"
    assert shape.top + shape.height <= show.slide_height


def test_tables_and_figures_are_there() -> None:
    """Every cell, and a description of each picture."""
    show = _open()
    table = next(s.table for s in show.slides[2].shapes if s.has_table)
    pictures = [s for s in show.slides[3].shapes if s.shape_type == 13]

    assert [cell.text for cell in table.rows[1].cells] == ["cat", "12", "91.0 % (80.0 to 95.0)"]
    assert [p._element.nvPicPr.cNvPr.get("descr") for p in pictures] == ["What it tells"] * 2


def test_german_is_checked_as_german() -> None:
    """Each run of text says its language."""
    slide = _open(language="de").slides[1]
    xml = slide.shapes[-1]._element.xml

    assert 'lang="de-DE"' in xml
    assert "Hier schreiben: Why does it matter?" in _texts(slide)
    assert "1,5 min" in _texts(slide)
