"""Write the documents that follow from the code, or say which are stale.

In: the command line's own help, the settings classes, the table of extras, benchmark results.
Out: docs/*.md and the file tree between two marks in README.md.
Try: `python -m scripts.docs`, or `python -m scripts.docs --check` as CI does.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from objektiv.base import extras, files
from objektiv.base.settings import Settings
from scripts import benchmark_page, bundle_page, order
from scripts.markdown import table

MADE = "<!-- made by `python -m scripts.docs`; do not edit -->\n\n"
TREE_BEGINS, TREE_ENDS = "<!-- tree -->", "<!-- end of tree -->"
MALARIA_BEGINS, MALARIA_ENDS = "<!-- malaria -->", "<!-- end of malaria -->"
MALARIA = ("explore", "check")  # results whose sections docs/data.md repeats
HELP_WIDTH = 100
SCRATCH = """# Networks from scratch

`objektiv/scratch/` is written to be read, in an evening, from the first file to the last. It needs
NumPy alone and uses nothing else of objektiv; no name is met before its definition. Slopes are
checked against finite differences and torch, results against scikit-learn, and the worked numbers
of the course are tests in `tests/scratch/`, its misprints named. Shapes that do not fit raise a
`ShapeError` with both shapes and the usual mistake. Why it is as it is:
[decisions/scratch.md](decisions/scratch.md). Beside each other, with times and intervals: logistic
regression, boosted trees and networks, in
[examples/classical_against_neural.py](../examples/classical_against_neural.py).

"""


def documents() -> dict[Path, str]:
    """Every generated file with the text it should have."""
    root = order.REPOSITORY
    return {
        root / "README.md": _with_tree((root / "README.md").read_text(encoding="utf-8")),
        root / "docs" / "data.md": _with_malaria(
            (root / "docs" / "data.md").read_text(encoding="utf-8")
        ),
        root / "docs" / "bundle.md": bundle_page.page(
            (root / "docs" / "bundle.md").read_text(encoding="utf-8")
        ),
        root / "docs" / "commands.md": MADE + commands_page(),
        root / "docs" / "settings.md": MADE + settings_page(),
        root / "docs" / "extras.md": MADE + extras_page(),
        root / "docs" / "scratch.md": MADE + scratch_page(),
        root / "docs" / "benchmarks.md": MADE
        + benchmark_page.page(root / "benchmarks" / "results"),
    }


def _with_tree(readme: str) -> str:
    before, begin, rest = readme.partition(TREE_BEGINS)
    _, end, after = rest.partition(TREE_ENDS)
    if not (begin and end):
        raise ValueError(f"README.md needs the marks {TREE_BEGINS} and {TREE_ENDS}")
    return f"{before}{begin}\n```\n{order.tree()}\n```\n{end}{after}"


def _with_malaria(text: str) -> str:
    before, begin, rest = text.partition(MALARIA_BEGINS)
    _, end, after = rest.partition(MALARIA_ENDS)
    if not (begin and end):
        raise ValueError(f"docs/data.md needs the marks {MALARIA_BEGINS} and {MALARIA_ENDS}")
    results = [order.REPOSITORY / "benchmarks" / "results" / f"{name}.json" for name in MALARIA]
    parts = [benchmark_page.section(path, depth=3) for path in results if path.is_file()]
    told = "\n".join(parts) or "Not measured yet: `python -m benchmarks.all` does it.\n"
    return f"{before}{begin}\n\n{told}\n{end}{after}"


def commands_page() -> str:
    """The help of every command, as the program itself prints it."""
    return "# Commands\n\n" + "\n".join(
        f"## `{title}`\n\n```text\n{text}\n```\n" for title, text in _helps()
    )


def _helps() -> Iterator[tuple[str, str]]:
    from typer import rich_utils
    from typer.main import get_command
    from typer.testing import CliRunner

    from objektiv.cli.main import app

    # The same page whatever this terminal is: typer reads these from it when it is imported.
    for path in _paths(get_command(app)):
        with mock.patch.multiple(
            rich_utils, MAX_WIDTH=HELP_WIDTH, FORCE_TERMINAL=False, COLOR_SYSTEM=None
        ):
            result = CliRunner().invoke(
                app, [*path, "--help"], prog_name="objektiv", env={"COLUMNS": str(HELP_WIDTH)}
            )
        if result.exit_code != 0:
            raise RuntimeError(f"objektiv {' '.join(path)} --help ended with {result.output}")
        text = "\n".join(line.rstrip() for line in result.stdout.splitlines()).strip("\n")
        yield " ".join(["objektiv", *path]), text


def _paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of a command, then those of the commands below it."""
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from _paths(below, (*path, name))


