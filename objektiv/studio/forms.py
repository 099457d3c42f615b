"""Settings as fields of a page, and what was typed into them as words of a command line.

In: a settings class. Out: a Field for each setting, with the default, limits and help that its
class alone tells; and from a form its values, what is wrong with each, and `--name=value` words.
Try: `fields(TrainSettings)[0].help`.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from objektiv.base.settings import Settings

Kind = Literal["choice", "number", "text"]
YES_NO = ("yes", "no")
LONGEST = 500  # characters of a value that are taken


@dataclass(frozen=True)
class Field:
    """One setting as a page asks for it; an empty answer leaves it at its default."""

    name: str
    help: str
    kind: Kind
    default: str
    choices: tuple[str, ...] = ()
    whole: bool = False  # a number without a fraction
    least: float | None = None
    most: float | None = None


def fields(kind: type[Settings], *, leave_out: Sequence[str] = ()) -> tuple[Field, ...]:
    """The settings of a class; paths are left out, since nobody should have to type one."""
    return tuple(
        _field(name, info)
        for name, info in kind.model_fields.items()
        if name not in leave_out and not _is_path(info.annotation)
    )


def _field(name: str, info: FieldInfo) -> Field:
    types_ = _members(info.annotation)
    shown = _shown(info.default)
    choices = tuple(str(c) for t in types_ if get_origin(t) is Literal for c in get_args(t))
    plain = [t for t in types_ if get_origin(t) is not Literal]
    told = info.description or ""
    if plain == [bool]:
        return Field(name, told, "choice", shown, YES_NO)
    if choices and not plain:
        return Field(name, told, "choice", shown, choices)
    if plain in ([int], [float]) and not choices:
        least, most = _limits(info.metadata)
        whole = plain == [int]
        return Field(name, told, "number", shown, whole=whole, least=least, most=most)
    return Field(name, told, "text", shown, choices)


def _members(annotation: Any) -> list[Any]:
    """The types a value may have, None left away."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [t for part in get_args(annotation) for t in _members(part)]
    return [] if annotation is type(None) else [annotation]


def _is_path(annotation: Any) -> bool:
    return Path in _members(annotation)


def _limits(metadata: Sequence[Any]) -> tuple[float | None, float | None]:
    """Pydantic keeps each limit as an object with one attribute."""
    least = [getattr(one, name) for one in metadata for name in ("ge", "gt") if hasattr(one, name)]
    most = [getattr(one, name) for one in metadata for name in ("le", "lt") if hasattr(one, name)]
    return (float(least[0]) if least else None, float(most[0]) if most else None)


def _shown(default: Any) -> str:
    """As it would be typed."""
    if default is None or default == ():
        return ""
    if isinstance(default, bool):
        return YES_NO[not default]
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return str(default)


def typed(form: Mapping[str, Any], asked: Sequence[Field]) -> dict[str, str]:
    """What somebody typed, by setting; what was left empty is not among it."""
    found = {field.name: str(form.get(field.name, "")).strip() for field in asked}
    return {name: text[:LONGEST] for name, text in found.items() if text}


def values(kind: type[Settings], given: Mapping[str, str]) -> dict[str, Any]:
    """The same as settings are made of: lists divided at commas."""
    several = {n for n, f in kind.model_fields.items() if get_origin(f.annotation) is tuple}
    return {n: text.split(",") if n in several else text for n, text in given.items()}


def mistakes(kind: type[Settings], given: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with each setting, by its name; what is wrong together stands under ""."""
    try:
        kind.model_validate(values(kind, given))
    except ValidationError as error:
        found: dict[str, str] = {}
        for one in error.errors():
            name = str(one["loc"][0]) if one["loc"] else ""
            found.setdefault(name, one["msg"].removeprefix("Value error, "))
        return found
    return {}


def words(given: Mapping[str, str]) -> list[str]:
    """The same as words of a command line."""
    return [f"--{name.replace('_', '-')}={text}" for name, text in given.items()]
