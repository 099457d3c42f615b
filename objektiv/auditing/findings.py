"""A finding: what is wrong or odd in the data, how bad it is, and one command that deals with it.

In: nothing. Out: Finding, and the order in which a person should read findings.
Try: `sorted(findings, key=urgency)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

Severity = Literal["error", "warning", "note"]
# error: scores will be wrong or training will stop; warning: look before you trust the model.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
EXAMPLES = 3


@dataclass(frozen=True, eq=False)
class Finding:
    """`items` has the column id, the worst first, and whatever else tells about each.

    `kind` is one word that stays the same for programs, `title` a short sentence for people,
    `evidence` sentences with numbers, `command` what to type; {data} stands in it for the data
    with the options that name its groups and labels.
    """

    kind: str
    severity: Severity
    title: str
    evidence: str
    items: pl.DataFrame
    command: str


def urgency(finding: Finding) -> int:
    """Sort key: errors first; equally bad findings keep their order."""
    return SEVERITIES.index(finding.severity)


def examples(names: list[str] | pl.Series) -> str:
    """The first three names and how many more there are."""
    shown = ", ".join(list(names)[:EXAMPLES])
    return shown + (f" and {len(names) - EXAMPLES:,} more" if len(names) > EXAMPLES else "")


def counted(number: int, one: str, many: str = "") -> str:
    """`1 file`, `1,200 files`, `2 classes`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def no_items() -> pl.DataFrame:
    """The table of a finding that is about no item."""
    return pl.DataFrame(schema={"id": pl.String})
