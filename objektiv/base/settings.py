"""Settings: one frozen object a step is the only home of a default, a type, a limit and a help.

In: a mapping, a YAML file or command-line values. Out: a settings object, or one error that
names every mistake with the nearest right name. Flags, YAML, web form and docs derive from it.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def make(kind: type[S], values: Mapping[str, Any], *, source: str = "settings") -> S:
    """Build settings of a kind, with every mistake told at once.

    Raises:
        SettingsError: a name is unknown or a value does not fit.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        mistakes = [_mistake(kind, dict(e)) for e in error.errors()]
        raise SettingsError(
            f"{source} cannot be used",
            value="; ".join(mistakes),
            allowed=f"Known settings: {', '.join(kind.model_fields)}",
            next="correct what is named; `--help` of the command lists types and limits",
        ) from error


def _mistake(kind: type[Settings], error: dict[str, Any]) -> str:
    name = ".".join(map(str, error["loc"])) or "settings"
    if error["type"] == "extra_forbidden":
        hint = suggestion(name, kind.model_fields)
        return f"unknown setting '{name}'" + (f", {hint}" if hint else "")
    message = error["msg"].removeprefix("Value error, ")
    return f"{name} = {error['input']!r}: {message}"


def read_yaml(kind: type[S], path: Path) -> S:
    """Settings from a YAML file.

    Raises:
        SettingsError: the file is not readable YAML, or its values do not fit.
    """
    import yaml  # here, so that `import objektiv` stays light

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        raise SettingsError(
            f"{path} cannot be read as YAML",
            value=" ".join(str(error).split()),
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
    return make(kind, values, source=str(path))


def write_yaml(settings: Settings, path: Path) -> None:
    """Publish settings as YAML, with each help sentence as a comment above its value."""
    import yaml

    lines = []
    for name, value in settings.model_dump(mode="json").items():
        lines.append(f"# {type(settings).model_fields[name].description}")
        text = yaml.safe_dump({name: value}, default_flow_style=False, width=float("inf"))
        lines.append(text.rstrip())
    files.write_text(path, "\n".join(lines) + "\n")
