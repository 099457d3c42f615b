"""The runs of a project: the table of all, one run with its matrix, and its files.

In: requests for `/p/PROJECT/runs`. Out: what the report says in short, a confusion matrix whose
cells lead to the pictures behind them, the report itself and the model card.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from objektiv.base.errors import ObjektivError, UsageError
from objektiv.base.language import LANGUAGES, tr
from objektiv.faces import judged, sections, words
from objektiv.faces.honesty import looks_told
from objektiv.faces.scored import WIDE
from objektiv.flow.finished import Finished, reopen
from objektiv.flow.run import CARD, METRICS, REPORT, SETTINGS, Run
from objektiv.judging.intervals import Interval
from objektiv.studio import jobs
from objektiv.studio.pages import go, page, project_of, spoken_by
from objektiv.studio.projects import JOBS, Project
from objektiv.studio.working import run_of

router = APIRouter(prefix="/p/{project}/runs")
Here = Annotated[Project, Depends(project_of)]
REPORTS = re.compile(r"report-\d{3,6}")  # folders of a run with its report made anew
# A report is one file with its style and pictures inside; it runs nothing and asks nobody.
REPORT_RULES = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Row:
    """One run in the table; `accuracy` is None for a run that was cut off."""

    name: str
    made: float
    model: str = ""
    accuracy: Interval | None = None
    seconds: float | None = None
    resumes: bool = False  # whether it can go on


@router.get("")
def show_all(request: Request, project: Here) -> HTMLResponse:
    """The table of all runs."""
    return page(request, "runs.html", project=project, rows=rows(project), lost=lost(project))


def rows(project: Project) -> list[Row]:
    """Finished runs, the newest first; one whose figures cannot be read is left out."""
    found = []
    for run in project.runs():
        try:
            found.append(_row(run))
        except (ObjektivError, KeyError, TypeError):
            continue
    return found


def _row(run: Run) -> Row:
    told = run.metrics()
    model = told.get("model", {})
    return Row(
        run.folder.name,
        (run.folder / METRICS).stat().st_mtime,
        str(model.get("name", "")),
        Interval(**told["test"]["accuracy"]),
        model.get("train_seconds"),
    )


def lost(project: Project) -> list[Row]:
    """Runs that were cut off, the newest first; the one that is being trained is none of them."""
    busy = jobs.running(project.folder / JOBS)
    now = run_of(project, busy) if busy else None
    found = [
        Row(path.parent.name, path.stat().st_mtime, resumes=Run(path.parent).has_checkpoint)
        for path in project.runs_folder.glob(f"*/{SETTINGS}")
        if not (path.parent / METRICS).is_file() and path.parent != now
    ]
    return sorted(found, key=lambda row: -row.made)


@router.post("/{name}/resume")
def resume(request: Request, project: Here, name: str) -> RedirectResponse:
    """Go on with a training that was cut off."""
    if name not in {row.name for row in lost(project)}:
        raise UsageError(
            "there is no such run that was cut off",
            value=repr(name),
            allowed="A training of this project that did not come to its end",
            next="go back to the results",
        )
    title = spoken_by(request, lambda: tr("Go on with {name}", name=name))
    line = ["train", *project.read_words, "--resume", str(project.runs_folder / name)]
    job = jobs.start(project.folder / JOBS, line, title=title)
    return go(f"/p/{project.name}/jobs/{job.name}")


@router.get("/{name}")
def show(request: Request, project: Here, name: str) -> HTMLResponse:
    """One run."""
    run = project.run(name)
    done = opened(run)
    return page(
        request,
        "run.html",
        project=project,
        run=run,
        name=name,
        made=(run.folder / METRICS).stat().st_mtime,
        languages=LANGUAGES,
        reports=_reports(run),
        **spoken_by(request, lambda: told(done)),
    )


def opened(run: Run) -> Finished:
    """A finished run read back; kept for the next page as long as it is the same."""
    return _opened(run.folder, (run.folder / METRICS).stat().st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _opened(folder: Path, changed: int) -> Finished:
    return reopen(Run(folder))


def told(done: Finished) -> dict[str, Any]:
    """What the page of a run says, in the language that is spoken."""
    own = done.judged
    scores = own.scores
    classes = len(scores.classes)
    wrong = scores.items - sum(row[k] for k, row in enumerate(scores.confusion))
    return {
        "model": done.model,
        "headline": words.headline_parts(scores),
        "warning": scores.accuracy.warning,
        "verdict": words.verdict(scores, own.baseline.scores, own.baseline.difference),
        "beside": words.beside_probe(own.probe.difference) if own.probe else "",
        "meaning": words.meaning(scores.accuracy),
        "scores": scores,
        "sought": scores.positive,
        "matrix": sections.confusion(scores),
        "wide": classes > WIDE,
        "mix_ups": sections.mix_ups(scores) if classes > sections.MATRIX and wrong else None,
        "class_table": sections.class_table(scores, own.judgement.ranges),
        "decision": judged.decision_part(own.judgement),
        "whole_groups": judged.group_part(own.judgement),
        "looks": looks_told(own.ledger),
        "size": done.model.get("bytes"),
    }


def _reports(run: Run) -> list[tuple[str, float]]:
    """The report, and those that were made anew: folder below the run or "", and when."""
    found = [run.report, *sorted(run.folder.glob(f"*/{REPORT}"))]
    return [
        (path.parent.name if path.parent != run.folder else "", path.stat().st_mtime)
        for path in found
        if path.is_file() and (path.parent == run.folder or REPORTS.fullmatch(path.parent.name))
    ]


@router.post("/{name}/report")
def make_report(
    request: Request, project: Here, name: str, language: Annotated[str, Form()]
) -> RedirectResponse:
    """Make the report anew in a language."""
    run = project.run(name)
    title = spoken_by(request, lambda: tr("Report of {name}", name=name))
    line = ["report", str(run.folder), f"--language={language}"]
    job = jobs.start(project.folder / JOBS, line, title=title)
    return go(f"/p/{project.name}/jobs/{job.name}")


@router.get("/{name}/report")
def report(project: Here, name: str, folder: str = "") -> Response:
    """The report of a run: its own, or one that was made anew."""
    run = project.run(name)
    if folder and not REPORTS.fullmatch(folder):
        raise _no_file(folder)
    return _file(run.folder / folder / REPORT if folder else run.report, "text/html")


@router.get("/{name}/card")
def card(request: Request, project: Here, name: str) -> HTMLResponse:
    """The model card."""
    path = project.run(name).folder / CARD
    if not path.is_file():
        raise _no_file(CARD)
    text = path.read_text(encoding="utf-8", errors="replace")
    return page(request, "card.html", project=project, name=name, text=text)


def _file(path: Path, kind: str) -> Response:
    if not path.is_file():
        raise _no_file(path.name)
    return Response(path.read_bytes(), media_type=kind, headers=REPORT_RULES)


def _no_file(name: str) -> UsageError:
    return UsageError(
        "there is no such file in this run",
        value=repr(name),
        allowed="Its report and its model card are shown",
        next="go back to the run",
    )
