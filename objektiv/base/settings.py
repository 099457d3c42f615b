"""Settings: one frozen object a step is the only home of a default, a type, a limit and a help.

In: a mapping, a YAML file or command-line values. Out: a settings object, or one error that
names every mistake with the nearest right name. Flags, YAML, web form and docs derive from it.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from objektiv.base import files
from objektiv.base.errors import SettingsError
from objektiv.base.names import suggestion

S = TypeVar("S", bound="Settings")


class Settings(BaseModel):
    """Base of all settings: frozen, strict about names, checked defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Strict(BaseModel):
    """Base of what is read from files: frozen, no unknown keys, no changed types, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def make(kind: type[S], values: Mapping[str, Any], *, source: str = "settings") -> S:
    """Build settings of a kind, with every mistake told at once.

    Raises:
        SettingsError: a name is unknown or a value does not fit.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        raise SettingsError(
            f"{source} cannot be used",
            value="; ".join(_mistakes(kind, map(dict, error.errors()))),
            allowed=f"Known settings: {', '.join(kind.model_fields)}",
            next="correct what is named; `--help` of the command lists types and limits",
        ) from error


_SHORT = reprlib.Repr()  # aliases in YAML can make a value of any length out of ten lines
_SHORT.maxstring = _SHORT.maxother = 200
_SHORT.maxlevel = 2


def _mistakes(kind: type[Settings], errors: Iterable[dict[str, Any]]) -> list[str]:
    """A sentence a setting; what several types of one setting say is told together."""
    found: dict[str, str] = {}
    for error in errors:
        # behind the setting's name: places in a list, and names of types that tell nobody anything
        first, *more = error["loc"] or ("settings",)
        name = ".".join(map(str, [first, *(part for part in more if isinstance(part, int))]))
        if error["type"] == "extra_forbidden":
            hint = suggestion(name, kind.model_fields)
            found[name] = f"unknown setting '{name}'" + (f", {hint}" if hint else "")
            continue
        message = error["msg"].removeprefix("Value error, ").partition(" for <class")[0]
        if name in found:
            found[name] += f" or {message.removeprefix('Input should be ')}"
        else:
            found[name] = f"{name} = {_SHORT.repr(error['input'])}: {message}"
    return list(found.values())


def read_yaml(kind: type[S], path: Path) -> S:
    """Settings from a YAML file.

    Raises:
        SettingsError: the file is not readable YAML, or its values do not fit.
    """
    return make(kind, read_mapping(path), source=str(path))


def read_mapping(path: Path) -> dict[str, Any]:
    """What a YAML file of `name: value` lines says, unchecked.

    Raises:
        SettingsError: the file is not readable YAML, or something else than such lines.
    """
    import yaml  # here, so that `import objektiv` stays light

    try:
        values = _load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        told = error.strerror if isinstance(error, OSError) else None
        raise SettingsError(
            f"{path} cannot be read as YAML",
            value=told or " ".join(str(error).split()),
            allowed="A list of `name: value` lines is read",
            next="correct the line, or leave the file away and use options",
        ) from error
    if not isinstance(values, dict):
        raise SettingsError(
            f"{path} is not a list of settings",
            value=type(values).__name__,
            allowed="A list of `name: value` lines is read",
            next="compare it with the settings.yaml of any run",
        )
    return values


def _load(text: str) -> Any:
    """Plain YAML; a name that stands twice, of which PyYAML takes the last, is refused."""
    import yaml

    waiting, seen = [yaml.compose(text, yaml.SafeLoader)], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))  # an alias is the node that it names
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
            continue
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{', '.join(map(repr, twice))} stands in it more than once")
        waiting += [value for _, value in node.value]
    return yaml.safe_load(text)


def write_yaml(settings: Settings, path: Path) -> None:
    """Publish settings as YAML, with each help sentence as a comment above its value."""
    import yaml

    lines = []
    for name, value in settings.model_dump(mode="json").items():
        lines.append(f"# {type(settings).model_fields[name].description}")
        text = yaml.safe_dump({name: value}, default_flow_style=False, width=float("inf"))
        lines.append(text.rstrip())
    files.write_text(path, "\n".join(lines) + "\n")
