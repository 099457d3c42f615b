"""Names people type: find the near one, and keep registries in which a name means one thing.

In: a name and what is allowed. Out: the thing, or an error that suggests the nearest name.
Try: `Registry("head", {"logistic": fit}).get("logistik")`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from objektiv.base.errors import UsageError

T = TypeVar("T")
_NUMBERS = re.compile(r"(\d+)")


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name most like `name`, or None where none is near."""
    matches = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.5)
    return matches[0] if matches else None


def suggestion(name: str, allowed: Iterable[str]) -> str:
    """`did you mean 'x'?` or an empty string."""
    near = nearest(name, allowed)
    return f"did you mean '{near}'?" if near else ""


def natural_key(text: str) -> tuple[list[Any], str]:
    """Sort key under which `type_2` stands before `type_10`, case-insensitive."""
    pieces: list[Any] = _NUMBERS.split(text.casefold())  # by turns no number and a number
    pieces[1::2] = map(int, pieces[1::2])
    return pieces, text  # the text itself last, so that the order is total


class Registry(Generic[T]):
    """A visible table from name to thing; listing it is the test plan of what is in it."""

    def __init__(self, kind: str, entries: Mapping[str, T], *, list_command: str) -> None:
        self._kind = kind
        self._entries = dict(entries)
        self._list_command = list_command

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str) -> T:
        """The entry called `name`.

        Raises:
            UsageError: the name is unknown; the message suggests the nearest.
        """
        if name in self._entries:
            return self._entries[name]
        hint = suggestion(name, self._entries)
        raise UsageError(
            f"no {self._kind} has this name",
            value=repr(name),
            allowed=f"Known: {', '.join(self._entries)}",
            next=f"{hint} " * bool(hint) + f"see `{self._list_command}`",
        )
