"""What a document holds, before it is a file: sections with text, tables, figures and prompts.

In: nothing. Out: the records that the writers for PDF, Word, PowerPoint and Markdown render, so
that each text stands once.
Try: `Paper("A talk", sections=(Section("Question", (Prompt("What is asked?"),)),))`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from objektiv.faces.sections import Table

Look: TypeAlias = Literal["plain", "strong", "warning", "small", "code"]


@dataclass(frozen=True)
class Paragraph:
    """Sentences; `strong` and `warning` must not be missed, `small` may be, `code` is typed."""

    text: str
    look: Look = "plain"


@dataclass(frozen=True)
class Prompt:
    """What a person has to write here; it is marked, so that none is forgotten."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture: `file` is its name, `told` for who does not see it; sizes are in centimetres.

    `draw` gives PNG or JPEG; it is asked once, when the picture is first needed.
    """

    file: str
    caption: str
    told: str
    width: float
    height: float
    draw: Callable[[], bytes]

    @cached_property
    def data(self) -> bytes:
        """What stands in its file."""
        return self.draw()


Block: TypeAlias = Paragraph | Prompt | Bullets | Table | Figure


@dataclass(frozen=True, eq=False)
class Section:
    """A heading with what stands below it; one slide of a talk.

    `level` 1 is a chapter. `minutes`: of a slide. `notes`: what the speaker says or thinks of.
    """

    title: str
    blocks: tuple[Block, ...] = ()
    level: int = 1
    minutes: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Paper:
    """A document; `lines` stand below its title. `numbered`: chapters carry numbers.

    `contents`: on its first page, where the document has pages.
    """

    title: str
    lines: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    numbered: bool = False
    contents: bool = False

    def headings(self) -> Iterator[tuple[str, Section]]:
        """Each section with its title, numbered where the paper is: `2.1 Data`."""
        chapter = part = 0
        for section in self.sections:
            if section.level == 1:
                chapter, part = chapter + 1, 0
            else:
                part += 1
            number = f"{chapter}" if section.level == 1 else f"{chapter}.{part}"
            yield (f"{number} {section.title}" if self.numbered else section.title), section

    def figures(self) -> tuple[Figure, ...]:
        """All figures, in their order."""
        return tuple(b for s in self.sections for b in s.blocks if isinstance(b, Figure))

    def prompts(self) -> int:
        """How many places are left to write."""
        return sum(isinstance(b, Prompt) for s in self.sections for b in s.blocks)


def in_one_line(cell: str) -> str:
    """A cell whose further lines stand in brackets: `95.8 % (94.3 to 97.0)`."""
    first, *further = cell.split("\n")
    return f"{first} ({'; '.join(further)})" if further else first


def fitted(wanted: Sequence[float], least: Sequence[float], room: float) -> list[float]:
    """Widths of a table's columns in `room`: as wanted, else less where no word is broken by it.

    `least`: the width of each column's longest word.
    """
    wanted = [max(pair) for pair in zip(wanted, least, strict=True)]
    over, give = sum(wanted) - room, sum(wanted) - sum(least)
    if over <= 0:
        return wanted
    if give < over:  # the longest words are broken, the others stay whole
        left, found = room, dict.fromkeys(range(len(least)), 0.0)
        for rank, k in enumerate(sorted(found, key=lambda k: least[k])):
            found[k] = min(least[k], left / (len(least) - rank))
            left -= found[k]
        return list(found.values())
    return [w - (w - a) * over / give for w, a in zip(wanted, least, strict=True)]
