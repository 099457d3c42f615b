"""Trees of files with one byte, for the tests of what is found in folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from objektiv.data.folders import Listing
from objektiv.data.settings import ReadSettings
from objektiv.data.sources import find


def tree(root: Path, *names: str) -> Path:
    """Files of these names below `root`."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def found(root: Path, **values: Any) -> Listing:
    """What is found below `root` with these settings."""
    return find(root, ReadSettings(**values))


def ids(listing: Listing) -> list[str]:
    """The ids in their order."""
    return [entry.id for entry in listing.entries]
