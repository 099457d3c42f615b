"""The reading order: every file has its place, and imports only from above it."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import order

FILES = sorted(p for p in order.PACKAGE.glob("*/*.py") if p.name != "__init__.py")
LISTED = [f"{folder}.{name}" for folder, names in order.ORDER.items() for name in names]


def _module(path: Path) -> str:
    return f"{path.parent.name}.{path.stem}"


def _imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names of objektiv that a file imports, also inside functions, without `objektiv.`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (n.removeprefix("objektiv.") for n in names if n.startswith("objektiv."))


def test_every_file_has_a_place() -> None:
    """The list of the reading order and the files on the disk are the same, each once."""
    assert sorted(LISTED) == sorted(map(_module, FILES))


def test_every_folder_is_described() -> None:
    """Each folder of the order has its phrase for the file tree, in the same order."""
    assert list(order.FOLDERS) == list(order.ORDER)


@pytest.mark.parametrize("path", FILES, ids=_module)
def test_file_imports_only_from_above(path: Path) -> None:
    """A file imports only from folders above its own and files above it in its folder."""
    own = LISTED.index(_module(path))
    imported = {n for n in _imports(ast.parse(path.read_text(encoding="utf-8"))) if n in LISTED}

    assert [n for n in sorted(imported) if LISTED.index(n) >= own] == []


def test_no_file_imports_the_public_door() -> None:
    """Inside the package, nothing imports names through `objektiv` itself."""
    found = [
        _module(path)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and node.module == "objektiv")
        and not {alias.name for alias in node.names} <= set(order.ORDER)
    ]

    assert found == []


def test_import_linter_knows_the_same_folders() -> None:
    """The layers of import-linter are the folders of the reading order, last one first."""
    project = tomllib.loads((order.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (contract,) = [c for c in contracts if c["type"] == "layers"]

    assert contract["layers"] == [f"objektiv.{folder}" for folder in reversed(order.ORDER)]


def test_folders_are_empty_doors() -> None:
    """A folder's `__init__.py` holds no code, so that importing one file imports no other."""
    doors = order.PACKAGE.glob("*/__init__.py")

    assert [p.parent.name for p in doors if ast.parse(p.read_text(encoding="utf-8")).body] == []


def test_every_file_opens_with_what_it_is() -> None:
    """Each file begins with a docstring that says what it is."""
    assert [_module(path) for path in FILES if not order.first_line(path)] == []
