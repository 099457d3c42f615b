"""The public door: `objektiv` names what users may import, and every name is there."""

from __future__ import annotations

import inspect
import subprocess
import sys
import types

import pytest

import objektiv
from scripts import order

MOST_NAMES = 40  # the design says about 25; ten of these are errors


def test_names_are_listed_in_order() -> None:
    """`objektiv.__all__` is sorted, without doubles, and not long."""
    names = list(objektiv.__all__)

    assert names == sorted(set(names))
    assert 0 < len(names) <= MOST_NAMES


@pytest.mark.parametrize("name", getattr(objektiv, "__all__", []))
def test_listed_name_is_there(name: str) -> None:
    """A listed name can be had, is not a module and is documented where it is ours."""
    thing = getattr(objektiv, name)

    assert not isinstance(thing, types.ModuleType)
    if isinstance(thing, type) or callable(thing):
        assert (thing.__doc__ or "").strip()


@pytest.mark.parametrize("name", getattr(objektiv, "__all__", []))
def test_calls_need_names_after_two_arguments(name: str) -> None:
    """A function of the door takes at most two arguments by position, the others by name."""
    thing = getattr(objektiv, name)
    if not inspect.isfunction(thing):
        return
    kinds = [p.kind for p in inspect.signature(thing).parameters.values()]

    assert kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD) <= 2


def test_dir_shows_the_door() -> None:
    """`dir(objektiv)` shows every listed name, before any of them was used."""
    program = "import objektiv; print(set(objektiv.__all__) <= set(dir(objektiv)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=order.REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert done.stdout.strip() == "True"


def test_unknown_name_is_an_attribute_error() -> None:
    """A name that is not there is an AttributeError that says so, as Python's own is."""
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = objektiv.no_such_name
