"""The report: one file, nothing from outside, every name escaped, every number the scores' own."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from objektiv.base.errors import UsageError
from objektiv.base.language import german, speaking
from objektiv.data.dataset import QUARANTINE
from objektiv.faces.report import breakable, page, typeset, write_report
from objektiv.faces.words import percent
from tests.faces.conftest import ITEM_COUNT, MakeReport

EVIL = '<img src="https://example.invalid/x" onerror=alert(1)>'
VOID = {"meta", "img", "wbr", "circle", "line", "rect", "br"}


class Page(HTMLParser):
    """What a browser would see: elements, whether they close, text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.mistakes: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.mistakes.append(f"</{tag}> closes {self.open[-1:]} at {self.getpos()}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of every element of a kind."""
        return [attributes for name, attributes in self.seen if name == tag]


@pytest.mark.parametrize("classes", [("cat", "dog"), tuple(f"kind {n}" for n in range(14))])
@pytest.mark.parametrize("groups", [None, 12])
def test_page_is_well_formed(
    make_report: MakeReport, classes: tuple[str, ...], groups: int | None
) -> None:
    """Every element that opens is closed, in order, and there is one h1."""
    found = Page(page(make_report(classes=classes, groups=groups)))

    assert found.mistakes == []
    assert found.open == []
    assert len(found.all("h1")) == 1


def test_page_needs_nothing_from_outside(make_report: MakeReport, tmp_path: Path) -> None:
    """No script, no address but those of its own sections and pictures inside the file."""
    path = tmp_path / "report.html"
    write_report(make_report(classes=("cat", EVIL), title=EVIL), path)
    found = Page(path.read_text(encoding="utf-8"))

    addresses = [
        value or ""
        for _, attributes in found.seen
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "data", "action", "poster", "xlink:href")
    ]
    assert [a for a in addresses if not a.startswith(("#", "data:image/"))] == []
    assert not {tag for tag, _ in found.seen} & {"script", "link", "iframe", "object", "base"}
    style = re.search(r"<style>(.*?)</style>", path.read_text(encoding="utf-8"), re.DOTALL)
    assert style and not re.search(r"url\(|@import|https?:", style[1])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figures", "report.html"]
    policy = found.all("meta")[1]
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert (policy["content"] or "").startswith("default-src 'none'; img-src data:")


def test_every_name_is_escaped(make_report: MakeReport) -> None:
    """Markup in classes, files, notes, settings, commands and messages is shown as text."""
    data = make_report(classes=("cat", EVIL), title=EVIL, groups=12)
    rows = [(f"{EVIL}.png", "x", EVIL, EVIL, f"{EVIL} is odd")]
    data = replace(
        data,
        dataset=replace(
            data.dataset,
            items=data.dataset.items.with_columns(notes=pl.lit(EVIL)),
            quarantine=pl.DataFrame(rows, schema=QUARANTINE, orient="row"),
            notes=(EVIL,),
        ),
        notes=[EVIL],
        settings={EVIL: EVIL},
        machine={EVIL: EVIL},
        choices=[{EVIL: EVIL, "chosen": True}],
        timings={EVIL: 1.0},
        next_commands=[EVIL],
    )

    found = Page(page(data))

    assert found.mistakes == []
    assert not [a for tag, a in found.seen if "onerror" in a or "example" in (a.get("src") or "")]
    assert found.text.count(EVIL) >= 15


def test_headline_and_table_are_the_scores(make_report: MakeReport) -> None:
    """The numbers of the page are those of Scores, not computed a second time."""
    data = make_report(groups=12)
    text = Page(page(data)).text.replace("\u00a0", " ")

    share, accuracy = percent(data.scores.accuracy.estimate), data.scores.accuracy
    span = f"{100 * accuracy.low:.1f} to {100 * accuracy.high:.1f}"
    assert (
        f"Of 20 test pictures 16 were right: {share} (95 % interval {span}, by 12 groups)" in text
    )
    assert text.count(span) >= 2
    assert f"{data.scores.log_loss.estimate:.3f}" in text
    assert "both right 11, only this model 5, only colour statistics 3, both wrong 1" in text


