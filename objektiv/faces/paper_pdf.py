"""A paper as PDF: A4, its own fonts inside, nothing loaded from anywhere.

In: a Paper. Out: the bytes of a PDF file with page numbers, bookmarks and descriptions of figures.
Needs the extra `office`. The fonts are those that matplotlib brings, so that umlauts are there on
every system; a sign that they lack is an empty box.
Try: `Path("report.pdf").write_bytes(pdf(report_paper(data), language="en"))`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace, TextStyle

from objektiv.base.language import tr
from objektiv.faces.canvas import INK, RULE, SOFT
from objektiv.faces.papers import Block, Bullets, Figure, Paper, Paragraph, Prompt, fitted
from objektiv.faces.sections import Table
from objektiv.faces.words import shown

TEXT, SMALL = 9.5, 8.0  # points
LINE = 1.45  # of the size of its letters
MARGIN = 19.0  # millimetres, like all lengths here
POINT = 25.4 / 72
GAP = 6.0  # between two figures
LEAST = 34.0  # that must be left on a page below a heading
ALONE = 1.2  # times its own size, a figure that stands alone
TOGETHER = 12  # lines of a table that are not torn apart
BOLDER = 1.12  # of letters that are bold
LONGEST = 60.0  # of a word that is not broken
TALLEST = 120.0  # of a figure
SHADED, WARM = "#f3eff9", "#fff4e0"
FONTS = {"": "DejaVuSans", "B": "DejaVuSans-Bold", "I": "DejaVuSans-Oblique"}


class _Sheets(FPDF):
    """A4 pages that carry the title and their number."""

    def __init__(self, title: str) -> None:
        super().__init__(format="A4")
        self._running = title
        folder = _fonts()
        for emphasis, name in FONTS.items():
            self.add_font("text", emphasis, folder / f"{name}.ttf")
        self.add_font("title", "", folder / "DejaVuSerif-Bold.ttf")
        self.add_font("code", "", folder / "DejaVuSansMono.ttf")
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=MARGIN)
        self.set_title(title)
        self.set_producer("objektiv")
        # Not now: the same run gives the same file.
        self.set_creation_date(datetime(2000, 1, 1, tzinfo=UTC))
        self.set_section_title_styles(
            TextStyle("title", "", 15, INK, t_margin=5, b_margin=2),
            TextStyle("title", "", 11.5, INK, t_margin=3, b_margin=1),
        )

    def close_fonts(self) -> None:
        """The library leaves their files open."""
        for font in self.fonts.values():
            font.ttfont.close()

    def footer(self) -> None:
        self.set_y(-MARGIN + 6)
        self.set_font("text", "", SMALL)
        self.set_text_color(SOFT)
        self.cell(0, 4, self._running[:90])
        self.set_x(self.l_margin)
        self.cell(0, 4, f"{self.page_no()} / {{nb}}", align="R")


def _fonts() -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def pdf(paper: Paper, *, language: str) -> bytes:
    """The file; `language` is told to whoever reads it aloud."""
    sheets = _Sheets(shown(paper.title))
    try:
        _fill(sheets, paper, language)
        buffer = io.BytesIO()
        sheets.output(buffer)
    finally:
        sheets.close_fonts()
    return buffer.getvalue()


def _fill(sheets: _Sheets, paper: Paper, language: str) -> None:
    sheets.set_lang(language)
    sheets.add_page()
    sheets.set_font("title", "", 22)
    sheets.set_text_color(INK)
    _lines(sheets, paper.title, size=22)
    sheets.ln(2)
    for told in paper.lines:
        sheets.set_font("text", "", TEXT)
        sheets.set_text_color(SOFT)
        _lines(sheets, told, size=TEXT)
    for heading, section in paper.headings():
        _room(sheets, _start(sheets, section.blocks))
        sheets.start_section(shown(heading), level=section.level - 1, strict=False)
        _blocks(sheets, section.blocks)


def _blocks(sheets: _Sheets, blocks: Sequence[Block]) -> None:
    place = 0
    while place < len(blocks):
        block = blocks[place]
        after = blocks[place + 1] if place + 1 < len(blocks) else None
        if isinstance(block, Figure):
            pair = isinstance(after, Figure) and max(block.width, after.width) <= 8.5
            figures = [block, after] if pair and isinstance(after, Figure) else [block]
            _figures(sheets, figures)
            place += len(figures)
            continue
        if isinstance(block, Paragraph):
            _paragraph(sheets, block)
        elif isinstance(block, Prompt):
            _boxed(sheets, tr("Write here: {told}", told=block.text), WARM, "I")
        elif isinstance(block, Bullets):
            _bullets(sheets, block)
        else:
            _table(sheets, block)
        place += 1


def _lines(
    sheets: _Sheets, text: str, *, size: float, width: float = 0, fill: bool = False
) -> None:
    """Text over as many lines as it takes, in the font that is set."""
    high = size * POINT * LINE
    sheets.multi_cell(
        width, high, shown(text), align="L", fill=fill, new_x=XPos.LMARGIN, new_y=YPos.NEXT
    )


def _room(sheets: _Sheets, wanted: float) -> None:
    """A new page where less than `wanted` is left on this one."""
    most = sheets.eph - 1
    if sheets.get_y() > MARGIN + 1 and sheets.will_page_break(min(wanted, most)):
        sheets.add_page()


def _start(sheets: _Sheets, blocks: Sequence[Block]) -> float:
    """How high a heading is with its text and the figure that follows: they stay together."""
    sheets.set_font("text", "", TEXT)
    high = 14.0
    for block in blocks:
        if isinstance(block, Figure):
            return high + _sizes(sheets, [block])[0][1] + 16
        if not isinstance(block, Paragraph):
            break
        lines = sheets.get_string_width(shown(block.text)) / sheets.epw + 1
        high += int(lines) * TEXT * POINT * LINE + 2
    return max(high, LEAST)


def _sizes(sheets: _Sheets, figures: Sequence[Figure]) -> list[tuple[float, float]]:
    """Width and height of figures beside each other."""
    share = (sheets.epw - GAP * (len(figures) - 1)) / len(figures)
    larger = 1.0 if len(figures) > 1 else ALONE
    widths = [min(share, 10 * f.width * larger, TALLEST * f.width / f.height) for f in figures]
    return [(w, w * f.height / f.width) for w, f in zip(widths, figures, strict=True)]


def _paragraph(sheets: _Sheets, block: Paragraph) -> None:
    if block.look == "warning":
        _boxed(sheets, block.text, WARM, "")
        return
    size = {"strong": TEXT + 2, "small": SMALL, "code": SMALL}.get(block.look, TEXT)
    letters = {"strong": ("text", "B"), "code": ("code", "")}.get(block.look, ("text", ""))
    sheets.set_font(*letters, size)
    sheets.set_text_color(SOFT if block.look == "small" else INK)
    _lines(sheets, block.text, size=size)
    sheets.ln(2)


def _boxed(sheets: _Sheets, text: str, colour: str, emphasis: str) -> None:
    sheets.set_font("text", emphasis, TEXT)
    sheets.set_text_color(INK)
    sheets.set_fill_color(colour)
    _lines(sheets, text, size=TEXT, fill=True)
    sheets.ln(3)


def _bullets(sheets: _Sheets, block: Bullets) -> None:
    sheets.set_font("text", "", TEXT)
    sheets.set_text_color(INK)
    for item in block.items:
        _room(sheets, 8)
        sheets.set_x(MARGIN + 1)
        sheets.cell(4, TEXT * POINT * LINE, "•")
        _lines(sheets, item, size=TEXT, width=sheets.epw - 5)
        sheets.ln(0.8)
    sheets.ln(1.5)


def _figures(sheets: _Sheets, figures: Sequence[Figure]) -> None:
    """One, or two beside each other, each with its caption."""
    share = (sheets.epw - GAP * (len(figures) - 1)) / len(figures)
    sizes = _sizes(sheets, figures)
    _room(sheets, max(high for _, high in sizes) + 16)
    top, lowest = sheets.get_y(), sheets.get_y()
    for place, figure in enumerate(figures):
        left = MARGIN + place * (share + GAP)
        sheets.image(io.BytesIO(figure.data), left, top, *sizes[place], alt_text=figure.told)
        sheets.set_xy(left, top + sizes[place][1] + 1)
        sheets.set_font("text", "", SMALL)
        sheets.set_text_color(SOFT)
        _lines(sheets, figure.caption, size=SMALL, width=share)
        lowest = max(lowest, sheets.get_y())
    sheets.set_xy(MARGIN, lowest + 4)


def _table(sheets: _Sheets, table: Table) -> None:
    rows = [*table.rows, *([table.foot] if table.foot else [])]
    sheets.set_font("text", "", SMALL)
    widths = _widths(sheets, table)
    high = SMALL * POINT * LINE + 1.6
    lines = sum(_height(sheets, row, widths) for row in rows)
    whole = high * (lines + 1) + 12
    _room(sheets, whole if lines <= TOGETHER else LEAST)
    sheets.set_text_color(SOFT)
    if table.caption:
        _lines(sheets, table.caption, size=SMALL)
        sheets.ln(1)
    sheets.set_text_color(INK)
    sheets.set_draw_color(RULE)
    sheets.set_fill_color("#ffffff")
    words = ["LEFT"] * table.names + ["RIGHT"] * (len(table.head) - table.names)
    with sheets.table(
        col_widths=tuple(widths),
        width=min(sum(widths), sheets.epw),
        align="LEFT",
        text_align=tuple(words),
        borders_layout="HORIZONTAL_LINES",
        headings_style=FontFace(color=SOFT, emphasis="BOLD" if not table.head else None),
        line_height=SMALL * POINT * LINE,
        padding=(0.8, 1.4, 0.8, 0.6),
    ) as drawn:
        drawn.row([_shown(cell) for cell in table.head])
        for place, cells in enumerate(rows):
            last = bool(table.foot) and place == len(table.rows)
            bold = "BOLD" if last or place in table.marked else None
            fill = SHADED if place in table.marked else None
            drawn.row([_shown(c) for c in cells], style=FontFace(emphasis=bold, fill_color=fill))
    sheets.ln(5)


def _shown(cell: str) -> str:
    return "\n".join(shown(line) for line in cell.split("\n"))


def _widths(sheets: _Sheets, table: Table) -> list[float]:
    """Of each column as its longest line asks for, as far as the page goes."""
    columns = list(zip(table.head, *table.rows, *([table.foot] if table.foot else []), strict=True))

    def widest(texts: Iterable[str]) -> float:
        longest: float = max(sheets.get_string_width(shown(text)) for text in texts)
        return longest * BOLDER + 4

    wanted = [widest(line for cell in column for line in cell.split("\n")) for column in columns]
    words = [widest(word for cell in c for word in (*cell.split(), "")) for c in columns]
    return fitted(wanted, [min(word, LONGEST) for word in words], sheets.epw)


def _height(sheets: _Sheets, row: Sequence[str], widths: Sequence[float]) -> float:
    """Lines that a row takes, about."""
    lines = []
    for cell, width in zip(row, widths, strict=True):
        parts = [sheets.get_string_width(shown(p)) / max(width - 4, 4) for p in cell.split("\n")]
        lines.append(sum(int(p) + 1 for p in parts))
    return float(max(lines, default=1))
