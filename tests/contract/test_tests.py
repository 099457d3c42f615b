"""The tests' own rules: one behaviour in one sentence, messages checked, one file a source file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from scripts import order

TESTS = sorted((order.REPOSITORY / "tests").rglob("test_*.py"))


def _name(path: Path) -> str:
    return path.relative_to(order.REPOSITORY).as_posix()


def _tests() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in TESTS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{_name(path)}:{node.lineno} {node.name}", node


def test_every_test_states_its_behaviour() -> None:
    """Each test has a docstring that is one sentence."""
    bad = []
    for name, node in _tests():
        text = " ".join((ast.get_docstring(node) or "").split())
        if len(text.split()) < 3 or not text.endswith(".") or re.search(r"[.!?] [A-Z]", text):
            bad.append(name)

    assert bad == []


def test_every_raises_looks_at_the_message() -> None:
    """Each `pytest.raises` has a match, or keeps the error to look at it."""
    bad = []
    for path in TESTS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.With):
                for item in node.items:
                    call = item.context_expr
                    if (
                        isinstance(call, ast.Call)
                        and ast.unparse(call.func).endswith("raises")
                        and item.optional_vars is None
                        and not any(keyword.arg == "match" for keyword in call.keywords)
                    ):
                        bad.append(f"{_name(path)}:{node.lineno}")

    assert bad == []


def test_every_test_can_fail() -> None:
    """Each test asserts, expects an error, or says by its name that something passes."""
    bad = []
    for path in TESTS:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        stating = {f.name for f in functions if _states(f, set())}
        bad += [
            f"{_name(path)}:{f.lineno} {f.name}"
            for f in functions
            if f.name.startswith("test_") and not re.search("accept|pass", f.name)
            if not _states(f, stating)
        ]

    assert bad == []


def _states(function: ast.FunctionDef, stating: set[str]) -> bool:
    """Whether a function asserts, expects an error or warning, or calls one of `stating`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in stating or any(word in called for word in ("raises", "assert", "warns")):
                return True
    return False


def test_every_source_file_has_its_tests() -> None:
    """Beside each file of source with a function stands its test file, in the same folder."""
    tests = order.REPOSITORY / "tests"
    missing = []
    for module in order.modules():
        tree = ast.parse(order.path_of(module).read_text(encoding="utf-8"))
        folder, name = module.split(".")
        # settings without a function are declarations; test_settings.py beside this checks them
        has_functions = any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree))
        if has_functions and not (tests / folder / f"test_{name}.py").is_file():
            missing.append(f"tests/{folder}/test_{name}.py")

    assert missing == []
