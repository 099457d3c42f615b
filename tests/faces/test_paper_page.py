"""The report's page is read back as it was written."""

from __future__ import annotations

from objektiv.base.language import speaking
from objektiv.faces import words
from objektiv.faces.data_part import split_table
from objektiv.faces.paper_page import Page, read_page
from objektiv.faces.papers import Bullets, Paragraph
from objektiv.faces.report import page
from tests.faces.conftest import MakeReport

ANCHORS = ("scores", "confusion", "reliability", "mistakes", "pictures", "split", "head", "made")


def _read(make_report: MakeReport, **fields: object) -> Page:
    return read_page(page(make_report(**fields)))


def test_every_section_is_found_by_its_anchor(make_report: MakeReport) -> None:
    """Those that papers ask for are there."""
    assert set(ANCHORS) <= set(_read(make_report).sections)


def test_the_head_of_the_page_is_read(make_report: MakeReport) -> None:
    """Title, what the data are, the sentence, the figure and the notes."""
    data = make_report(groups=25)
    found = read_page(page(data))

    assert (found.title, found.about) == ("cells-001", "60 pictures of 2 classes from 25 groups")
    first = found.head.blocks[0]
    assert first == Paragraph(f"{words.headline(data.scores)}.", "strong")
    assert len(found.head.figures) == 1
    assert found.notes == ("A note of the run.",)


def test_a_table_is_read_as_it_was_made(make_report: MakeReport) -> None:
    """Head, rows and foot, and which columns hold numbers."""
    data = make_report(groups=25)
    made = split_table(data.dataset, data.split)
    table = read_page(page(data)).sections["split"].tables[0]

    assert (table.head, table.rows, table.foot) == (made.head, made.rows, made.foot)
    assert table.names == made.names
    assert table.caption.startswith("Pictures of each class in each part")


def test_small_lines_of_a_cell_stand_below(make_report: MakeReport) -> None:
    """The interval of a score is the second line of its cell."""
    data = make_report()
    scores = read_page(page(data)).sections["scores"].tables[0]
    line = words.score_lines(data.scores, data.baseline_scores)[0]

    assert scores.rows[0][0] == f"{line.name}\n{line.explained}"
    assert scores.rows[0][1] == f"{line.model}\n{line.model_range}"


def test_the_matrix_has_a_row_a_class(make_report: MakeReport) -> None:
    """Truth against answer, with counts and shares."""
    data = make_report()
    matrix = read_page(page(data)).sections["confusion"].tables[0]

    assert matrix.head == ("truly", "cat", "dog")
    assert [row[0] for row in matrix.rows] == ["cat", "dog"]
    assert matrix.rows[0][1].startswith(str(data.scores.confusion[0][0]))


def test_columns_of_a_large_matrix_carry_numbers(make_report: MakeReport) -> None:
    """Ten names side by side have no room on a page; the numbers stand before the rows' names."""
    names = [f"kind{n}" for n in range(10)]
    matrix = _read(make_report, classes=names).sections["confusion"].tables[0]

    assert matrix.head == ("truly", *(str(n) for n in range(1, 11)))
    assert [row[0] for row in matrix.rows] == [f"{n + 1} kind{n}" for n in range(10)]


def test_a_matrix_without_room_is_told(make_report: MakeReport) -> None:
    """A sentence stands in its place, and the mix-ups follow."""
    names = [f"kind{n}" for n in range(20)]
    confusion = _read(make_report, classes=names).sections["confusion"]

    assert "matrix of 20 classes has no room on paper" in confusion.sentences[-1].text
    assert all(len(table.head) < 10 for table in confusion.tables)


def test_the_chosen_row_is_marked(make_report: MakeReport) -> None:
    """As it is on the page."""
    assert _read(make_report).sections["head"].tables[0].marked == (1,)


def test_pictures_stand_in_galleries(make_report: MakeReport) -> None:
    """Samples a figure each class, and the mistakes with their lines as description."""
    found = _read(make_report)
    mistakes = found.sections["mistakes"].figures

    assert [f.caption for f in found.sections["pictures"].figures[:2]] == ["cat 30", "dog 30"]
    assert "truly" in mistakes[0].told
    assert mistakes[0].file == "mistakes-1.jpg"


def test_many_classes_share_a_gallery(make_report: MakeReport) -> None:
    """A figure a class would fill pages."""
    names = [f"kind{n}" for n in range(8)]
    figures = _read(make_report, classes=names).sections["pictures"].figures

    assert figures[0].caption == "The pictures"
    assert "kind0" in figures[0].told


def test_long_tables_of_names_and_values_are_folded(make_report: MakeReport) -> None:
    """Two pairs of columns, and nothing is lost."""
    settings = {f"name{n}": n for n in range(21)}
    tables = _read(make_report, settings=settings).sections["made"].tables
    folded = next(table for table in tables if len(table.head) == 4)

    assert len(folded.rows) == 11
    assert {cell for row in folded.rows for cell in row} >= set(settings)


def test_a_name_that_is_markup_is_text_again(make_report: MakeReport) -> None:
    """What the page escapes is read back as the name."""
    found = _read(make_report, classes=("<b>a</b>", "dog & cat"))

    assert found.sections["confusion"].tables[0].head[1:] == ("<b>a</b>", "dog & cat")


def test_the_page_is_read_in_german_too(make_report: MakeReport) -> None:
    """Anchors are of no language."""
    with speaking("de"):
        found = _read(make_report)

    assert set(ANCHORS) <= set(found.sections)
    assert found.sections["split"].title == "Aufteilung"


def test_lists_are_bullets() -> None:
    """And what only links is left out."""
    found = read_page(
        '<section id="a"><h2>A</h2><nav><p>no</p></nav><ul><li>one</li><li>two</li></ul>'
        "<p>text <wbr>goes on</p></div></section>"
    )

    assert found.sections["a"].blocks == (Bullets(("one", "two")), Paragraph("text goes on"))


def test_several_small_lines_of_a_cell_stand_below_each_other() -> None:
    """None is said twice."""
    found = read_page(
        '<section id="a"><h2>A</h2><table><thead><tr><th>x</th></tr></thead><tbody>'
        "<tr><td>98.2 %<small>90.8 to 99.7</small><small>sensitivity</small></td></tr>"
        "</tbody></table></section>"
    )

    assert found.sections["a"].tables[0].rows == (("98.2 %\n90.8 to 99.7\nsensitivity",),)
