"""The report's page as a paper, so that what it says in HTML need not be said again.

In: the HTML of faces/report, which is ours and known. Out: a Page: its sections by their anchors,
with the tables, figures, pictures and sentences that stand in each. What links and navigates is
left out, for it means nothing on paper.
Try: `read_page(page(data)).sections["scores"].tables`.
"""

from __future__ import annotations

import base64
import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from PIL import Image

from objektiv.base.language import tr
from objektiv.faces.paper_figures import Tile, drawn, gallery
from objektiv.faces.papers import Block, Bullets, Figure, Look, Paragraph
from objektiv.faces.sections import Table

Element = ElementTree.Element
EMPTY = {"br", "col", "hr", "img", "input", "link", "meta", "wbr"}
ASIDE = {"footer", "nav", "script", "style", "head", "summary"}  # a summary is its table's caption
ACROSS, MANY = 5, 8  # pictures in a row, with text below and without
ROWS = 2  # of pictures in a figure, so that it also fits a slide
MATRIX = 12  # rows of a matrix for which there is room
NAMED = 7  # columns of a matrix that still carry the names of classes
FOLDED = 12  # rows of a table of names and values that still stand in one column
FEW = 6  # classes that have a figure of their own
HEADINGS = {"h3", "h4"}


@dataclass(frozen=True, eq=False)
class Part:
    """What stands below one heading of the page."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its tables."""
        return tuple(b for b in self.blocks if isinstance(b, Table))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures."""
        return tuple(b for b in self.blocks if isinstance(b, Figure))

    @property
    def sentences(self) -> tuple[Paragraph, ...]:
        """Its text."""
        return tuple(b for b in self.blocks if isinstance(b, Paragraph))


@dataclass(frozen=True, eq=False)
class Page:
    """The report: `head` is what stands above its sections, `notes` what is worth knowing."""

    title: str
    about: str
    head: Part
    notes: tuple[str, ...]
    sections: Mapping[str, Part]


def read_page(html: str) -> Page:
    """The page of a report."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    body = reader.root
    about = next((_told(e) for e in body.iter("p") if "about" in _classes(e)), "")
    hero = next((e for e in body.iter("div") if "hero" in _classes(e)), Element("div"))
    notes = [_told(e) for aside in body.iter("aside") for e in aside.iter("li")]
    parts = {}
    for section in body.iter("section"):
        anchor = section.attrib.get("id", "")
        title = next((_told(e) for e in section.iter("h2")), anchor)
        parts[anchor] = Part(anchor, title, tuple(_Blocks(anchor, title).below(section)))
    return Page(
        title=next((_told(e) for e in body.iter("h1")), ""),
        about=about,
        head=Part("result", "", tuple(_Blocks("result", "").below(hero))),
        notes=tuple(notes),
        sections=parts,
    )


