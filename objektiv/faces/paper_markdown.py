"""A paper as Markdown, with its figures as files beside it.

In: a Paper. Out: text for CommonMark with tables; every sign that would be markup is escaped.
Try: `print(markdown(Paper("A talk")))`.
"""

from __future__ import annotations

import re

from objektiv.base.language import figure, tr
from objektiv.faces.papers import Block, Bullets, Figure, Paper, Paragraph, Prompt, in_one_line
from objektiv.faces.sections import Table
from objektiv.faces.words import shown

FIGURES = "figures"  # folder beside the text
_STARTS = re.compile(r"^(\s*)([#+-]|\d+[.)])(?=\s)")


def markdown(paper: Paper) -> str:
    """The text; figures are looked for in FIGURES."""
    parts = [f"# {plain(paper.title)}", *(plain(line) for line in paper.lines)]
    for heading, section in paper.headings():
        minutes = f" ({_minutes(section.minutes)})" if section.minutes else ""
        parts.append(f"{'#' * (section.level + 1)} {plain(heading)}{minutes}")
        parts += [_block(block) for block in section.blocks]
        parts += [f"*{tr('To say')}:* {plain(note)}" for note in section.notes]
    return "\n\n".join(parts) + "\n"


def _minutes(minutes: float) -> str:
    return f"{figure(minutes, 'g')} min"


def plain(text: str) -> str:
    """Text in one line that is shown as it stands."""
    line = " ".join(shown(text.replace("\n", " ")).split())
    return _STARTS.sub(r"\1\\\2", re.sub(r"([\\`*_\[\]<>|~$])", r"\\\1", line))


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        if block.look == "code":
            return f"```\n{shown(block.text)}\n```"
        bold = block.look in ("strong", "warning")
        return f"**{plain(block.text)}**" if bold else plain(block.text)
    if isinstance(block, Prompt):
        return f"> ✎ *{plain(tr('Write here: {told}', told=block.text))}*"
    if isinstance(block, Bullets):
        return "\n".join(f"- {plain(item)}" for item in block.items)
    if isinstance(block, Figure):
        return f"![{plain(block.told)}]({FIGURES}/{block.file})\n\n*{plain(block.caption)}*"
    return _table(block)


def _table(table: Table) -> str:
    rows = [*table.rows, *([table.foot] if table.foot else [])]
    rule = [":---" if k < table.names else "---:" for k in range(len(table.head))]
    lines = [_row(table.head), f"| {' | '.join(rule)} |", *map(_row, rows)]
    caption = [f"*{plain(table.caption)}*\n"] if table.caption else []
    return "\n".join([*caption, *lines])


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(plain(in_one_line(cell)) or ' ' for cell in cells)} |"
