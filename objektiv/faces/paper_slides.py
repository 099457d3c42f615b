"""A paper as PowerPoint slides: one a section, with the minutes it may take and speaker's notes.

In: a Paper. Out: the bytes of a .pptx file, 16 to 9. Needs the extra `office`.
Try: `Path("talk.pptx").write_bytes(slides(talk(data), language="en"))`.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Cm, Pt

from objektiv.base.language import figure, tr
from objektiv.faces.canvas import INK, RULE, SOFT, VIOLET
from objektiv.faces.papers import (
    Block,
    Bullets,
    Figure,
    Paper,
    Paragraph,
    Prompt,
    Section,
    fitted,
    in_one_line,
)
from objektiv.faces.sections import Table
from objektiv.faces.words import shown

WIDE, HIGH = 33.87, 19.05  # centimetres, like all lengths here
EDGE, GAP = 1.6, 1.0
TOP, FLOOR = 3.4, 17.6  # of what stands below a title
LETTERS, HEADINGS = "Calibri", "Georgia"
SIZES = (20, 18, 16, 14, 12)  # points, the largest that fits
TABLE_SIZES = (18, 16, 14, 12, 11, 10, 9)
LETTER = 0.5  # width of a letter, of its height, on average
POINT = 2.54 / 72
TIGHT = 1.06  # times LETTER, in the cells of a table
PADDING, WRAPPED = 0.4, 26  # of a cell; letters in it from which on it is broken into lines
LINE = 1.22  # of the height of letters
MANY = 6  # columns of a table that wants more than its half
WARM, WHITE = "#fff4e0", "#ffffff"
TITLE_LAYOUT, PLAIN_LAYOUT = 0, 5  # of the library's own template
SPELLING = {"en": "en-GB", "de": "de-DE"}


class _Box(NamedTuple):
    """A place on a slide."""

    left: float
    top: float
    width: float
    height: float


def slides(paper: Paper, *, language: str) -> bytes:
    """The file; `language` is that of its spelling check."""
    show = Presentation()
    show.slide_width, show.slide_height = Cm(WIDE), Cm(HIGH)
    _describe(show, paper.title)
    first = show.slides.add_slide(show.slide_layouts[TITLE_LAYOUT])
    _opening(first, paper)
    for number, section in enumerate(paper.sections, start=2):
        slide = show.slides.add_slide(show.slide_layouts[PLAIN_LAYOUT])
        _slide(slide, section, number)
    for slide in show.slides:
        for shape in slide.shapes:
            _spell(shape, SPELLING[language])
    buffer = io.BytesIO()
    show.save(buffer)
    return buffer.getvalue()


def _describe(show: Any, title: str) -> None:
    facts = show.core_properties
    facts.title, facts.author, facts.last_modified_by = shown(title), "", ""
    facts.created = facts.modified = datetime(2000, 1, 1, tzinfo=UTC)


def _spell(shape: Any, language: str) -> None:
    frames = [shape.text_frame] if shape.has_text_frame else []
    if shape.has_table:
        frames = [cell.text_frame for row in shape.table.rows for cell in row.cells]
    for frame in frames:
        for paragraph in frame.paragraphs:
            for run in paragraph.runs:
                run.font._element.set("lang", language)


def _opening(slide: Any, paper: Paper) -> None:
    title, below = slide.placeholders[0], slide.placeholders[1]
    _put(title, _Box(EDGE, 5.0, WIDE - 2 * EDGE, 4.2))
    _put(below, _Box(EDGE, 9.6, WIDE - 2 * EDGE, 4.0))
    _write(title.text_frame, [_Line(paper.title, 36, VIOLET, "title")])
    _write(below.text_frame, [_Line(told, 18, SOFT) for told in paper.lines])


def _put(shape: Any, box: _Box) -> None:
    shape.left, shape.top, shape.width, shape.height = map(Cm, box)


class _Line(NamedTuple):
    """A paragraph on a slide."""

    text: str
    size: float
    colour: str = INK
    look: str = ""  # title, bold, italic, bullet


def _write(frame: Any, lines: Sequence[_Line]) -> None:
    frame.word_wrap = True
    for place, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
        paragraph.alignment = PP_ALIGN.LEFT
        paragraph.space_after = Pt(line.size * 0.4)
        run = paragraph.add_run()
        run.text = ("• " if line.look == "bullet" else "") + shown(line.text)
        run.font.size, run.font.color.rgb = Pt(line.size), _rgb(line.colour)
        run.font.name = HEADINGS if line.look == "title" else LETTERS
        run.font.bold, run.font.italic = line.look == "bold", line.look == "italic"


def _rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour.removeprefix("#").upper())


def _slide(slide: Any, section: Section, number: int) -> None:
    title = slide.shapes.title
    _put(title, _Box(EDGE, 1.0, WIDE - 2 * EDGE - 3, 1.9))
    title.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    _write(title.text_frame, [_Line(section.title, 28, VIOLET, "title")])
    _corner(slide, section.minutes, number)
    texts = [b for b in section.blocks if not isinstance(b, Figure | Table)]
    sights: list[Figure | Table] = [b for b in section.blocks if isinstance(b, Figure | Table)]
    whole = _Box(EDGE, TOP, WIDE - 2 * EDGE, FLOOR - TOP)
    left, right = (whole, whole)
    if texts and sights:
        columns = max((len(s.head) for s in sights if isinstance(s, Table)), default=0)
        share = 0.47 if not columns else 0.40 if columns < MANY else 0.26
        left = whole._replace(width=share * (whole.width - GAP))
        across = whole.width - GAP - left.width
        right = whole._replace(left=left.left + left.width + GAP, width=across)
    if texts:
        _texts(slide, texts, left)
    _sights(slide, sights, right)
    told = [*section.notes, *(b.text for b in section.blocks if isinstance(b, Prompt))]
    slide.notes_slide.notes_text_frame.text = "\n".join(map(shown, told))


def _sights(slide: Any, sights: Sequence[Figure | Table], box: _Box) -> None:
    """Below each other; what a table leaves of its share is for those that follow."""
    top, left = box.top, len(sights)
    for sight in sights:
        room = (box.top + box.height - top - GAP * (left - 1)) / left
        place = box._replace(top=top, height=room)
        if isinstance(sight, Figure):
            _figure(slide, sight, place)
            top += room + GAP
        else:
            top += _table(slide, sight, place) + GAP
        left -= 1


def _corner(slide: Any, minutes: float, number: int) -> None:
    """Minutes above, the slide's number below."""
    for top, told in ((1.3, f"{figure(minutes, 'g')} min"), (17.9, str(number))):
        box = slide.shapes.add_textbox(Cm(WIDE - EDGE - 3), Cm(top), Cm(3), Cm(0.8))
        _write(box.text_frame, [_Line(told, 12, SOFT)])
        box.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT


