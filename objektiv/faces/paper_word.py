"""A paper as a Word file: real headings, captions that count, fields that update, marked prompts.

In: a Paper. Out: the bytes of a .docx file. Needs the extra `office`.
Try: `Path("status.docx").write_bytes(word(status_paper(data), language="en"))`.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from objektiv.base.language import tr
from objektiv.faces.canvas import GREY, INK, SOFT, VIOLET
from objektiv.faces.papers import Block, Bullets, Figure, Paper, Paragraph, Prompt, fitted
from objektiv.faces.sections import Table
from objektiv.faces.words import shown

A4, MARGIN = (21.0, 29.7), 2.5  # centimetres
LETTERS, HEADINGS, MONO = "Calibri", "Georgia", "Courier New"
SIZES = {"Title": 24, "Heading 1": 16, "Heading 2": 12.5, "Normal": 11, "Caption": 9}
SPELLING = {"en": "en-GB", "de": "de-DE"}
WIDEST = A4[0] - 2 * MARGIN
LARGER = 1.2  # than a figure's own size, where the page has the room
WARM, TINT = "FFF4E0", "F3EFF9"


def word(paper: Paper, *, language: str) -> bytes:
    """The file; `language` is that of its spelling check."""
    document = Document()
    _look(document, language)
    _describe(document, paper.title, language)
    document.add_paragraph(shown(paper.title), style="Title")
    for told in paper.lines:
        _text(document.add_paragraph(), told, colour=SOFT)
    if paper.contents:
        _contents(document, paper)
    counted: Counter[str] = Counter()  # figures and tables so far
    for heading, section in paper.headings():
        document.add_heading(shown(heading), level=section.level)
        for block in section.blocks:
            _block(document, block, counted)
    _page_numbers(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _look(document: Any, language: str) -> None:
    page = document.sections[0]
    page.page_width, page.page_height = Cm(A4[0]), Cm(A4[1])
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(MARGIN)
    for name, size in SIZES.items():
        style = document.styles[name]
        letters = HEADINGS if name.startswith(("Title", "Heading")) else LETTERS
        style.font.name, style.font.size = letters, Pt(size)
        style.font.color.rgb = _rgb(VIOLET if name == "Heading 1" else INK)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{script}"), None)  # a theme's font would win
        fonts.set(qn("w:hAnsi"), letters)
    document.styles["Caption"].font.bold = False
    document.styles["Normal"].paragraph_format.space_after = Pt(6)
    document.styles["Title"].paragraph_format.space_after = Pt(4)
    spelling = OxmlElement("w:lang")
    spelling.set(qn("w:val"), SPELLING[language])
    document.styles["Normal"].element.get_or_add_rPr().append(spelling)


def _describe(document: Any, title: str, language: str) -> None:
    facts = document.core_properties
    facts.title, facts.language = shown(title), SPELLING[language]
    facts.author = facts.comments = facts.last_modified_by = ""
    facts.created = facts.modified = datetime(2000, 1, 1, tzinfo=UTC)


def _rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour.removeprefix("#").upper())


def _text(
    paragraph: Any, text: str, *, colour: str = "", size: float = 0, looks: Sequence[str] = ()
) -> Any:
    """Text at the end of a paragraph; `looks`: bold, italic."""
    run = paragraph.add_run(shown(text))
    if colour:
        run.font.color.rgb = _rgb(colour)
    if size:
        run.font.size = Pt(size)
    run.bold, run.italic = "bold" in looks or None, "italic" in looks or None
    return paragraph


def _block(document: Any, block: Block, counted: Counter[str]) -> None:
    if isinstance(block, Paragraph):
        _paragraph(document, block)
    elif isinstance(block, Prompt):
        told = tr("Write here: {told}", told=block.text)
        paragraph = _text(document.add_paragraph(), told, looks=("italic",))
        paragraph.paragraph_format.space_before = Pt(4)
        _shade(paragraph._p.get_or_add_pPr(), WARM)
    elif isinstance(block, Bullets):
        for item in block.items:
            _text(document.add_paragraph(style="List Bullet"), item)
    elif isinstance(block, Figure):
        _figure(document, block, counted)
    else:
        _table(document, block, counted)


def _paragraph(document: Any, block: Paragraph) -> None:
    paragraph = document.add_paragraph()
    small = block.look == "small"
    bold = ("bold",) if block.look == "strong" else ()
    colour, size = (SOFT, 9.5) if small else ("", 0)
    _text(paragraph, block.text, colour=colour, size=size, looks=bold)
    if block.look == "warning":
        _shade(paragraph._p.get_or_add_pPr(), WARM)
    if block.look == "code":
        paragraph.runs[0].font.name = MONO


def _shade(properties: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:fill"), colour)
    properties.append(shade)


def _figure(document: Any, figure: Figure, counted: Counter[str]) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    width = Cm(min(WIDEST, LARGER * figure.width))
    picture = paragraph.add_run().add_picture(io.BytesIO(figure.data), width=width)
    picture._inline.docPr.set("descr", shown(figure.told))
    _caption(document, tr("Figure"), figure.caption, counted)


def _caption(document: Any, kind: str, text: str, counted: Counter[str]) -> Any:
    """`Figure 1: ...`, the number being a field that counts."""
    counted[kind] += 1
    paragraph = document.add_paragraph(style="Caption")
    _text(paragraph, f"{kind} ")
    _field(paragraph, f"SEQ {kind} \\* ARABIC", str(counted[kind]))
    return _text(paragraph, f": {text}")


def _field(paragraph: Any, code: str, until_updated: str) -> None:
    """A field of Word; `until_updated` is shown until it is reckoned."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = until_updated
    run.append(text)
    field.append(run)
    paragraph._p.append(field)


