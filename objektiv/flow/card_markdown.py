"""Markdown of the model card: headings, lists, tables, and names that are no markup.

In: texts. Out: Markdown.
Try: `table(["score", "value"], [["accuracy", "0.962"]])`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from objektiv.base.language import figure, tr
from objektiv.judging.intervals import Interval, NotDefined

_MARKUP = re.compile(r"([\\`*_\[\]~])")


def harmless(name: str) -> str:
    """A name that is no markup and ends no cell wherever the Markdown is shown."""
    plain = printable(name).replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;")
    return _MARKUP.sub(r"\\\1", plain)


def printable(name: str) -> str:
    """A name without what steers a terminal or turns a page round: such marks as `\\u202e`."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def section(title: str, *blocks: str) -> str:
    """A heading and what stands below it; empty blocks are left out."""
    return "\n\n".join([f"## {title}", *(block for block in blocks if block)])


def listed(*items: str) -> str:
    """A list; empty items are left out."""
    return "\n".join(f"- {item}" for item in items if item)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column holds words, the others numbers."""
    rule = [":---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def score_row(name: str, value: Interval | NotDefined | None, *before: str) -> list[str]:
    """A row of a table: the score and its interval, or why there is none."""
    if value is None:
        return [name, *before, tr("not defined here"), ""]
    if isinstance(value, NotDefined):
        told = tr("not defined: {reason}", reason=harmless(tr(value.reason)))
        return [name, *before, told, ""]
    estimate, low, high = (figure(v, ".3f") for v in (value.estimate, value.low, value.high))
    return [name, *before, estimate, tr("{low} to {high}", low=low, high=high)]


def share(value: float) -> str:
    """A share in percent, without digits that say nothing: `98 %`, `0.5 %`."""
    return f"{figure(100 * value, '.3g')} %"
