"""The laws of this folder: short, NumPy alone, no name before its definition, told in one page."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import order

NAMES = order.ORDER["scratch"]
FILES = [order.path_of(f"scratch.{name}") for name in NAMES]
FILE_LINES, ALL_LINES = 150, 1200


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_it_is_readable_in_an_evening() -> None:
    """No file has more than 150 lines, and all together at most 1,200."""
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}

    assert {name: count for name, count in lines.items() if count > FILE_LINES} == {}
    assert sum(lines.values()) <= ALL_LINES


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_only_numpy_is_imported(path: Path) -> None:
    """A file imports NumPy, the standard library, and files of this folder that stand above it."""
    above = {f"objektiv.scratch.{name}" for name in NAMES[: NAMES.index(path.stem)]}
    allowed = sys.stdlib_module_names | {"numpy"}

    found = [n for n in _imported(_tree(path)) if n.partition(".")[0] not in allowed]
    assert [name for name in found if name not in above] == []


def early_names(tree: ast.Module) -> list[str]:
    """Names of functions, classes, constants and methods that are used above their definition."""
    defined: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined[node.name] = node.lineno
        elif isinstance(node, ast.Assign):
            defined |= {t.id: node.lineno for t in node.targets if isinstance(t, ast.Name)}
    methods: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    methods.setdefault(inner.name, inner.lineno)
    early = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and defined.get(node.id, 0) > node.lineno:
            early.append(f"{node.id} in line {node.lineno}")
        elif isinstance(node, ast.Attribute) and methods.get(node.attr, 0) > node.lineno:
            early.append(f".{node.attr} in line {node.lineno}")
    return early


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_name_is_met_before_its_definition(path: Path) -> None:
    """Who reads from top to bottom knows every name of ours that a line uses."""
    assert early_names(_tree(path)) == []


def test_early_names_are_found() -> None:
    """A function, a constant and a method that stand below their use are found."""
    text = "def f(x):\n return g(x) + N + x.m()\ndef g(x): ...\nN = 1\nclass C:\n def m(self): ..."

    found = sorted(early_names(ast.parse(text)))
    assert found == [".m in line 2", "N in line 2", "g in line 2"]
