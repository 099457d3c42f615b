"""A paper with one of everything, for the tests of its writers."""

from __future__ import annotations

import io

from PIL import Image

from objektiv.faces.papers import Bullets, Figure, Paper, Paragraph, Prompt, Section
from objektiv.faces.sections import Table

HOSTILE = "a*b_c|<i>d</i>\x07\u202e"
TABLE = Table(
    "Some numbers",
    ("class", "pictures", "recall"),
    (("cat", "12", "91.0 %\n80.0 to 95.0"), (HOSTILE, "3", "-")),
    ("all", "15", ""),
    marked=(1,),
)


def png(colour: tuple[int, int, int] = (90, 60, 140)) -> bytes:
    """A small picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (60, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


def figure(file: str = "one.png") -> Figure:
    """A figure of 6 by 3 centimetres."""
    return Figure(file, "A caption", "What it tells", 6.0, 3.0, png)


PAPER = Paper(
    "A paper: größer & <b>",
    ("A line below",),
    (
        Section(
            "Begin",
            (
                Paragraph("Plain words."),
                Paragraph("The result.", "strong"),
                Paragraph("Take care.", "warning"),
                Paragraph("By the way.", "small"),
                Paragraph("objektiv train cells", "code"),
                Prompt("Why does it matter?"),
            ),
            minutes=1.5,
            notes=("Breathe.",),
        ),
        Section("Part", (Bullets(("one", HOSTILE)), TABLE), level=2, minutes=2),
        Section("Figures", (figure(), figure("two.png")), minutes=2),
    ),
    numbered=True,
    contents=True,
)
