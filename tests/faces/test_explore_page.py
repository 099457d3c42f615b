"""The page of `explore`, and what lies beside it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from objektiv.faces import explore_page as pages
from objektiv.flow.settings import ExploreSettings
from tests.auditing.made import plain
from tests.faces.found import coloured, explored


class _Reader(HTMLParser):
    """Collects start tags with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))


def test_page_needs_nothing_from_outside_and_can_be_heard(tmp_path: Path) -> None:
    """No script, no address but data: and #; each picture and figure has words; ids are unique."""
    found = explored(tmp_path, coloured(), parts=["train", "test"] * 8, aside=1)
    tags = _Reader(pages.page(found, pages.draw(found))).tags
    links = [v or "" for _, a in tags for k, v in a.items() if k in ("src", "href", "xlink:href")]
    ids = [a["id"] for _, a in tags if "id" in a]

    assert "script" not in {tag for tag, _ in tags}
    assert links and all(link.startswith(("data:", "#")) for link in links)
    assert all(a.get("alt") for tag, a in tags if tag == "img")
    assert all(a.get("aria-label") or a.get("aria-hidden") for tag, a in tags if tag == "svg")
    assert sum(tag == "svg" for tag, _ in tags) == 5  # the brand, four figures
    sections = [name for name in ids if name in ("samples", "counts", "sizes", "map", "files")]
    assert len(sections) == 5


def test_names_cannot_become_markup(tmp_path: Path) -> None:
    """A class called like a tag is shown, not obeyed."""
    found = explored(tmp_path, coloured(["<b>x", "y&z"]))
    text = pages.page(found, pages.draw(found))

    assert "<b>x" not in text.replace("<b>&lt;", "")
    assert "&lt;b&gt;x" in text and "y&amp;z" in text


def test_all_files_are_written(tmp_path: Path) -> None:
    """Page, figures and tables; the quarantine is listed."""
    found = explored(tmp_path / "data", coloured(), aside=2)
    page = pages.save(found, tmp_path)
    names = {path.name for path in tmp_path.iterdir() if path.is_file()}

    assert page == tmp_path / "explore.html"
    assert names == {
        "explore.html",
        *(f"{name}.png" for name in pages.FIGURES),
        *("classes.csv", "items.csv", "quarantine.csv"),
    }
    table = pl.read_csv(tmp_path / "classes.csv")
    assert table["items"].to_list() == [8, 8] and table["quarantine"].to_list() == [2, 0]
    assert pl.read_csv(tmp_path / "items.csv").height == 16
    assert pl.read_csv(tmp_path / "quarantine.csv").height == 2


def test_one_class_of_one_picture_has_a_page(tmp_path: Path) -> None:
    """Nothing is divided by nothing; the figure of sizes is left out."""
    found = explored(tmp_path, [plain("only", 7)])
    figures = pages.draw(found)

    assert set(pages.FIGURES) - set(figures) == {"sizes"}
    assert "all pictures have one size" in pages.page(found, figures)
    assert pages.about(found) == "1 picture of 1 class"
    assert pages.usual(found) == "All are 6 x 8 pixels; PNG grey."


def test_what_is_not_shown_of_many_classes_is_said(tmp_path: Path) -> None:
    """Each figure says how many classes it shows; tables point to classes.csv."""
    found = explored(tmp_path, [plain(f"c{k:03d}", k % 200, (9, 8 + k % 3)) for k in range(60)])
    text = pages.page(found, pages.draw(found))

    for told in (
        "16 of 60 classes are shown.",
        "12 of 60 classes are shown, those with the most pictures.",
        "40 of 60 classes are shown, those with the most pictures.",
        "24 of 60 classes are shown, those with the most pictures.",
        "20 of 60 classes are coloured, those with the most pictures.",
        "the first 50 classes, all are in classes.csv",
    ):
        assert told in text, told


def test_usual_tells_sizes_and_kinds(tmp_path: Path) -> None:
    """Median and range by area."""
    pictures = [plain("a", 9, size) for size in ((10, 10), (20, 30), (50, 40))]
    found = explored(tmp_path, pictures)

    assert pages.usual(found) == ("Usually 30 x 20 pixels, from 10 x 10 to 40 x 50; PNG grey.")


def test_tables_count_and_measure(tmp_path: Path) -> None:
    """Counts by part with their sums; one number where a range is a point."""
    pictures = [plain("a", 1, (8, 6)), plain("a", 2, (8, 12)), plain("b", 3, (8, 6))]
    found = explored(tmp_path, pictures, parts=["train", "test", "train"])
    counts, sizes = pages.count_table(found), pages.size_table(found)

    assert counts.head == ("class", "train", "test", "pictures")
    assert counts.rows == (("a", "1", "1", "2"), ("b", "1", "0", "1"))
    assert counts.foot == ("all", "2", "1", "3")
    assert sizes.rows[0][:6] == ("a", "9 x 8", "6 to 12", "8", "1.12", "0.75 to 1.50")
    assert pages.format_table(found).rows == (("PNG", "grey", "3", ""),)
    assert pages.span("1", "1") == "1" and pages.span("1", "2") == "1 to 2"


@pytest.mark.parametrize("group", [None, r"P\d+"])
def test_next_commands_take_over_what_was_asked(tmp_path: Path, group: str | None) -> None:
    """The group is typed for the user, in quotes."""
    found = explored(tmp_path, [plain("a", 1)], settings=ExploreSettings(group=group))
    verbs = [re.sub(r" .*", "", c.removeprefix("objektiv ")) for c in pages.next_commands(found)]

    assert verbs == ["check", "split", "train"]
    assert all(('--group "P\\d+"' in c) == bool(group) for c in pages.next_commands(found))