def test_few_groups_are_warned_of(make_report: MakeReport) -> None:
    """Below twenty groups the head of the page says that the interval is weak."""
    few, many = Page(page(make_report(groups=12))).text, Page(page(make_report())).text

    assert "Only 12 groups: collect at least 20 to trust the interval." in few
    assert "Few groups." not in many


def test_close_baseline_is_told_at_the_head(make_report: MakeReport) -> None:
    """Where colours do as well, the page says so before the first table."""
    found = page(make_report(wrong=5, plain_wrong=5))

    assert "is not shown to be better than colour statistics alone" in found
    assert found.index("proves little about what the network saw") < found.index("<table")


def test_worst_mistakes_are_shown_in_order(make_report: MakeReport) -> None:
    """The surest mistake comes first, with what it is, what was said, and its file."""
    found = Page(page(make_report()))

    described = [a["alt"] or "" for a in found.all("img") if (a["alt"] or "").startswith("Test")]
    assert described == [
        "Test picture dog/55.png: truly dog, called cat",
        "Test picture cat/50.png: truly cat, called dog",
        "Test picture dog/45.png: truly dog, called cat",
        "Test picture cat/40.png: truly cat, called dog",
    ]
    text = found.text.replace("\u00a0", " ")
    assert text.index("95.8 %") < text.index("92.5 %") < text.index("89.2 %")


def test_unreadable_pictures_leave_a_placeholder(make_report: MakeReport) -> None:
    """A file that is gone costs its picture, not the report."""
    data = make_report()
    items = data.dataset.items.with_columns(path=pl.lit("gone.png"))

    found = Page(page(replace(data, dataset=replace(data.dataset, items=items))))

    assert found.all("img") == []
    assert found.text.count("the file cannot be read") == 36


def test_everything_seen_is_described(make_report: MakeReport) -> None:
    """Each picture and figure has its words, each table its caption, the page its language."""
    text = page(make_report(groups=12))
    found = Page(text)

    assert all(a.get("alt") for a in found.all("img"))
    figures = [a for a in found.all("svg") if "aria-hidden" not in a]
    assert len(figures) == 6
    assert all(a.get("role") == "img" and a.get("aria-label") for a in figures)
    assert len(found.all("caption")) == len(found.all("table"))
    assert found.all("html")[0]["lang"] == "en"


def test_perfect_model_has_no_mistakes_section(make_report: MakeReport) -> None:
    """Without a mistake the page says so and shows none."""
    found = Page(page(make_report(wrong=ITEM_COUNT)))

    assert "No test picture was wrong." in found.text
    assert not [a for a in found.all("img") if (a["alt"] or "").startswith("Test picture")]


def test_facts_that_are_missing_are_left_out(make_report: MakeReport) -> None:
    """Without facts of the files, choices, notes or timings there is a page all the same."""
    data = make_report()
    items = data.dataset.items.select("id", "path", "label", "group", "part")
    data = replace(
        data,
        dataset=replace(data.dataset, items=items),
        choices=[],
        notes=[],
        timings={},
        settings={},
        machine={},
    )

    found = Page(page(data))

    assert found.mistakes == []
    assert "How the head was chosen" not in found.text
    assert "Worth knowing" not in found.text


def test_german_page_holds_no_english_sentence(make_report: MakeReport) -> None:
    """Of all sentences that have a German text none stands there in English."""
    with speaking("de"):
        text = page(make_report(groups=12))
    found = Page(text)

    shown = " ".join(found.text.replace("\u00a0", " ").split())
    shown += " ".join(value or "" for _, a in found.seen for value in a.values())
    pieces = {
        piece.strip()
        for key, said in german().items()
        if key != said
        for piece in re.split(r"\{.*?\}", key.partition("||")[0])
        if len(piece.strip()) > 12 and piece.strip() not in said
    }
    assert len(pieces) > 100
    assert [piece for piece in pieces if piece in shown] == []
    assert found.all("html")[0]["lang"] == "de"
    assert "Von 20 Testbildern wurden 16 richtig erkannt" in shown
    assert "80,0 %" in shown and "80.0 %" not in shown
    assert "Nur 12 Gruppen: Sammeln Sie mindestens 20" in shown