class _Reader(HTMLParser):
    """HTML to a tree of elements; an end that has no begin is passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("html")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        element = ElementTree.SubElement(self._open[-1], tag, known)
        if tag not in EMPTY:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        ElementTree.SubElement(self._open[-1], tag, known)

    def handle_endtag(self, tag: str) -> None:
        places = [k for k, e in enumerate(self._open) if e.tag == tag and k]
        if places:
            del self._open[places[-1] :]

    def handle_data(self, data: str) -> None:
        above = self._open[-1]
        if len(above):
            above[-1].tail = (above[-1].tail or "") + data
        else:
            above.text = (above.text or "") + data


def _classes(element: Element) -> set[str]:
    return set(element.attrib.get("class", "").split())


def _told(element: Element) -> str:
    """The text inside, in one line, without that of figures."""
    return " ".join("".join(_texts(element)).split())


def _texts(element: Element) -> Iterator[str]:
    if element.tag == "svg" or "data" in _classes(element):
        return
    yield element.text or ""
    for child in element:
        yield from _texts(child)
        yield child.tail or ""


@dataclass
class _Blocks:
    """Turns elements of one section into blocks, and counts its figures for their names."""

    anchor: str
    title: str
    _figures: int = field(default=0, init=False)

    def below(self, element: Element) -> Iterator[Block]:
        """The blocks of what is inside."""
        for child in element:
            yield from self._of(child)

    def _of(self, e: Element) -> Iterator[Block]:
        classes = _classes(e)
        if e.tag in ASIDE or e.tag == "h2":
            return
        if e.tag == "table":
            table = _table(e)
            if "matrix" in classes and len(table.rows) > MATRIX:
                told = tr(
                    "The matrix of {classes} classes has no room on paper; the report's page "
                    "shows it.",
                    classes=len(table.rows),
                )
                yield Paragraph(told, "small")
            else:
                yield table
        elif e.tag == "svg":
            yield drawn(e, file=self._name("png"), caption="")
        elif e.tag == "figure":
            yield from self._figure(e)
        elif "classes" in classes:
            yield from self._samples(e)
        elif "mistakes" in classes:
            tiles = [tile for item in e.iter("li") for tile in _tiles(item)]
            yield from self._galleries(tiles, columns=ACROSS, caption=self.title)
        elif e.tag in ("ul", "ol"):
            yield Bullets(tuple(_told(item) for item in e.iter("li")))
        elif e.tag == "pre":
            for line in "".join(e.itertext()).strip().splitlines():
                yield Paragraph(line, "code")
        elif e.tag == "p" or e.tag in HEADINGS:
            if told := _told(e):
                yield Paragraph(told, _look(e.tag, classes))
        else:
            yield from self.below(e)

    def _figure(self, e: Element) -> Iterator[Block]:
        caption = " ".join(_told(c) for c in e.iter("figcaption"))
        svg = next(e.iter("svg"), None)
        if svg is not None:
            yield drawn(svg, file=self._name("png"), caption=caption)
        else:
            tiles = [Tile(image, ()) for image in _pictures(e)]
            yield from self._galleries(tiles, columns=MANY, caption=caption)

    def _samples(self, e: Element) -> Iterator[Block]:
        """Pictures of each class: a figure each where classes are few, else all in one."""
        figures = list(e.iter("figure"))
        if len(figures) <= FEW:
            for figure in figures:
                yield from self._figure(figure)
            return
        tiles = [
            Tile(image, (" ".join(_told(c) for c in figure.iter("figcaption")),))
            for figure in figures
            for image in _pictures(figure)
        ]
        yield from self._galleries(tiles, columns=ACROSS, caption=self.title)

    def _galleries(self, tiles: Sequence[Tile], *, columns: int, caption: str) -> Iterator[Block]:
        for start in range(0, len(tiles), ROWS * columns):
            some = tiles[start : start + ROWS * columns]
            yield gallery(some, columns=columns, file=self._name("jpg"), caption=caption)

    def _name(self, suffix: str) -> str:
        self._figures += 1
        return f"{self.anchor}-{self._figures}.{suffix}"


def _look(tag: str, classes: set[str]) -> Look:
    if "warning" in classes:
        return "warning"
    if classes & {"headline"} or tag in HEADINGS:
        return "strong"
    return "small" if "small" in classes else "plain"


def _tiles(item: Element) -> Iterator[Tile]:
    """The pictures of a mistake, or of a pair, with its lines below the first."""
    told = tuple(_told(p) for p in item if p.tag == "p")
    for number, image in enumerate(_pictures(item)):
        yield Tile(image, told if number == 0 else ("",))


def _pictures(e: Element) -> Iterator[Image.Image | None]:
    for inside in e.iter():
        if inside.tag == "img":
            data = inside.attrib["src"].partition("base64,")[2]
            yield Image.open(io.BytesIO(base64.b64decode(data)))
        elif "missing" in _classes(inside):
            yield None


def _table(e: Element) -> Table:
    """Its text; a small line in a cell stands below the other. Empty columns are dropped."""
    caption = next((_told(c) for c in e.iter("caption")), "")
    heads = [row for part in e.iter("thead") for row in part.iter("tr")]
    body = [row for part in e.iter("tbody") for row in part.iter("tr")]
    foot = [row for part in e.iter("tfoot") for row in part.iter("tr")]
    head = [_cell(c) for c in heads[-1]] if heads else [""] * len(body[0])
    numbers = ["n" in _classes(c) for c in heads[-1]] if heads else []
    names = numbers.index(True) if True in numbers else 1 if "matrix" in _classes(e) else len(head)
    rows = [[_cell(c) for c in row] for row in body]
    last = [[_cell(c) for c in row] for row in foot[:1]]
    kept = [k for k, told in enumerate(head) if told or any(r[k] for r in [*rows, *last])]

    def some(row: Sequence[str]) -> tuple[str, ...]:
        return tuple(row[k] for k in kept)

    table = Table(
        caption,
        some(head),
        tuple(map(some, rows)),
        some(last[0]) if last else (),
        names=sum(k < names for k in kept),
        marked=tuple(k for k, row in enumerate(body) if "chosen" in _classes(row)),
    )
    if "matrix" in _classes(e) and len(kept) > NAMED:
        return _numbered(table)
    pairs = len(kept) == table.names == 2 and not table.marked
    return _folded(table) if pairs and len(rows) > FOLDED else table


def _numbered(table: Table) -> Table:
    """A matrix whose columns carry numbers, which stand before the names of its rows."""
    head = (table.head[0], *(str(k) for k in range(1, len(table.head))))
    rows = tuple((f"{k} {row[0]}", *row[1:]) for k, row in enumerate(table.rows, start=1))
    return Table(table.caption, head, rows)


def _folded(table: Table) -> Table:
    """Names and values in two columns of each, on half as many rows."""
    half = (len(table.rows) + 1) // 2
    beside = [*table.rows[half:], ("", "")]
    rows = tuple((*a, *b) for a, b in zip(table.rows[:half], beside, strict=False))
    return Table(table.caption, table.head * 2, rows, names=4)


def _cell(e: Element) -> str:
    small = [_told(c) for c in e.iter("small")]
    whole = _told(e)
    for told in reversed(small):
        whole = whole.removesuffix(told).strip()
    return "\n".join([whole, *small])
