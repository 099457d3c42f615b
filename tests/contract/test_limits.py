"""Limits of size, and habits of the house that the linter cannot see."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from scripts import order

FILE_LINES, FUNCTION_LINES, ARGUMENTS = 300, 60, 6
Function = ast.FunctionDef | ast.AsyncFunctionDef

SOURCES = sorted(order.PACKAGE.rglob("*.py"))
PROGRAMS = [p for name in ("scripts", "benchmarks") for p in (order.REPOSITORY / name).glob("*.py")]


def _name(path: Path) -> str:
    return path.relative_to(order.REPOSITORY).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(paths: list[Path]) -> Iterator[tuple[str, Function]]:
    for path in paths:
        for node in ast.walk(_tree(path)):
            if isinstance(node, Function):
                yield f"{_name(path)}:{node.lineno} {node.name}", node


def _arguments(function: Function) -> tuple[list[str], list[str]]:
    """Names of positional and of keyword-only arguments, without self and cls."""
    a = function.args
    positional = [x.arg for x in [*a.posonlyargs, *a.args] if x.arg not in ("self", "cls")]
    return positional, [x.arg for x in a.kwonlyargs]


def test_files_are_short() -> None:
    """No file of source is longer than 300 lines."""
    lengths = {_name(p): len(p.read_text(encoding="utf-8").splitlines()) for p in SOURCES}

    assert {name: n for name, n in lengths.items() if n > FILE_LINES} == {}


def test_functions_are_short() -> None:
    """No function is longer than 60 lines."""
    lengths = {
        name: (f.end_lineno or f.lineno) - f.lineno + 1
        for name, f in _functions(SOURCES + PROGRAMS)
    }

    assert {name: n for name, n in lengths.items() if n > FUNCTION_LINES} == {}


def test_functions_take_few_arguments() -> None:
    """No function takes more than 6 arguments."""
    counts = {name: sum(map(len, _arguments(f))) for name, f in _functions(SOURCES + PROGRAMS)}

    assert {name: n for name, n in counts.items() if n > ARGUMENTS} == {}


def test_no_source_asserts() -> None:
    """No file of source uses assert, which -O removes and which tells a user nothing."""
    found = [
        f"{_name(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Assert)
    ]

    assert found == []


def test_only_faces_print() -> None:
    """No file outside faces calls print or writes to the standard streams."""
    found = [
        f"{_name(path)}:{node.lineno}"
        for path in SOURCES
        if path.parent.name not in ("faces", "cli")
        for node in ast.walk(_tree(path))
        if (isinstance(node, ast.Name) and node.id == "print")
        or (isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr", "__stdout__"))
        and isinstance(node.value, ast.Name)
        and node.value.id == "sys"
    ]

    assert found == []


def test_no_boolean_is_positional() -> None:
    """No function outside the command line takes a yes or no by position."""
    found = [
        f"{name}({argument.arg})"
        for name, function in _functions(SOURCES)
        for argument in [*function.args.posonlyargs, *function.args.args]
        if isinstance(argument.annotation, ast.Name) and argument.annotation.id == "bool"
        if "objektiv/cli/main" not in name and not _is_validator(function)
    ]

    assert found == []


def _is_validator(function: Function) -> bool:
    return any("validator" in ast.unparse(d) for d in function.decorator_list)


def test_no_file_is_a_drawer() -> None:
    """No file is called utils, helpers, common, misc or tools."""
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}

    assert [_name(path) for path in SOURCES + PROGRAMS if path.stem in drawers] == []


def test_nothing_is_pickled() -> None:
    """No file of source imports a library that stores or runs pickles, except to read weights."""
    pickling = {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}
    found = {
        _name(path)
        for path in SOURCES
        for node in ast.walk(_tree(path))
        for imported in _imported(node)
        if imported.partition(".")[0] in pickling
    }

    # A restricted reader of one known file, accepted by its SHA-256 (the unpickler allows
    # a closed list of names).
    assert found <= {"objektiv/features/weights.py"}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
