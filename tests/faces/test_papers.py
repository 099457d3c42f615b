"""What a document holds: chapters are numbered, figures and prompts are found."""

from __future__ import annotations

from objektiv.faces.papers import Figure, Paper, Paragraph, Prompt, Section, fitted, in_one_line

PAPER = Paper(
    "A paper",
    sections=(
        Section("Begin", (Prompt("Why?"),)),
        Section("Data", (Paragraph("Many."),)),
        Section("Split", (Prompt("How?"), Figure("a.png", "", "", 1.0, 1.0, draw=bytes)), level=2),
        Section("Test", level=2),
        Section("End"),
    ),
    numbered=True,
)


def test_chapters_and_their_parts_are_numbered() -> None:
    """A part carries the number of its chapter, and counts anew in each."""
    titles = [title for title, _ in PAPER.headings()]

    assert titles == ["1 Begin", "2 Data", "2.1 Split", "2.2 Test", "3 End"]


def test_a_paper_without_numbers_has_plain_titles() -> None:
    """Slides carry none."""
    assert [t for t, _ in Paper("Talk", sections=PAPER.sections).headings()][0] == "Begin"


def test_prompts_and_figures_are_found_in_all_sections() -> None:
    """So that one can say how much is left to write."""
    assert PAPER.prompts() == 2
    assert [figure.file for figure in PAPER.figures()] == ["a.png"]


def test_columns_give_way_down_to_their_longest_words() -> None:
    """What is wanted is given where there is room; else long lines are broken, words only last."""
    assert fitted([4, 2], [1, 1], 10) == [4, 2]
    assert fitted([8, 2], [2, 2], 7) == [5, 2]
    assert fitted([8, 4, 1], [6, 2, 1], 6) == [3, 2, 1]
    assert fitted([1, 1], [2, 1], 10) == [2, 1]


def test_further_lines_of_a_cell_stand_in_brackets() -> None:
    """Where a cell has one line, as on slides and in Markdown."""
    assert in_one_line("98 %\n91 to 99\nsensitivity") == "98 % (91 to 99; sensitivity)"
    assert in_one_line("98 %") == "98 %"
