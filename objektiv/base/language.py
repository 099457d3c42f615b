"""English and German: sentences with their numbers, said in the language that is spoken.

In: an English sentence with `{names}` in braces, and what stands for them. Out: the same in the
language of `speaking`. The English sentence is the key; german.json beside this file holds the
German ones, and a test finds every sentence that lacks one. Console output stays English: it is
made while nobody speaks German.
Try: `with speaking("de"): tr("{number} of {total} pictures", number=1200, total=27558)`.
"""

from __future__ import annotations

import functools
import json
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Literal, get_args

from objektiv.base.errors import UsageError
from objektiv.base.names import suggestion

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
CATALOGUE = Path(__file__).with_name("german.json")
NOTE = "||"  # what follows is for translators, and tells apart what is one word in English

_spoken: ContextVar[Language] = ContextVar("language", default="en")
_GERMAN_SIGNS = str.maketrans(",.", ".,")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say everything inside in this language; a thread started inside speaks English again.

    Raises:
        UsageError: the language is not known.
    """
    if language not in LANGUAGES:
        raise UsageError(
            "this language is not spoken",
            value=repr(language),
            allowed=f"Known: {', '.join(LANGUAGES)}",
            next=suggestion(language, LANGUAGES) or "name one of them",
        )
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def spoken() -> Language:
    """The language in which sentences are said now."""
    return _spoken.get()


class Told(str):
    """An English sentence that still knows its parts, so that `tr` can say it in German later."""

    text: str
    values: Mapping[str, Any]


def say(text: str, /, **values: Any) -> Told:
    """A sentence in English, whatever is spoken: for notes of the core, which faces translate."""
    told = Told(_filled(text.partition(NOTE)[0], values, "en"))
    told.text, told.values = text, values
    return told


def packed(note: Any) -> Any:
    """A note as JSON that `unpacked` turns into the same note."""
    if not isinstance(note, Told):
        return note
    return {"say": note.text, "with": {name: packed(v) for name, v in note.values.items()}}


def unpacked(note: Any) -> Any:
    """The note that was packed.

    Raises:
        ValueError: it is not one, such as in a file that was changed by hand.
    """
    if not isinstance(note, dict):
        return note
    try:
        return say(str(note["say"]), **{str(k): unpacked(v) for k, v in note["with"].items()})
    except (KeyError, AttributeError, IndexError, TypeError) as error:
        raise ValueError(f"not a note: {note!r:.100}") from error


def mark(text: str, /) -> str:
    """The same text: marks it for translation where it is written but not yet said."""
    return text


def tr(text: str, /, **values: Any) -> str:
    """A sentence in the language that is spoken; one that has no German text stays English.

    Numbers among the values get that language's signs: `{share:.1f}` is 95.8 or 95,8, and a plain
    `{items}` is 27,558 or 27.558. A text in several senses is told apart by a note behind `||`.
    """
    if isinstance(text, Told):
        return tr(text.text, **text.values)
    language = spoken()
    if language == "de":
        values = {name: tr(v) if isinstance(v, Told) else v for name, v in values.items()}
        said = german().get(text, text)
    else:
        said = text
    return _filled(said.partition(NOTE)[0], values, language)


def tr_count(one: str, many: str, number: int, /, **values: Any) -> str:
    """`one` where the number is 1, else `many`; both may name it as `{number}`."""
    return tr(one if number == 1 else many, number=number, **values)


def figure(value: float, form: str = "") -> str:
    """A number by a format such as `,.1f`, with the signs of the language that is spoken."""
    text = format(value, form or ("," if isinstance(value, int) else ""))
    return text.translate(_GERMAN_SIGNS) if spoken() == "de" else text


@functools.cache
def german() -> Mapping[str, str]:
    """English sentence to German sentence."""
    found: dict[str, str] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return found


class _Filler(string.Formatter):
    """Like str.format, with the signs of one language in numbers and nothing looked up in values.

    Values may be names of classes and files: what they hold is never read as a format.
    """

    def __init__(self, language: Language) -> None:
        self._language = language

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return format(value, format_spec)
        text = format(value, format_spec or ("," if isinstance(value, int) else ""))
        if self._language == "en":
            return text
        return text.translate(_GERMAN_SIGNS).replace("%", " %")


_FILLERS = {language: _Filler(language) for language in LANGUAGES}


def _filled(text: str, values: Mapping[str, Any], language: Language) -> str:
    return _FILLERS[language].vformat(text, (), values) if values else text