def _texts(slide: Any, blocks: Sequence[Block], box: _Box) -> None:
    """Paragraphs and lists, then what is to be written, in the largest letters that fit."""
    told = [b for b in blocks if not isinstance(b, Prompt)]
    asked = [tr("Write here: {told}", told=b.text) for b in blocks if isinstance(b, Prompt)]
    size = next((s for s in SIZES if _tall(told, asked, s, box.width) <= box.height), SIZES[-1])
    top = box.top
    if told:
        lines = [line for block in told for line in _lines(block, size)]
        high = sum(_height(line.text, size, box.width) for line in lines)
        frame = slide.shapes.add_textbox(*map(Cm, box._replace(height=high))).text_frame
        _write(frame, lines)
        top += high + 0.4
    if asked:
        high = sum(_height(text, size, box.width) for text in asked) + 0.4
        shape = slide.shapes.add_textbox(*map(Cm, _Box(box.left, top, box.width, high)))
        shape.fill.solid()
        shape.fill.fore_color.rgb = _rgb(WARM)
        _write(shape.text_frame, [_Line(text, size, INK, "italic") for text in asked])


def _lines(block: Block, size: float) -> list[_Line]:
    if isinstance(block, Bullets):
        return [_Line(item, size, INK, "bullet") for item in block.items]
    if isinstance(block, Paragraph):
        return [_Line(block.text, size, INK, "bold" if block.look in ("strong", "warning") else "")]
    return []


def _tall(told: Sequence[Block], asked: Sequence[str], size: float, width: float) -> float:
    texts = [line.text for block in told for line in _lines(block, size)]
    return sum(_height(text, size, width) for text in [*texts, *asked]) + 0.8


