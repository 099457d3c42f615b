"""Where objektiv keeps what outlives a command, on each system: one folder for each purpose.

In: a Place. Out: its folder, which need not be there yet. An environment variable of the place's
own wins; else it lies below the user's cache or data folder, as the system has them.
Try: `MODELS.folder()`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from objektiv.base.errors import MachineError

Kind = Literal["cache", "data"]  # what can be made again, and what cannot

_BELOW: dict[tuple[str, Kind], tuple[str, str]] = {  # variable of the system, folder below home
    ("win32", "cache"): ("LOCALAPPDATA", "AppData/Local"),
    ("win32", "data"): ("LOCALAPPDATA", "AppData/Local"),
    ("darwin", "cache"): ("", "Library/Caches"),
    ("darwin", "data"): ("", "Library/Application Support"),
    ("", "cache"): ("XDG_CACHE_HOME", ".cache"),
    ("", "data"): ("XDG_DATA_HOME", ".local/share"),
}


@dataclass(frozen=True)
class Place:
    """One purpose: `name` is the folder's, `variable` an environment variable that wins."""

    name: str
    told: str  # in a message: what has no place
    kind: Kind
    variable: str
    next: str  # in a message: how to name another folder

    def folder(self) -> Path:
        """The folder.

        Raises:
            MachineError: this user has no home folder, as in some containers.
        """
        if named := os.environ.get(self.variable):
            return Path(named)
        system = sys.platform if (sys.platform, self.kind) in _BELOW else ""
        variable, below_home = _BELOW[system, self.kind]
        try:
            parent = os.environ.get(variable) or Path.home() / below_home
        except RuntimeError as error:
            raise MachineError(
                f"there is no place for {self.told}",
                value="this user has no home folder",
                allowed="A folder that this user may write to is needed",
                next=self.next,
            ) from error
        return Path(parent) / "objektiv" / self.name


BANK = Place(
    "bank",
    "the feature bank",
    "cache",
    "OBJEKTIV_BANK",
    "give one with `--bank FOLDER`, or set OBJEKTIV_BANK",
)
MODELS = Place(
    "models", "pretrained networks", "data", "OBJEKTIV_MODELS", "set OBJEKTIV_MODELS to one"
)