def settings_classes() -> list[type[Settings]]:
    """Every settings class, in reading order of its file, then in order of definition."""
    modules = [
        importlib.import_module(f"objektiv.{name}")
        for name in order.modules()
        if name.endswith(".settings") and name != "base.settings"
    ]
    return [
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, Settings)
        and thing.__module__ == module.__name__
    ]


def settings_page() -> str:
    """A table for each settings class: name, what is allowed, default, help."""
    kinds = settings_classes()
    parts = ["# Settings\n\nOne line a setting. Flags, YAML and Python take these names.\n"]
    for kind in kinds:
        parts.append(f"## {kind.__name__}\n\n{_first_sentence(kind)}\n")
        others = [f"`{base.__name__}`" for base in kind.__bases__ if base in kinds]
        rows = _rows(kind, [name for name in kind.model_fields if name in kind.__annotations__])
        if others:
            parts.append(f"Takes the settings of {', '.join(others)}{', and:' * bool(rows)}\n")
        if rows:
            parts.append(table(["setting", "allowed", "default", "meaning"], rows))
    return "\n".join(parts)


def _rows(kind: type[Settings], names: list[str]) -> list[list[str]]:
    schema = kind.model_json_schema()
    defaults = kind.model_construct().model_dump(mode="json")
    return [
        [
            f"`{name}`",
            allowed(schema["properties"][name], schema.get("$defs", {})),
            "required" if field.is_required() else f"`{_plain(defaults[name])}`",
            field.description or "",
        ]
        for name, field in kind.model_fields.items()
        if name in names
    ]


def _first_sentence(kind: type[Settings]) -> str:
    return " ".join((kind.__doc__ or "").partition("\n\n")[0].split())


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return "none" if value is None else str(value)


def allowed(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What a JSON schema lets through, in words."""
    if "$ref" in schema:
        return allowed(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return " or ".join(allowed(choice, definitions) for choice in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{choice}`" for choice in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        inner = schema.get("prefixItems") or [schema.get("items", {})]
        count = f"{len(inner)} x " if "prefixItems" in schema else "list of "
        return count + allowed(inner[0], definitions)
    kinds = {"integer": "whole number", "string": "text", "null": "none", "boolean": "yes or no"}
    if schema.get("format") == "path":
        return "path"
    kind = str(schema.get("type", "anything"))
    return kinds.get(kind, kind) + _limits(schema)


def _limits(schema: dict[str, Any]) -> str:
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
        "multipleOf": "multiple of",
    }
    said = [f"{word} {schema[key]:,}" for key, word in words.items() if key in schema]
    return ", " * bool(said) + ", ".join(said)


def extras_page() -> str:
    """The table of extras."""
    rows = [
        [
            f"`{name}`",
            extras.EXTRAS.get(name).gives,
            ", ".join(f"`{p}`" for p in extras.EXTRAS.get(name).packages),
            ", ".join(f"`objektiv {c}`" for c in extras.EXTRAS.get(name).commands) or "none yet",
        ]
        for name in extras.EXTRAS
    ]
    return (
        '# Extras\n\nInstall one with `pip install "objektiv[NAME]"`, in a clone with '
        '`pip install ".[NAME]"`.\n\n'
        + table(["extra", "gives", "packages", "commands that ask for it"], rows)
    )


def scratch_page() -> str:
    """Networks from scratch in reading order: a line a file."""
    rows = []
    for name in order.ORDER["scratch"]:
        path = order.path_of(f"scratch.{name}")
        lines = len(path.read_text(encoding="utf-8").splitlines())
        link = f"[{path.name}](../objektiv/scratch/{path.name})"
        rows.append([link, str(lines), order.first_line(path)])
    rows.append(["together", str(sum(int(lines) for _, lines, _ in rows)), ""])
    return SCRATCH + table(["file", "lines", "what it is"], rows)


def main(arguments: list[str]) -> int:
    """Write what has changed; with --check, write nothing and return 1 where a file is stale."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m scripts.docs [--check]", file=sys.stderr)
        return 2
    stale = [
        (path, text)
        for path, text in documents().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        print(f"{'stale' if arguments else 'written'}: {path.relative_to(order.REPOSITORY)}")
        if not arguments:
            files.write_text(path, text)
    if stale and arguments:
        print("run `python -m scripts.docs` and commit what it writes")
    return 1 if stale and arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