def _height(text: str, size: float, width: float) -> float:
    """Of a paragraph, about, with the room below it."""
    letters = max(1, int((width - 0.6) / (LETTER * size * POINT)))
    lines = max(1, math.ceil((len(text) + 2) / letters * 1.05))
    return (lines * LINE + 0.4) * size * POINT


def _figure(slide: Any, figure: Figure, box: _Box) -> None:
    """As large as it fits, its caption below."""
    room = box.height - 1.3
    width = min(box.width, room * figure.width / figure.height)
    high = width * figure.height / figure.width
    place = _Box(box.left + (box.width - width) / 2, box.top, width, high)
    shape = slide.shapes.add_picture(io.BytesIO(figure.data), *map(Cm, place))
    shape._element.nvPicPr.cNvPr.set("descr", shown(figure.told))
    below = _Box(box.left, box.top + high + 0.1, box.width, 1.2)
    frame = slide.shapes.add_textbox(*map(Cm, below)).text_frame
    _write(frame, [_Line(figure.caption, 12, SOFT)])


def _table(slide: Any, table: Table, box: _Box) -> float:
    """In the largest letters in which it fits; returns the height that it took."""
    lines = [table.head, *table.rows, *([table.foot] if table.foot else [])]
    every = [tuple(map(in_one_line, line)) for line in lines]
    room = box.height - 0.9
    rows = _some(every, most=int(room / (LINE * TABLE_SIZES[-1] * POINT + 0.22)))
    for size in TABLE_SIZES:
        least, wanted = _widths(rows, size)
        wide = fitted(wanted, least, box.width)
        high = _rows_tall(rows, wide, size)
        if sum(least) <= box.width and high <= room:
            break
    wide = [w * box.width / sum(wide) for w in wide]
    frame = slide.shapes.add_textbox(*map(Cm, box._replace(height=0.8))).text_frame
    _write(frame, [_Line(table.caption, 12, SOFT)])
    place = box._replace(top=box.top + 0.9, height=high)
    shape = slide.shapes.add_table(len(rows), len(table.head), *map(Cm, place))
    drawn = shape.table
    for column, width in zip(drawn.columns, wide, strict=True):
        column.width = Cm(width)
    for number, cells in enumerate(rows):
        drawn.rows[number].height = Cm(high / len(rows))
        bold = number == 0 or (bool(table.foot) and number == len(rows) - 1)
        for place_, text in enumerate(cells):
            cell = drawn.cell(number, place_)
            cell.fill.solid()
            cell.fill.fore_color.rgb = _rgb(RULE if number == 0 else WHITE)
            cell.margin_top = cell.margin_bottom = Cm(0.08)
            cell.margin_left = cell.margin_right = Cm(0.15)
            line = _Line(text, size, INK, "bold" if bold else "")
            _write(cell.text_frame, [line])
            paragraph = cell.text_frame.paragraphs[0]
            paragraph.space_after = Pt(0)
            if place_ >= table.names:
                paragraph.alignment = PP_ALIGN.RIGHT
    return high + 0.9


def _some(rows: Sequence[Sequence[str]], *, most: int) -> Sequence[Sequence[str]]:
    """As many as a slide takes, and how many more there are."""
    if len(rows) <= most:
        return rows
    more = tr("and {more} more in the report", more=len(rows) - most + 1)
    return [*rows[: most - 1], [more, *[""] * (len(rows[0]) - 1)]]


def _widths(rows: Sequence[Sequence[str]], size: float) -> tuple[list[float], list[float]]:
    """Of the columns: what their longest words take, and what their lines would like."""
    letter = TIGHT * LETTER * size * POINT
    columns = list(zip(*rows, strict=True))
    longest = [max(len(cell) for cell in column) for column in columns]
    words = [max(len(word) for cell in c for word in (*cell.split(), "")) for c in columns]
    least = [n * letter + PADDING for n in words]
    return least, [min(WRAPPED, n) * letter + PADDING for n in longest]


def _rows_tall(rows: Sequence[Sequence[str]], wide: Sequence[float], size: float) -> float:
    high = 0.0
    for row in rows:
        letters = [max(1, int((w - 0.3) / (TIGHT * LETTER * size * POINT))) for w in wide]
        lines = max(math.ceil(len(cell) / n) or 1 for cell, n in zip(row, letters, strict=True))
        high += lines * LINE * size * POINT + 0.22
    return high
