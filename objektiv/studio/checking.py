"""The pages of a check: start it, read its findings, look at the pictures behind each, decide.

In: requests below `/p/PROJECT/check`. Out: the newest check as a list by urgency; the pictures of a
finding with boxes; and labels that may be wrong, one at a time, by key or button.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from objektiv.base.language import tr
from objektiv.data.header import REASONS
from objektiv.faces.honesty import finding_title
from objektiv.studio import arrivals, checks, corrections, jobs
from objektiv.studio.browsing import Tile, name_of, paged_of
from objektiv.studio.checks import Found, Row
from objektiv.studio.corrections import known_classes, original
from objektiv.studio.pages import go, page, project_of, spoken_by
from objektiv.studio.projects import JOBS, Project

router = APIRouter(prefix="/p/{project}/check")
Here = Annotated[Project, Depends(project_of)]
PAIRED = "b"  # the column that names a second picture
SUSPECTS = "suspicious-labels"
SPARE = "left-out"  # why of what a check would leave out
KEYS = 9  # classes that a key chooses


@router.get("")
def show(request: Request, project: Here) -> HTMLResponse:
    """The newest check, or what one would look for."""
    check = checks.newest(project)
    decided = {c.id for c in corrections.corrections(project)}
    found = (
        [(f, _open(project, check, f, decided)) for f in checks.findings(check)] if check else []
    )
    return page(
        request,
        "checked.html",
        project=project,
        check=check,
        found=found,
        spare=_spare(project, check) if check else {},
        decided=len(decided),
        suspects=SUSPECTS,
        title_of=finding_title,
    )


@router.post("")
def start(request: Request, project: Here) -> RedirectResponse:
    """Start a check; its cleaned table is only read for what could be left out."""
    words = ["check", *project.read_words, "--out", str(project.folder / checks.CHECKS), "--fix"]
    title = spoken_by(request, lambda: tr("Check the pictures"))
    job = jobs.start(project.folder / JOBS, words, title=title)
    return go(f"/p/{project.name}/jobs/{job.name}")


@router.post("/leave-out")
def leave_out(project: Here) -> RedirectResponse:
    """Put aside at once what nobody needs to look at: unreadable files and spare copies."""
    check = checks.newest(project)
    for reason, ids in (_spare(project, check) if check else {}).items():
        corrections.set_aside(project, ids, reason)
    return go(f"/p/{project.name}/check")


@router.get("/finding/{kind}")
def one_finding(
    request: Request,
    project: Here,
    kind: str,
    number: Annotated[int, Query(alias="page", ge=1)] = 1,
) -> HTMLResponse:
    """The pictures behind a finding, those first about which nothing was decided."""
    check, found = _found(project, kind)
    table = checks.rows(check, found)
    decided = {c.id: c.action for c in corrections.corrections(project)}
    known, names = _known(project), arrivals.original_names(project)
    table = [{"label": known.get(row["id"], ""), **row} for row in table]
    made: list[list[Tile]] = spoken_by(
        request, lambda: [_set(row, names, decided) for row in table]
    )
    sets = [[tile for tile in tiles if tile.id in known] for tiles in made]
    sets = sorted(filter(None, sets), key=lambda tiles: any(tile.decided for tile in tiles))
    address = f"/p/{project.name}/check/finding/{kind}"
    shown, paged = paged_of(sets, number, address)
    return page(
        request,
        "finding.html",
        project=project,
        found=found,
        sets=shown,
        paged=paged,
        number=len(sets),
        paired=bool(table) and PAIRED in table[0],
        classes=known_classes(project),
        suspects=SUSPECTS,
        title_of=finding_title,
    )


@router.get("/labels")
def labels(request: Request, project: Here, skip: Annotated[int, Query(ge=0)] = 0) -> HTMLResponse:
    """The most suspicious label about which nothing was decided; `skip` leaves some for later."""
    check, found = _found(project, SUSPECTS)
    table = checks.rows(check, found)
    decided = {c.id for c in corrections.corrections(project)}
    known, names = _known(project), arrivals.original_names(project)
    rows = [row for row in table if row["id"] in known]
    undecided = [row for row in rows if row["id"] not in decided]
    row = undecided[skip % len(undecided)] if undecided else None
    classes = known_classes(project)
    return page(
        request,
        "labels.html",
        project=project,
        row=row,
        own=float(row["own"]) if row else 0.0,
        other=float(row["other"]) if row else 0.0,
        name=name_of(row["id"], names) if row else "",
        done=len(rows) - len(undecided),
        total=len(rows),
        skip=skip % len(undecided) if undecided else 0,
        classes=_suggested_first(row, classes) if row else classes,
        keys=KEYS,
        last=next((c for c in corrections.corrections(project) if c.why == SUSPECTS), None),
        suspects=SUSPECTS,
        title_of=finding_title,
    )


def _found(project: Project, kind: str) -> tuple[Path, Found]:
    check = checks.newest(project)
    return check or project.folder, checks.finding(check, kind)


def _known(project: Project) -> dict[str, str]:
    """From the id of each picture that is there to its label in the data."""
    return dict(original(project).items.select("id", "label").iter_rows())


def _suggested_first(row: Row, classes: list[str]) -> list[str]:
    """The classes that a label could be changed to, what the model says as the first."""
    others = [name for name in classes if name not in (row["suggested"], row["label"])]
    return [row["suggested"], *others]


def _open(project: Project, check: Path, found: Found, decided: set[str]) -> int:
    """Of how many pictures, or pairs, of a finding nothing was decided."""
    table = checks.rows(check, found)
    return sum(not decided & {row["id"], row.get(PAIRED, row["id"])} for row in table)


def _spare(project: Project, check: Path) -> dict[str, list[str]]:
    """Ids by reason of what could be left out and is not aside yet."""
    known = _known(project)
    decided = {c.id for c in corrections.corrections(project)}
    found: dict[str, list[str]] = {}
    for item, reason in checks.left_out(check):
        if item in known and item not in decided and reason != "two-labels":
            found.setdefault(reason, []).append(item)
    return found


def _set(row: Row, names: dict[str, str], decided: dict[str, Any]) -> list[Tile]:
    """One picture, or two that are alike, with what is said about each."""
    ids = [(row["id"], row.get("label", ""))]
    ids += [(row[PAIRED], row.get("label of b", ""))] if PAIRED in row else []
    told = _told(row)
    return [
        Tile(
            i, name_of(i, names), label, " · ".join(filter(None, (label, told))), decided.get(i, "")
        )
        for i, label in ids
    ]


def _told(row: Row) -> str:
    """What a finding says about one picture, in the language that is spoken."""
    if "suggested" in row:
        share = float(row["other"])
        return tr("the model says {label} ({share:.0%})", label=row["suggested"], share=share)
    if "reason" in row:
        return tr(REASONS.get(row["reason"], row["reason"]))
    if "similarity" in row:
        exact = min(float(row["similarity"]), float(row["pixels"])) >= 1
        return (
            tr("the same bytes") if exact else tr("{share:.0%} alike", share=float(row["pixels"]))
        )
    if "distance" in row:
        return tr("{times:.1f} times as far as usual", times=float(row["distance"]))
    return row.get("notes", "")
