"""Every sentence that is marked for translation has a German one with the same parts."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator

from jinja2 import nodes

from objektiv.base.language import CATALOGUE, NOTE
from objektiv.faces.report import environment
from objektiv.studio.training import more_settings
from scripts.order import PACKAGE

TEXTS = {"tr": 1, "say": 1, "mark": 1, "tr_count": 2}  # functions, and their texts
IN_TEMPLATES = {"_": 1, "_count": 2}
Marked = dict[str, set[str]]  # text to the names of the values it is given


def texts_of(argument: ast.expr) -> Iterator[str]:
    """The literal texts of an argument: itself, or both ends of a choice."""
    if isinstance(argument, ast.IfExp):
        yield from texts_of(argument.body)
        yield from texts_of(argument.orelse)
    elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value


def marked_in_code() -> Iterator[tuple[str, set[str] | None]]:
    """Each marked text, and the names of its values where they are known."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            name = node.func.id
            for argument in node.args[: TEXTS.get(name, 0)]:
                values = {word.arg or "**" for word in node.keywords}
                values |= {"number"} if name == "tr_count" else set()
                for text in texts_of(argument):
                    yield text, None if name == "mark" or "**" in values else values


def marked_in_templates() -> Iterator[tuple[str, set[str] | None]]:
    """The same of the pages."""
    for path in sorted(PACKAGE.rglob("templates/*.html")):
        tree = environment().parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            name = call.node.name if isinstance(call.node, nodes.Name) else ""
            values = {word.key for word in call.kwargs}
            values |= {"number"} if name == "_count" else set()
            for argument in call.args[: IN_TEMPLATES.get(name, 0)]:
                ends = (
                    argument.find_all(nodes.Const) if not isinstance(argument, nodes.Const) else ()
                )
                for end in (argument, *ends):
                    if isinstance(end, nodes.Const) and isinstance(end.value, str):
                        yield end.value, values


def marked_in_settings() -> Iterator[tuple[str, set[str] | None]]:
    """What the studio says of each setting of a training: its own help."""
    for _, fields in more_settings():
        yield from ((field.help, set()) for field in fields)


MARKED = [*marked_in_code(), *marked_in_templates(), *marked_in_settings()]
GERMAN: dict[str, str] = json.loads(CATALOGUE.read_text(encoding="utf-8"))


def parts(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def edges(text: str) -> tuple[bool, bool]:
    """Whether it begins and ends with a blank."""
    return text[0] == " ", text[-1] == " "


def test_every_marked_sentence_has_a_german_one() -> None:
    """What is missing is listed, ready to be put into the catalogue."""
    missing = sorted({text for text, _ in MARKED} - set(GERMAN))

    assert not missing, json.dumps(dict.fromkeys(missing, ""), indent=2)


def test_no_german_sentence_is_left_over() -> None:
    """A sentence that is no longer said leaves the catalogue."""
    assert sorted(set(GERMAN) - {text for text, _ in MARKED}) == []


def test_both_languages_name_the_same_parts() -> None:
    """A part is neither lost nor invented."""
    wrong = [text for text in GERMAN if parts(text.partition(NOTE)[0]) != parts(GERMAN[text])]

    assert wrong == []


def test_each_sentence_is_given_its_parts() -> None:
    """The values at the call are those that the text names."""
    wrong = [
        (text, values)
        for text, values in MARKED
        if values is not None and parts(text.partition(NOTE)[0]) != values
        if not (values == {"number"} and not parts(text.partition(NOTE)[0]))
    ]

    assert wrong == []


def test_catalogue_is_sorted_and_without_gaps() -> None:
    """So that two people who add sentences rarely meet in one line."""
    pairs = json.loads(CATALOGUE.read_text(encoding="utf-8"), object_pairs_hook=list)

    assert [key for key, _ in pairs] == sorted({key for key, _ in pairs})
    assert all(said.strip() for _, said in pairs)
    assert all(edges(key.partition(NOTE)[0]) == edges(said) for key, said in pairs)
