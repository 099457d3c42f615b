"""Names of classes that people type: they become folders on every system, or they are refused.

In: a name and the classes that are there. Out: the name without blanks at its ends.
Try: `new_class("Plasmodium vivax", ["healthy"])`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from pathlib import Path

from objektiv.base.errors import UsageError
from objektiv.base.names import natural_key, suggestion
from objektiv.data.folders import LITTER, PART_FOLDERS
from objektiv.data.safe_names import LONGEST_NAME, safe_name


def new_class(name: str, known: Collection[str]) -> str:
    """The name under which a class may be made.

    Raises:
        UsageError: no folder of every system can be called so, it means something else, or only
            case or accents tell it from a class that is there.
    """
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    twin = next((other for other in known if _plain(other) == _plain(name)), None)
    if not name or safe_name(name) != name or name in LITTER or name.startswith("."):
        better = safe_name(name) if name else ""
        raise _refused(name, suggestion(better, [better]) if better else "type a name")
    if name.casefold() in PART_FOLDERS:
        raise _refused(name, "this word names a part of the data; choose another one")
    if twin is not None:
        raise _refused(name, f"there is already a class '{twin}'")
    return name


def class_folders(data: Path) -> list[str]:
    """The classes of a folder of a project's own pictures, also those without any yet."""
    return sorted(
        (p.name for p in data.iterdir() if p.is_dir() and p.name[0] != "."), key=natural_key
    )


def _plain(name: str) -> str:
    return unicodedata.normalize("NFD", name).casefold()


def _refused(name: str, advice: str) -> UsageError:
    return UsageError(
        "a class cannot be called so",
        value=repr(name[:LONGEST_NAME]),
        allowed=f"1 to {LONGEST_NAME} characters that a folder may have on every system, no /, <, "
        "> or :, no dot at the start",
        next=advice,
    )
