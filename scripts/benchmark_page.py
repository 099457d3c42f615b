"""Turn the results of benchmarks into one page of figures.

In: a folder of JSON files, each {"name", "machine": {}, "rows": [{}], "claims": [{"what",
"value", "target", "holds"}]} and optionally "about". Out: Markdown.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.markdown import table

KEYS = {"name", "machine", "rows", "claims"}
CLAIM_KEYS = {"what", "value", "target", "holds"}


def page(folder: Path) -> str:
    """All results, in order of file name.

    Raises:
        ValueError: a file is not in the form above.
    """
    parts = [
        "# Benchmarks\n\nEvery figure was measured by a program in `benchmarks/`; both sides of a "
        "comparison ran on the machine that is named, in one run.\n"
    ]
    paths = sorted(folder.glob("*.json"))
    if not paths:
        parts.append("Nothing has been measured yet.\n")
    return "\n".join([*parts, *map(section, paths)])


def section(path: Path, *, depth: int = 2) -> str:
    """One result under a heading of `depth`.

    Raises:
        ValueError: the file is not in the form above.
    """
    result = json.loads(path.read_text(encoding="utf-8"))
    missing = sorted(KEYS - set(result))
    if missing:
        raise ValueError(f"{path.name} lacks {', '.join(missing)}")
    parts = [f"{'#' * depth} {result['name']}\n"]
    if result.get("about"):
        parts.append(f"{result['about']}\n")
    parts.append(f"Machine: {machine_line(result['machine'])}.\n")
    for rows in alike(result["rows"]):
        heads = list(dict.fromkeys(key for row in rows for key in row))
        parts.append(table(heads, [[number(row.get(h)) for h in heads] for row in rows]))
    if result["claims"]:
        parts.append(_claims(path.name, result["claims"]))
    return "\n".join(parts)


def alike(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The rows in tables of their own: one begins where a row shares less than half its columns."""
    tables: list[list[dict[str, Any]]] = []
    for row in rows:
        known = {key for other in tables[-1] for key in other} if tables else set()
        if 2 * len(known & set(row)) < len(row) or not tables:
            tables.append([])
        tables[-1].append(row)
    return tables


def _claims(name: str, claims: list[dict[str, Any]]) -> str:
    for claim in claims:
        missing = sorted(CLAIM_KEYS - set(claim))
        if missing:
            raise ValueError(f"a claim in {name} lacks {', '.join(missing)}")
        if not isinstance(claim["holds"], bool):
            raise ValueError(f"a claim in {name} neither holds nor fails: {claim['holds']!r}")
    rows = [
        [
            claim["what"],
            number(claim["value"]),
            number(claim["target"]),
            "yes" if claim["holds"] else "**no**",
        ]
        for claim in claims
    ]
    return table(["claim", "measured", "wanted", "holds"], rows)


def machine_line(machine: dict[str, Any]) -> str:
    """One line about a machine: the facts of base/machine, and versions of what decides speed."""
    libraries = machine.get("libraries", {})
    told = [f"{name} {libraries[name]}" for name in ("openvino", "numpy") if name in libraries]
    facts = [
        machine.get("cpu", "unknown processor"),
        f"{machine.get('cores', 'unknown')} cores",
        f"{machine.get('memory', 0) / 2**30:.0f} GiB",
        machine.get("system", "unknown system"),
        f"Python {machine.get('python', 'unknown')}",
    ]
    return ", ".join([*facts, *told])


def number(value: Any) -> str:
    """A value as a reader wants it: four digits, thousands apart, nothing for none."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else str(value)
