"""Sentences and numbers in the language that is spoken, and English where none is."""

from __future__ import annotations

import json
import threading

import pytest

from objektiv.base import language
from objektiv.base.errors import UsageError
from objektiv.base.language import (
    figure,
    packed,
    say,
    speaking,
    spoken,
    tr,
    tr_count,
    unpacked,
)

WORDS = {
    "{number} of {total} pictures": "{number} von {total} Bildern",
    "{share:.1f} % of {name}": "{share:.1f} % von {name}",
    "{number} cell": "{number} Zelle",
    "{number} cells": "{number} Zellen",
    "all||pictures": "alle",
    "all||in a sum": "gesamt",
    "and": "und",
    "Of {what}.": "Von {what}.",
}


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small catalogue instead of ours."""
    monkeypatch.setattr(language, "german", lambda: WORDS)


def test_english_is_spoken_until_german_is_asked_for() -> None:
    """The text itself is said, and again when the German part is over."""
    assert tr("{number} of {total} pictures", number=12, total=27558) == "12 of 27,558 pictures"
    with speaking("de"):
        assert spoken() == "de"
        assert tr("{number} of {total} pictures", number=12, total=27558) == "12 von 27.558 Bildern"
    assert spoken() == "en"


def test_language_is_put_back_behind_an_error() -> None:
    """What fails inside does not leave German behind."""
    with pytest.raises(ValueError, match="inside"), speaking("de"):
        raise ValueError("inside")
    assert spoken() == "en"


def test_numbers_have_the_signs_of_the_language() -> None:
    """A decimal comma and thousands points in German."""
    assert figure(1234.56, ",.1f") == "1,234.6"
    assert figure(27558) == "27,558"
    with speaking("de"):
        assert figure(1234.56, ",.1f") == "1.234,6"
        assert figure(27558) == "27.558"
        assert tr("{share:.1%} of it", share=0.9584) == "95,8 % of it"
        assert tr("{share:.1f} % of {name}", share=95.84, name="a,b.c") == "95,8 % von a,b.c"


def test_names_are_never_read_as_formats() -> None:
    """Braces in the name of a class stay what they are."""
    evil = "{number.__class__}{0}"
    assert tr("{share:.1f} % of {name}", share=1.0, name=evil) == f"1.0 % of {evil}"


def test_one_and_many() -> None:
    """The number chooses the sentence and stands in it."""
    assert tr_count("{number} cell", "{number} cells", 1) == "1 cell"
    with speaking("de"):
        assert tr_count("{number} cell", "{number} cells", 1200) == "1.200 Zellen"


def test_senses_of_one_word_are_told_apart() -> None:
    """The note behind the bars is not shown."""
    assert tr("all||in a sum") == "all"
    with speaking("de"):
        assert (tr("all||pictures"), tr("all||in a sum")) == ("alle", "gesamt")


def test_unknown_sentence_stays_english() -> None:
    """A missing German text costs the translation, not the page."""
    with speaking("de"):
        assert tr("Nobody translated {n} words.", n=1200) == "Nobody translated 1.200 words."


def test_notes_are_english_and_can_be_said_again_in_german() -> None:
    """A note of the core is an English text for logs, and knows its parts."""
    with speaking("de"):
        note = say("Of {what}.", what=say("{number} cells", number=1200))
        assert note == "Of 1,200 cells."
        assert tr(note) == "Von 1.200 Zellen."
    assert tr(note) == "Of 1,200 cells."


def test_threads_speak_english() -> None:
    """A language belongs to the place that speaks it, not to the program."""
    found: list[str] = []
    with speaking("de"):
        thread = threading.Thread(target=lambda: found.append(spoken()))
        thread.start()
        thread.join()
    assert found == ["en"]


def test_unknown_language_is_refused() -> None:
    """The message names the languages."""
    with pytest.raises(UsageError, match="Known: en, de"), speaking("fr"):
        pass


def test_notes_survive_a_file() -> None:
    """A note that went through JSON can still be said in German."""
    note = say("Of {what}.", what=say("{number} cells", number=1200))

    again = unpacked(json.loads(json.dumps(packed(note))))

    assert again == note
    with speaking("de"):
        assert tr(again) == "Von 1.200 Zellen."
    assert unpacked(packed("plain")) == "plain"


@pytest.mark.parametrize(
    "bad", [{}, {"say": "{a}"}, {"say": "{a}", "with": {"b": 1}}, {"say": 1, "with": 2}]
)
def test_altered_notes_are_told(bad: dict[str, object]) -> None:
    """What is no note is a ValueError, whatever was done to the file."""
    with pytest.raises(ValueError, match="not a note"):
        unpacked(bad)
