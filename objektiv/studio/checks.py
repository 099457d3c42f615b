"""What the checks of a project found, as `objektiv check` wrote it; nothing is computed again.

In: a project. Out: its checks, each one's findings, and the pictures behind a finding.
Try: `findings(newest(project))`.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from objektiv.base.errors import DataError, UsageError
from objektiv.base.language import mark
from objektiv.data.safe_names import FORMULA_SIGNS
from objektiv.flow.check import FINDINGS, LEFT_OUT
from objektiv.studio.projects import Project

CHECKS = "checks"
Row = dict[str, str]

ADVICE: dict[str, str] = {
    "quarantine": mark(
        "Training leaves them out by itself. Put them aside, or put good files there."
    ),
    "two-labels": mark("Only one label can be right: put aside the copy whose label is wrong."),
    "near-two-labels": mark(
        "One of the labels is wrong, or the classes differ by less than the eye sees."
    ),
    "copies": mark("Put aside all but one of each, or leave them: splits keep copies together."),
    "suspicious-labels": mark(
        "A model that has not seen them says something else. Look before you change one: it "
        "may be wrong too."
    ),
    "outliers": mark("Junk, another camera, or just rare: look."),
    "suffix": mark("They are read by their content; nothing needs to be done."),
    "animation": mark("Their first picture is used."),
    "sixteen-bit": mark("Their values are divided by 257, so that nothing is cut off."),
    "dark-sixteen-bit": mark(
        "They use less than a quarter of the range: scale them before, else they stay dark."
    ),
    "dark": mark("Look whether they show anything."),
    "clipped": mark("Cut-outs on white, or light that was too bright."),
    "one-class": mark("A classifier needs at least two classes: add pictures of another one."),
    "tiny-classes": mark("Their scores are mostly luck: add pictures."),
    "imbalance": mark("Accuracy hides how the small class fares: read balanced accuracy."),
    "no-groups": mark(
        "If pictures of one group are alike, group them on the page of the pictures."
    ),
    "missing-classes": mark("Train with a new split instead of the parts of the folder."),
    "leaking-groups": mark(
        "The test would flatter: train with a new split instead of the parts of the folder."
    ),
    "leaking-copies": mark("The test would flatter: put one of each pair aside."),
    "shifted-shares": mark("The test then asks for something else than was trained."),
    "parts-differ": mark(
        "A model can tell training from test: the score may not hold for new pictures."
    ),
    "shortcut": mark(
        "A model may use this instead of what the pictures mean. Take new pictures in which "
        "it tells nothing."
    ),
}


class Found(BaseModel):
    """One finding, as findings.json has it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Annotated[str, Field(pattern=r"^[a-z-]{1,40}$")]
    severity: Literal["error", "warning", "note"]
    title: str
    evidence: str
    items: int
    table: str | None = None  # none also in checks of before

    @property
    def advice(self) -> str:
        """What to do, in one sentence; empty for a kind that is not known."""
        return ADVICE.get(self.kind) or ADVICE.get(self.kind.partition("-")[0], "")


_LIST = TypeAdapter(list[Found])


def newest(project: Project) -> Path | None:
    """The folder of the newest check, None where there is none."""
    found = (project.folder / CHECKS).glob(f"*/{FINDINGS}")
    return max((path.parent for path in found), key=_age, default=None)


def _age(folder: Path) -> int:
    return (folder / FINDINGS).stat().st_mtime_ns


def findings(check: Path) -> list[Found]:
    """The findings of a check, the most urgent first.

    Raises:
        DataError: they cannot be read.
    """
    try:
        return _LIST.validate_json((check / FINDINGS).read_bytes())
    except (OSError, ValidationError) as error:
        raise DataError(
            "a check cannot be read",
            value=check / FINDINGS,
            allowed="The JSON that `objektiv check` wrote",
            next="check again",
        ) from error


def finding(check: Path | None, kind: str) -> Found:
    """The finding of a kind; a project that was not checked has none.

    Raises:
        UsageError: the check has none.
    """
    for found in findings(check) if check else ():
        if found.kind == kind:
            return found
    raise UsageError(
        "there is no such finding",
        value=repr(kind[:40]),
        allowed="A finding of the newest check",
        next="go back to the check",
    )


def rows(check: Path, found: Found) -> list[Row]:
    """The pictures behind a finding, the worst first: id and whatever tells about each.

    Raises:
        DataError: the table cannot be read.
    """
    return _table(check / Path(found.table).name) if found.table else []


def left_out(check: Path) -> list[tuple[str, str]]:
    """Id and reason of what nobody needs to look at: unreadable files, spare copies."""
    path = check / LEFT_OUT
    return [(row["path"], row["reason"]) for row in _table(path)] if path.is_file() else []


def _table(path: Path) -> list[Row]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            "a table of the check cannot be read",
            value=path,
            allowed="The CSV that `objektiv check` wrote",
            next="check again",
        ) from error
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{name: _plain(cell) for name, cell in row.items() if name} for row in rows]


def _plain(cell: str | None) -> str:
    """A cell without the sign that keeps a spreadsheet from running it."""
    cell = cell or ""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_SIGNS) else cell
