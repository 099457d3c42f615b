"""The tree of errors and the exit codes of their families."""

from __future__ import annotations

import re

import pytest

from objektiv.base import errors

# Section B of the standard: one table for all commands.
EXIT_CODES = {
    "ObjektivError": 6,
    "UsageError": 2,
    "SettingsError": 2,
    "DataError": 3,
    "ImageError": 3,
    "ModelError": 4,
    "BundleError": 4,
    "MachineError": 5,
    "MissingExtra": 5,
    "StoreError": 5,
    "Cancelled": 130,
}
CLASSES = {
    name: thing
    for name, thing in vars(errors).items()
    if isinstance(thing, type) and issubclass(thing, Exception)
}


def test_every_error_has_the_exit_code_of_its_family() -> None:
    """Each class of the tree ends the program with the code of the table, and none is left out."""
    assert {name: kind.exit_code for name, kind in CLASSES.items()} == EXIT_CODES


def test_the_drawn_tree_is_the_real_one() -> None:
    """The tree in the docstring of errors.py names each class under its parent, with its code."""
    drawn: dict[str, tuple[str, int]] = {}
    line_of: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^(?P<depth>[ │├└─]+)(?P<name>[A-Z]\w+)(?:\s+(?P<code>\d+)  )?", line)
        if match is None:
            continue
        depth = len(match["depth"]) // 4 - 1
        line_of[depth:] = [match["name"]]
        parent = line_of[depth - 1] if depth else "Exception"
        drawn[match["name"]] = (parent, int(match["code"] or EXIT_CODES["ObjektivError"]))
    real = {name: (kind.__bases__[0].__name__, kind.exit_code) for name, kind in CLASSES.items()}

    assert drawn == real


@pytest.mark.parametrize("name", EXIT_CODES)
def test_a_message_has_four_parts(name: str) -> None:
    """Each error prints what happened, the value, what is allowed and the next command."""
    reason = {"reason": "bomb"} if name in ("ImageError", "StoreError") else {}
    error = CLASSES[name](
        "split has no such part", value="'tset'", allowed="Parts: test", next="x", **reason
    )

    assert str(error) == "split has no such part: 'tset'. Parts: test. Next: x"


@pytest.mark.parametrize("left_out", ["value", "allowed", "next"])
def test_no_part_may_be_left_out(left_out: str) -> None:
    """An error without its value, what is allowed or a next step cannot be made."""
    parts = {"value": 1, "allowed": "Two", "next": "three"}
    del parts[left_out]

    with pytest.raises(TypeError, match=left_out):
        errors.DataError("it broke", **parts)
