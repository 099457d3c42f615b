"""File names that every system can hold: strangers' are checked, ours are made of any text.

In: a member's name as an archive has it, or a label. Out: a relative path with `/`, in NFC, or a
ValueError with the reason in a few words; for a label always a name. `Names` also refuses two names
that some system takes for one.
Sources: Microsoft's "Naming files, paths, and namespaces"; werkzeug CVE-2025-66221, CVE-2026-21860
and CVE-2026-27199 (devices with a suffix, a blank, in a folder).
Try: `safe_path("cells/../../etc/passwd")`.
"""

from __future__ import annotations

import re
import unicodedata

FORMULA_SIGNS = ("=", "+", "-", "@")  # a spreadsheet would run a cell that starts with one
LONGEST_NAME = 80  # characters of a name we make; Windows allows 260 for a whole path
LONGEST_PART, LONGEST_PATH = 255, 1000  # bytes; what common file systems hold, and room to spare
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_PLAIN = re.compile(rf"[A-Za-z0-9_]([A-Za-z0-9_ ()-]{{0,{LONGEST_NAME - 2}}}[A-Za-z0-9_)-])?")
_DRIVE = re.compile(r"[A-Za-z]:")
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])", re.I)


def safe_path(name: str) -> str:
    """The path under which a member is written; empty for the archive's own top folder.

    Raises:
        ValueError: why the name is refused.
    """
    if "\0" in name:
        raise ValueError("holds a NUL")
    if _UNSEEN.search(name):
        raise ValueError("holds a control character or is not UTF-8")
    text = unicodedata.normalize("NFC", name.replace("\\", "/"))
    if text.startswith("//"):
        raise ValueError("names a server")
    if text.startswith("/") or _DRIVE.match(text):
        raise ValueError("absolute path")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ValueError("leaves the folder")
    for part in parts:
        _check_part(part)
    path = "/".join(parts)
    if len(path.encode()) > LONGEST_PATH:
        raise ValueError("path too long")
    return path


def safe_name(text: str) -> str:
    """A name for a file or folder that is allowed and visible on Linux, macOS and Windows."""
    if _PLAIN.fullmatch(text) and not _is_device(text):
        return text
    kept = [
        "_" if char in "/\\" or unicodedata.category(char)[0] in "CZ" and char != " " else char
        for char in unicodedata.normalize("NFC", _FORBIDDEN.sub("_", text))
    ]
    name = "".join(kept).strip()[:LONGEST_NAME].rstrip(". ")
    if not name or name.startswith((".", *FORMULA_SIGNS)) or _is_device(name):
        return f"_{name}".rstrip(". ")
    return name


def _is_device(name: str) -> bool:
    return bool(_DEVICES.fullmatch(name.partition(".")[0].rstrip(" ")))


def _check_part(part: str) -> None:
    if _is_device(part):
        raise ValueError("device name of Windows")
    if part[-1] in ". ":
        raise ValueError("ends in a dot or blank, which Windows drops")
    if _FORBIDDEN.search(part):
        raise ValueError("holds a character that Windows forbids")
    if len(part.encode()) > LONGEST_PART:
        raise ValueError("name too long")


class Names:
    """The paths of one tree: none twice, no two that differ in case or accents' form only."""

    def __init__(self) -> None:
        self._spelled: dict[str, str] = {}  # as a careless system compares it, to how it was met
        self._folders: set[str] = set()

    def add(self, path: str) -> None:
        """Take a file's path.

        Raises:
            ValueError: the tree cannot hold it beside those it has.
        """
        self.add_folder(path.rpartition("/")[0])
        key = _alike(path)
        if key in self._spelled:
            first = self._spelled[key]
            same = "stands in it twice" if first == path else f"only case or accents from {first!r}"
            raise ValueError("is also a folder" if path in self._folders else same)
        self._spelled[key] = path

    def add_folder(self, path: str) -> None:
        """Take a folder and those above it.

        Raises:
            ValueError: as in `add`; a folder may come again under the same spelling.
        """
        if not path or path in self._folders:
            return
        self.add_folder(path.rpartition("/")[0])
        key = _alike(path)
        if key in self._spelled:
            first = self._spelled[key]
            raise ValueError(
                "is also a file" if first == path else f"only case or accents from {first!r}"
            )
        self._spelled[key] = path
        self._folders.add(path)


def _alike(path: str) -> str:
    """Equal for names that Windows or macOS takes for one."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