def _table(document: Any, table: Table, counted: Counter[str]) -> None:
    if table.caption:
        caption = _caption(document, tr("Table"), table.caption, counted)
        caption.paragraph_format.keep_with_next = True
    rows = [table.head, *table.rows, *([table.foot] if table.foot else [])]
    drawn = document.add_table(rows=len(rows), cols=len(table.head))
    drawn.alignment, drawn.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    _rules(drawn)
    widths = _widths(rows)
    for column, width in zip(drawn.columns, widths, strict=True):
        column.width = Cm(width)
    bold = {0} | ({len(rows) - 1} if table.foot else set())
    for number, (row, cells) in enumerate(zip(drawn.rows, rows, strict=True)):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for place, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
            cell.width = Cm(widths[place])
            _cell(cell, text, bold=number in bold, number=place >= table.names)
            if number - 1 in table.marked or number == 0:
                _shade(cell._tc.get_or_add_tcPr(), TINT)
    document.add_paragraph().paragraph_format.space_after = Pt(2)


def _rules(table: Any) -> None:
    """Thin lines below each row, none between columns."""
    borders = OxmlElement("w:tblBorders")
    for edge in ("top", "bottom", "insideH"):
        rule = OxmlElement(f"w:{edge}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", GREY[1:])):
            rule.set(qn(f"w:{name}"), value)
        borders.append(rule)
    table._tbl.tblPr.append(borders)


def _widths(rows: Sequence[Sequence[str]]) -> list[float]:
    """Of the columns in centimetres, by their longest line; empty ones get room to write."""
    columns = list(zip(*rows, strict=True))
    lines = [max(len(line) for cell in column for line in cell.split("\n")) for column in columns]
    words = [
        max(len(word) for cell in column for word in (*cell.split(), "")) for column in columns
    ]
    least = [min(9.0, 0.2 * letters + 0.5) for letters in words]
    wanted = [max(min(9.0, 0.19 * letters + 0.5), 1.6) for letters in lines]
    empty = [k for k, column in enumerate(zip(*rows[1:], strict=True)) if not any(column)]
    share = max(0.0, WIDEST - sum(wanted)) / max(1, len(empty))
    for k in empty:
        wanted[k] += share
    return fitted(wanted, least, WIDEST)


def _cell(cell: Any, text: str, *, bold: bool, number: bool) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    if number:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    first, *rest = text.split("\n")
    _text(paragraph, first, size=9.5, looks=("bold",) if bold else ())
    for line in rest:
        paragraph.add_run().add_break()
        _text(paragraph, line, size=8, colour=SOFT)


def _contents(document: Any, paper: Paper) -> None:
    """The table of contents as a field, filled already; Word adds page numbers with F9."""
    _text(document.add_paragraph(), tr("Contents"), looks=("bold",))
    headings = list(paper.headings())
    for place, (heading, section) in enumerate(headings):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.left_indent = Cm(0.8 * (section.level - 1))
        paragraph.paragraph_format.space_after = Pt(1)
        if place == 0:
            _mark(paragraph, "begin")
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = 'TOC \\o "1-2" \\h'
            paragraph.add_run()._r.append(code)
            _mark(paragraph, "separate")
        _text(paragraph, heading)
        if place == len(headings) - 1:
            _mark(paragraph, "end")
    document.add_page_break()


def _mark(paragraph: Any, kind: str) -> None:
    mark = OxmlElement("w:fldChar")
    mark.set(qn("w:fldCharType"), kind)
    paragraph.add_run()._r.append(mark)


def _page_numbers(document: Any) -> None:
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _field(paragraph, "PAGE", "1")
