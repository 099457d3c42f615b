"""Markdown shows a paper as it stands, whatever its names hold."""

from __future__ import annotations

from objektiv.base.language import speaking
from objektiv.faces.paper_markdown import markdown, plain
from tests.faces.sheets import PAPER


def test_headings_prompts_lists_and_figures_are_marked_up() -> None:
    """Each block in its form."""
    lines = markdown(PAPER).splitlines()

    assert lines[0] == r"# A paper: größer & \<b\>"
    assert "## 1 Begin (1.5 min)" in lines
    assert "### 1.1 Part (2 min)" in lines
    assert "**The result.**" in lines
    assert "> ✎ *Write here: Why does it matter?*" in lines
    assert "- one" in lines
    assert "![What it tells](figures/one.png)" in lines
    assert "*To say:* Breathe." in lines


def test_a_table_has_a_rule_that_aligns_numbers() -> None:
    """Words left, numbers right; a second line stands in brackets."""
    lines = markdown(PAPER).splitlines()
    head = lines.index("| class | pictures | recall |")

    assert lines[head + 1] == "| :--- | ---: | ---: |"
    assert lines[head + 2] == "| cat | 12 | 91.0 % (80.0 to 95.0) |"
    assert lines[head + 4] == "| all | 15 |   |"


def test_names_are_no_markup() -> None:
    """Every sign that Markdown obeys is escaped, and marks that turn text are shown."""
    assert plain("a*b_c|<i>`x`[y](z)") == r"a\*b\_c\|\<i\>\`x\`\[y\](z)"
    assert plain("# no heading") == r"\# no heading"
    assert plain("1. no list") == r"\1. no list"
    assert plain("x\u202ey\nz") == r"x\\u202ey z"


def test_german_says_minutes_with_a_comma() -> None:
    """Own words are in the language that is spoken."""
    with speaking("de"):
        told = markdown(PAPER)

    assert "## 1 Begin (1,5 min)" in told
    assert "> ✎ *Hier schreiben: Why does it matter?*" in told
