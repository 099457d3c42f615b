"""What is in the wheel and in the source archive: the rules of scripts/package."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib

import pytest

from scripts import order, package

INFO = [f"objektiv-0.1.0.dist-info/{name}" for name in package.IN_DIST_INFO]
PRESENT = [
    p.relative_to(order.REPOSITORY).as_posix() for p in order.PACKAGE.rglob("*") if p.is_file()
]
SHIPPED = [name for name in PRESENT if "__pycache__" not in name]
SOURCES = [
    f"objektiv-0.1.0/{name}" for name in [*SHIPPED, *sorted(package.IN_SOURCES - {"objektiv"})]
]


def test_a_whole_wheel_passes() -> None:
    """The package as it stands here, with its metadata, is right, whatever Python cached beside."""
    assert package.wrong_in_wheel([*SHIPPED, *INFO], present=PRESENT) == []


@pytest.mark.parametrize("name", package.NEEDED)
def test_a_wheel_without_what_it_needs_is_refused(name: str) -> None:
    """Templates, the German sentences and the tables of names must be in."""
    assert (order.REPOSITORY / name).is_file()
    names = [n for n in SHIPPED if n != name]

    assert f"missing: {name}" in package.wrong_in_wheel([*names, *INFO], present=names)
    assert f"missing: {name}" in package.wrong_in_sources(f"o/{n}" for n in names)


@pytest.mark.parametrize(
    "name",
    [
        "tests/conftest.py",
        "objektiv/base/notes.bak",
        "objektiv/__pycache__/a.cpython-311.pyc",
        "objektiv/predictions.sqlite3",
        "docs/pictures/smear-map.png",
        "scripts/order.py",
    ],
)
def test_a_wheel_with_more_is_refused(name: str) -> None:
    """Tests, caches, data and what is not of the package are told by name."""
    wrong = package.wrong_in_wheel([*SHIPPED, name, *INFO], present=PRESENT)

    assert f"not in the working copy: {name}" in wrong


def test_a_stray_file_in_the_package_is_refused() -> None:
    """A file that lies in the package folder by accident is not shipped, though it is there."""
    stray = "objektiv/cells.objektiv.bak"

    assert package.wrong_in_wheel([*SHIPPED, stray, *INFO], present=[*PRESENT, stray]) == [
        f"not of a kind that is shipped: {stray}"
    ]


@pytest.mark.parametrize("missing", sorted(package.IN_DIST_INFO))
def test_metadata_is_whole(missing: str) -> None:
    """The licence, the entry point and pip's own files are in the wheel."""
    names = [n for n in INFO if not n.endswith(f"/{missing}")]

    assert package.wrong_in_wheel([*SHIPPED, *names], present=PRESENT) == [f"metadata: {missing}"]


@pytest.mark.parametrize(
    "name",
    [
        ".git/config",
        "runs/cells-001/predictions.parquet",
        "tests/__pycache__/a.pyc",
        "shared/data/a.png",
        ".env",
        "tests/key.pem",
        "docs/a.sqlite3",
        "notes.md",
    ],
)
def test_sources_with_private_things_are_refused(name: str) -> None:
    """History, runs, data, keys and notes stay here."""
    assert package.wrong_in_sources(SOURCES) == []
    assert package.wrong_in_sources([*SOURCES, f"objektiv-0.1.0/{name}"]) != []


def test_the_lists_of_the_build_agree() -> None:
    """What pyproject.toml puts into the source archive is what the script expects in it."""
    text = (order.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    targets = tomllib.loads(text)["tool"]["hatch"]["build"]["targets"]
    named = {name.removeprefix("/") for name in targets["sdist"]["include"]}
    always = {"pyproject.toml", "PKG-INFO", ".gitignore"}
    pages = {p.name for p in order.REPOSITORY.glob("*.md")}

    assert (named - {"*.md"}) | pages | always == package.IN_SOURCES
    assert targets["wheel"] == {"packages": ["objektiv"]}


@pytest.mark.slow
def test_the_real_package_is_sound() -> None:
    """Both files are built, looked at and used; CI does the same."""
    pytest.importorskip("build", reason="needs objektiv[dev]")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.package"],
        cwd=order.REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    shutil.rmtree(package.DIST, ignore_errors=True)

    assert done.returncode == 0, done.stderr
    assert "the package is sound" in done.stdout
