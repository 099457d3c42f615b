"""Every error a user can meet, as a tree, each with the exit code of its family.

    ObjektivError
    ├── UsageError          2  a command, option, name or setting is wrong
    │   └── SettingsError   2  a settings file or value does not fit
    ├── DataError           3  pictures, folders or tables cannot be used
    │   └── ImageError      3  one picture cannot be read (it is quarantined, the rest goes on)
    ├── ModelError          4  a bundle, run, backbone or weights file is refused
    │   └── BundleError     4  a bundle is damaged, altered or of another version
    ├── MachineError        5  disk, memory, permissions
    │   ├── MissingExtra    5  a part of objektiv is not installed
    │   └── StoreError      5  predictions cannot be stored, or not now
    └── Cancelled         130  stopped by Ctrl-C or a cancel file; what is done is kept

Exit code 0 is success, 1 a gate or finding that failed, 6 a bug of ours.
Every message has four parts: what happened, the value, what is allowed, the next command.
"""

from __future__ import annotations


class ObjektivError(Exception):
    """The root: four parts that print as one line."""

    exit_code = 6

    def __init__(self, happened: str, *, value: object, allowed: str, next: str) -> None:
        """Each part is a phrase without a final full stop; `next` names a command or action."""
        super().__init__(happened, value, allowed, next)
        self.happened = happened
        self.value = value
        self.allowed = allowed
        self.next = next

    def __str__(self) -> str:
        return f"{self.happened}: {self.value}. {self.allowed}. Next: {self.next}"


class UsageError(ObjektivError):
    """A command, option, name or setting is wrong."""

    exit_code = 2


class SettingsError(UsageError):
    """A settings file or value does not fit."""


class DataError(ObjektivError):
    """Pictures, folders or tables cannot be used."""

    exit_code = 3


class ImageError(DataError):
    """One picture cannot be read; `reason` is one word of `data.images.REASONS`."""

    def __init__(
        self, happened: str, *, value: object, allowed: str, next: str, reason: str
    ) -> None:
        super().__init__(happened, value=value, allowed=allowed, next=next)
        self.reason = reason


class ModelError(ObjektivError):
    """A bundle, run, backbone or weights file is refused."""

    exit_code = 4


class BundleError(ModelError):
    """A bundle is damaged, altered or of another version."""


class MachineError(ObjektivError):
    """The disk, the memory or a permission stands in the way."""

    exit_code = 5


class MissingExtra(MachineError):
    """A part of objektiv is not installed; `next` is the command that installs it."""


class StoreError(MachineError):
    """Predictions cannot be stored; `reason` is one word of `serving.store_table.REASONS`."""

    def __init__(
        self, happened: str, *, value: object, allowed: str, next: str, reason: str
    ) -> None:
        super().__init__(happened, value=value, allowed=allowed, next=next)
        self.reason = reason


class Cancelled(ObjektivError):
    """Stopped on request; what was computed is kept."""

    exit_code = 130
