"""The public door: `objektiv` names what users may import, and every name is there."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

import objektiv
from scripts import order

MOST_NAMES = 30  # the design says about 25


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


def test_version_is_that_of_the_project() -> None:
    """`objektiv.__version__` is the version in pyproject.toml."""
    import tomllib

    project = tomllib.loads((order.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))

    assert objektiv.__version__ == project["project"]["version"]
