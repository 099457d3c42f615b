"""Pieces of Markdown that generated pages share."""

from __future__ import annotations


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A table; a bar or a line break inside a cell does not break it."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(
        "| " + " | ".join(" ".join(c.split()).replace("|", "\\|") for c in line) + " |\n"
        for line in lines
    )
