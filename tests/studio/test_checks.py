"""What the checks of a project found, read from what `objektiv check` wrote."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from objektiv.base import files
from objektiv.base.errors import DataError, UsageError
from objektiv.flow.run import save_table
from objektiv.studio.checks import ADVICE, Found, finding, findings, left_out, newest, rows
from objektiv.studio.projects import Project

IDS = [f"disc/g{n:02d}_disc_{n}.png" for n in range(4)]


def wrote(
    project: Project,
    kind: str,
    table: Sequence[dict[str, Any]] = (),
    *,
    name: str = "shapes-001",
    spare: Sequence[tuple[str, str, str]] = (),
) -> Path:
    """A check with one finding, as the command writes it."""
    folder = files.make_folder(project.folder / "checks" / name)
    if table:
        save_table(pl.DataFrame(list(table)), folder / f"{kind}.csv")
    columns = dict.fromkeys(("path", "label", "reason"), pl.String)
    save_table(pl.DataFrame(list(spare), schema=columns, orient="row"), folder / "left_out.csv")
    told = {
        "kind": kind,
        "severity": "warning",
        "title": "Labels that may be wrong" if kind == "suspicious-labels" else "Copies",
        "evidence": "60 pictures.",
        "items": len(table),
        "command": "objektiv check",
        "table": f"{kind}.csv" if table else None,
    }
    files.write_json(folder / "findings.json", [told])
    return folder


def test_findings_and_their_pictures(project: Project) -> None:
    """Cells come back as they were, also those that a spreadsheet would run."""
    check = wrote(project, "copies", [{"id": "=1.png", "b": IDS[1]}, {"id": IDS[0], "b": "'x"}])

    (found,) = findings(check)
    assert (found.kind, found.severity, found.items) == ("copies", "warning", 2)
    assert rows(check, found) == [{"id": "=1.png", "b": IDS[1]}, {"id": IDS[0], "b": "'x"}]
    assert found.advice


def test_the_newest_check_counts(project: Project) -> None:
    """A folder without findings is none."""
    assert newest(project) is None
    wrote(project, "copies")
    second = wrote(project, "copies", name="shapes-002")
    os.utime(second / "findings.json", (2e9, 2e9))
    files.make_folder(project.folder / "checks" / "shapes-003")

    assert newest(project) == second


def test_what_could_be_left_out(project: Project) -> None:
    """Each with its reason."""
    check = wrote(project, "copies", spare=[(IDS[0], "disc", "empty")])

    assert left_out(check) == [(IDS[0], "empty")]
    (check / "left_out.csv").unlink()
    assert left_out(check) == []


def test_a_kind_that_was_not_found_is_refused(project: Project) -> None:
    """Whatever its name looks like."""
    check = wrote(project, "copies")

    with pytest.raises(UsageError, match="no such finding"):
        finding(check, "../copies")


def test_a_damaged_check_is_told(project: Project) -> None:
    """The file is named."""
    check = wrote(project, "copies", [{"id": IDS[0]}])
    (check / "copies.csv").unlink()
    with pytest.raises(DataError, match=r"copies\.csv"):
        rows(check, findings(check)[0])

    (check / "findings.json").write_text('[{"kind": "../x"}]')
    with pytest.raises(DataError, match=r"findings\.json"):
        findings(check)


def test_a_table_is_never_a_path(project: Project) -> None:
    """A finding that was changed by hand leads to no other folder."""
    check = wrote(project, "copies", [{"id": IDS[0]}])
    files.write_text(project.folder / "secret.csv", "id\nsecret\n")
    told = Found(
        kind="x", severity="note", title="", evidence="", items=1, table="../../secret.csv"
    )

    with pytest.raises(DataError, match="cannot be read"):
        rows(check, told)


def test_each_kind_has_its_advice() -> None:
    """Also those whose names begin alike."""
    told = {
        kind: Found(kind=kind, severity="note", title="", evidence="", items=0).advice
        for kind in ("two-labels", "dark", "dark-sixteen-bit", "shortcut-borders", "else")
    }

    assert told["else"] == ""
    assert told["shortcut-borders"] == ADVICE["shortcut"]
    assert len(set(told.values())) == 5
