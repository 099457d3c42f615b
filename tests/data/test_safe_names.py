"""Names that become paths, and names that are refused with a reason."""

from __future__ import annotations

import os
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objektiv.data.safe_names import LONGEST_NAME, Names, safe_name, safe_path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("cells/a/1.png", "cells/a/1.png"),
        ("./cells//a/./1.png", "cells/a/1.png"),
        ("cells/a/", "cells/a"),
        ("cells\\a\\1.png", "cells/a/1.png"),
        ("./", ""),
        ("", ""),
        ("e\u0301.png", "\u00e9.png"),
        ("a/.hidden", "a/.hidden"),
        ("readme[1] (2) & +=@'.txt", "readme[1] (2) & +=@'.txt"),
        ("console/contact.png", "console/contact.png"),
        ("日本/写真.png", "日本/写真.png"),
        ("x" * 255, "x" * 255),
    ],
)
def test_plain_names_become_paths(name: str, path: str) -> None:
    """A name that every system can hold is kept, in one spelling."""
    assert safe_path(name) == path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../x", "leaves the folder"),
        ("/x", "absolute path"),
        ("\\x", "absolute path"),
        ("\\\\server\\x", "names a server"),
        ("C:x", "absolute path"),
        ("x\0", "holds a NUL"),
        ("x\udc80", "not UTF-8"),
        ("x\r", "control character"),
        ("a/CoN.tar.gz", "device name of Windows"),
        ("lpt1", "device name of Windows"),
        ("a/x. ", "ends in a dot or blank"),
        ("...", "ends in a dot or blank"),
        ("ab:c", "Windows forbids"),
        ("é" * 128, "name too long"),
        ("/".join("ab" for _ in range(400)), "path too long"),
    ],
)
def test_reasons_are_told(name: str, reason: str) -> None:
    """Each refused name has its reason."""
    with pytest.raises(ValueError, match=reason):
        safe_path(name)


@given(st.text(alphabet=st.sampled_from("ab./\\:C \0~é\u0301%N*"), max_size=20))
def test_a_path_never_leaves_its_folder(name: str) -> None:
    """Whatever the name is, the path stays inside on POSIX and on Windows, and is its own path."""
    try:
        path = safe_path(name)
    except ValueError:
        return
    joined = os.path.normpath(f"/top/{path}")
    windows = PureWindowsPath("X:/top") / path

    assert joined == "/top" or joined.startswith("/top/")
    assert windows.is_relative_to("X:/top") and ".." not in windows.parts
    assert not PurePosixPath(path).is_absolute()
    assert safe_path(path) == path


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ("a/1.png", "a/1.png", "stands in it twice"),
        ("a/1.png", "A/2.png", "only case or accents from 'a'"),
        ("a/é.png", "a/É.png", "only case or accents"),
        ("a", "a/b", "is also a file"),
        ("a/b", "a", "is also a folder"),
    ],
)
def test_names_that_meet_are_refused(first: str, second: str, reason: str) -> None:
    """A tree takes no name that some system confuses with one it has."""
    names = Names()
    names.add(first)
    with pytest.raises(ValueError, match=reason):
        names.add(second)


def test_files_of_one_folder_pass() -> None:
    """Many files in one folder, the folder named before and after them, are accepted."""
    names = Names()
    names.add_folder("a")
    for name in ("a/1.png", "a/2.png", "a/b/1.png"):
        names.add(name)
    names.add_folder("a/b")


@given(st.text(max_size=200))
def test_every_text_becomes_a_safe_name(text: str) -> None:
    """Any text becomes a visible name without separators, control signs or trailing dots."""
    name = safe_name(text)

    assert 1 <= len(name) <= LONGEST_NAME + 1
    assert not set(name) & set('<>:"/\\|?*\0\n\r\u202e')
    assert name[0] not in ".=+-@ " and name[-1] not in ". "
    assert name.encode() and safe_name(name) == name


@pytest.mark.parametrize("name", ["CON", "nul.txt", "Lpt1", "aux", "..", "", " ", "a/../../b"])
def test_names_with_a_meaning_lose_it(name: str) -> None:
    """Devices of Windows and steps upwards are no names."""
    assert safe_name(name).casefold() not in {name.casefold(), "..", "."}
    assert "/" not in safe_name(name)
