"""What a search may vary: each setting with its values, from a YAML file, checked before it starts.

In: a file of `setting: [values]`, or `setting: {low, high, log}` for numbers. Out: a Space, or one
error that tells every mistake with the nearest right name.
Try: `read_space(Path("examples/filters.yaml"), TrainSettings)`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import ValidationError

from objektiv.base.errors import SettingsError
from objektiv.base.names import suggestion
from objektiv.base.settings import Settings, make, read_mapping

MOST = 10_000  # combinations of a grid; each is a training
S = TypeVar("S", bound=Settings)
KEYS = ("low", "high", "log")


@dataclass(frozen=True)
class Range:
    """All numbers between two; whole ones where both ends are."""

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)


Choices = tuple[Any, ...]


@dataclass(frozen=True)
class Space:
    """What is varied, in the order of the file."""

    settings: Mapping[str, Choices | Range]

    @property
    def ranges(self) -> list[str]:
        """Names of the settings that have a range."""
        return [name for name, values in self.settings.items() if isinstance(values, Range)]

    @property
    def size(self) -> int:
        """Number of combinations; ranges count as one."""
        return math.prod(len(v) for v in self.settings.values() if not isinstance(v, Range))

    def combinations(self) -> list[dict[str, Any]]:
        """Every combination of a grid without ranges, the last setting varying fastest."""
        lists = [v for v in self.settings.values() if not isinstance(v, Range)]
        return [dict(zip(self.settings, v, strict=True)) for v in itertools.product(*lists)]

    def plain(self) -> dict[str, Any]:
        """The same as the file has it."""
        return {
            name: {key: getattr(values, key) for key in KEYS}
            if isinstance(values, Range)
            else list(values)
            for name, values in self.settings.items()
        }


def read_space(
    path: Path,
    kind: type[Settings],
    *,
    fixed: Sequence[str],
    way: Literal["grid", "search"],
) -> Space:
    """The space in a file; settings called `fixed` may not be varied, ranges only be searched.

    Raises:
        SettingsError: the file cannot be read, is empty, or holds a mistake.
    """
    return space_of(read_mapping(path), kind, fixed=fixed, way=way, source=str(path))


def space_of(
    given: Mapping[str, Any],
    kind: type[Settings],
    *,
    fixed: Sequence[str],
    way: Literal["grid", "search"],
    source: str,
) -> Space:
    """The same from a mapping.

    Raises:
        SettingsError: as of `read_space`.
    """
    mistakes, found = [], {}
    for name, values in given.items():
        wrong = _wrong_name(name, kind, fixed)
        if not wrong:
            found[name], wrong = _values(name, values, kind, way)
        mistakes += [wrong] if wrong else []
    space = Space(found)
    if not given:
        mistakes.append("it is empty")
    elif not mistakes and space.size > MOST:
        mistakes.append(f"{space.size:,} combinations, at most {MOST:,} are tried")
    if mistakes:
        raise SettingsError(
            f"{source} cannot be used as what is tried",
            value="; ".join(mistakes),
            allowed="Lines of `setting: [values]` are read, with `--search` also "
            "`setting: {low: 0.001, high: 0.1, log: true}`; settings are those of `objektiv train`",
            next="correct what is named; `objektiv train --help` lists settings, types and limits",
        )
    return space


def _wrong_name(name: object, kind: type[Settings], fixed: Sequence[str]) -> str:
    if not isinstance(name, str) or name not in kind.model_fields:
        hint = suggestion(str(name), [n for n in kind.model_fields if n not in fixed])
        return f"unknown setting '{name}'" + (f", {hint}" if hint else "")
    if name in fixed:
        return f"{name} may not vary: figures of other pictures or places cannot be compared"
    return ""


def _values(name: str, values: Any, kind: type[Settings], way: str) -> tuple[Choices | Range, str]:
    """What a line means, and what is wrong with it, or ""."""
    if isinstance(values, dict):
        wrong = _wrong_range(values, way)
        ends = [values.get("low"), values.get("high")]
        wrong = wrong or next(filter(None, (_refused(kind, name, end) for end in ends)), "")
        if wrong:
            return (), f"{name}: {wrong}"
        return Range(values["low"], values["high"], values.get("log", False)), ""
    if not isinstance(values, list) or not values:
        return (), f"{name}: a list of values is needed, such as [{values or ''}]"
    kept = tuple(tuple(v) if isinstance(v, list) else v for v in values)
    if twice := [v for k, v in enumerate(kept) if v in kept[:k] and type(v) is type(kept[k])]:
        return (), f"{name}: {twice[0]!r} stands in it twice"
    wrong = "; ".join(filter(None, (_refused(kind, name, value) for value in kept)))
    return kept, f"{name}: {wrong}" if wrong else ""


def _wrong_range(values: Mapping[str, Any], way: str) -> str:
    if way == "grid":
        return "a range needs `--search N`; a grid takes lists"
    if unknown := [key for key in values if key not in KEYS]:
        return f"unknown '{unknown[0]}' in a range, {suggestion(str(unknown[0]), KEYS)}".rstrip(
            ", "
        )
    low, high, log = (values.get(key) for key in KEYS)
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in (low, high)):
        return "a range needs the numbers low and high"
    if not (math.isfinite(low) and math.isfinite(high) and low < high):  # type: ignore[arg-type, operator]
        return f"low = {low} must be less than high = {high}"
    if log not in (None, True, False):
        return f"log is true or false, not {log!r}"
    return "a logarithmic range begins above 0" if log and low <= 0 else ""  # type: ignore[operator]


def _refused(kind: type[Settings], name: str, value: Any) -> str:
    """What is wrong with a value by itself; what it does beside others is seen later."""
    try:
        kind.model_validate({name: value})
    except ValidationError as error:
        own = [e for e in error.errors() if e["loc"][:1] == (name,)]
        if own:
            told = own[0]["msg"].removeprefix("Value error, ")
            return f"{value!r}: {told}"
    return ""


def settings_with(base: S, values: Mapping[str, Any]) -> S:
    """`base` with other values; what nobody set stays open, so that a recipe may fill it.

    Raises:
        SettingsError: they do not go together.
    """
    given = {**base.model_dump(exclude_unset=True), **values}
    told = ", ".join(f"{name} = {value}" for name, value in values.items())
    return make(type(base), given, source=told)