def test_english_page_has_no_german_number(make_report: MakeReport) -> None:
    """German is spoken only inside: the page after it is the English one."""
    before = page(make_report())
    with speaking("de"):
        assert page(make_report()) != before
    assert page(make_report()) == before


def test_every_figure_has_its_numbers(make_report: MakeReport, tmp_path: Path) -> None:
    """Each figure names its file, which holds what is drawn, with decimal points in German too."""
    data = make_report(groups=12)
    with speaking("de"):
        write_report(data, tmp_path / "report.html")

    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    named = re.findall(r"figures/\w+\.csv", text)
    assert sorted(named) == sorted(f"figures/{p.name}" for p in (tmp_path / "figures").iterdir())
    comparison = pl.read_csv(tmp_path / "figures" / "comparison.csv")
    assert comparison["model"].to_list() == ["model", "baseline", "most_frequent"]
    assert comparison["estimate"][0] == pytest.approx(data.scores.accuracy.estimate)
    assert comparison["low"][0] == pytest.approx(data.scores.accuracy.low)
    sizes = pl.read_csv(tmp_path / "figures" / "sizes.csv")
    assert sizes["items"].sum() == ITEM_COUNT


def test_without_pictures_none_is_shown(make_report: MakeReport) -> None:
    """Where the files are gone, mistakes are listed by name and the page holds no picture."""
    found = Page(page(make_report(pictures=False)))

    assert found.all("img") == []
    assert "truly dog" in found.text
    assert "Drawn at random" not in found.text


def test_same_data_gives_the_same_page(make_report: MakeReport) -> None:
    """Nothing in the page depends on the clock or on chance."""
    assert page(make_report()) == page(make_report())


def test_page_without_test_items_is_refused(make_report: MakeReport) -> None:
    """Without a test part there is nothing to report."""
    data = make_report()
    data = replace(data, predictions=data.predictions.only("train"))

    with pytest.raises(UsageError, match="no predictions are in this part: 'test'"):
        page(data)


def test_phrases_are_set_like_a_printer_would() -> None:
    """No line breaks before a percent sign, a minus is a minus, sizes have a cross."""
    assert typeset("-0.4 to +3.0, 95.8 %, 60 x 80, 4 min 10 s") == (
        "\u22120.4 to +3.0, 95.8\u00a0%, 60 \u00d7 80, 4\u00a0min 10\u00a0s"
    )
    assert typeset("2015-11-15") == "2015-11-15"


def test_marks_that_turn_the_text_are_written_out(make_report: MakeReport) -> None:
    """A class named with a mark that turns a page round, or a line break, stands there escaped."""
    text = page(make_report(classes=("x\u202egnp", "b\nc")))

    assert "\u202e" not in text
    assert r"x\u202egnp" in text and r"b\nc" in text
    assert "b\nc" not in text


def test_long_names_may_break_and_stay_escaped() -> None:
    """A file's name may go on in a new line, and its markup is text."""
    assert breakable("a/b_c.png") == "a/<wbr>b_<wbr>c<wbr>.png"
    assert "<b>" not in breakable("<b>")


def test_real_pictures_make_a_small_file(real_data: Path, make_report: MakeReport) -> None:
    """With real cells in it the page stays far below three megabytes."""
    data = make_report()
    paths = sorted((real_data / "malaria" / "Parasitized").glob("*.png"))[:60]
    items = data.dataset.items.with_columns(
        path=pl.Series([str(p) for p in paths]), hash=pl.lit(None, dtype=pl.String)
    )

    text = page(replace(data, dataset=replace(data.dataset, items=items)))

    assert text.count("data:image/jpeg") == 36
    assert len(text) < 1_000_000
