"""The page that puts runs side by side: which is shown to be better, and how sure that is.

In: requests for `/p/PROJECT/compare?run=A&run=B`. Out: the table of runs with a verdict for each
pair with the first, and the full page of `objektiv compare`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from objektiv.base.errors import UsageError
from objektiv.base.language import figure, tr
from objektiv.faces import compare_page
from objektiv.faces.contest import p_value
from objektiv.faces.words import NONE, duration, percent, percent_range, points, points_range
from objektiv.flow.compare import Compared, Comparison, compare
from objektiv.flow.run import METRICS
from objektiv.judging.pairs import Pair
from objektiv.studio.pages import page, project_of, spoken_by
from objektiv.studio.projects import Project
from objektiv.studio.results import REPORT_RULES, rows

router = APIRouter(prefix="/p/{project}/compare")
Here = Annotated[Project, Depends(project_of)]
SMALLEST = 0.0001  # of p, that is told
MOST = 12  # runs at once; pairs grow with the square


@dataclass(frozen=True)
class Line:
    """One run of the comparison as text; `verdict` against the first, empty for the first."""

    name: str
    model: str
    accuracy: str
    interval: str
    time: str
    size: str
    verdict: str
    other: bool  # tested on other pictures


@router.get("")
def show(
    request: Request, project: Here, run: Annotated[list[str] | None, Query()] = None
) -> HTMLResponse:
    """The runs to tick, and below them the comparison of those that are."""
    chosen = list(dict.fromkeys(run or []))
    compared = _compared(project, chosen) if len(chosen) > 1 else None
    return page(
        request,
        "compared.html",
        project=project,
        rows=rows(project),
        chosen=chosen,
        lines=spoken_by(request, lambda: lines(compared)) if compared else [],
        groups=compared.pairs[0].test.groups if compared and compared.pairs else None,
    )


@router.get("/page")
def full(project: Here, run: Annotated[list[str], Query()]) -> Response:
    """The page that the command writes, with figures and pictures."""
    compared = _compared(project, run)
    html = compare_page.page(compared, title=project.facts.title)
    return Response(html, media_type="text/html", headers=REPORT_RULES)


def _compared(project: Project, names: Sequence[str]) -> Comparison:
    """Raises UsageError where a run is not there, or too many are named."""
    if len(names) > MOST:
        raise UsageError(
            "too many runs are compared at once",
            value=len(names),
            allowed=f"At most {MOST}",
            next="tick fewer",
        )
    folders = tuple(project.run(name).folder for name in names)
    return _kept(folders, tuple((f / METRICS).stat().st_mtime_ns for f in folders))


@functools.lru_cache(maxsize=4)
def _kept(folders: tuple[Path, ...], changed: tuple[int, ...]) -> Comparison:
    return compare(folders)


def lines(compared: Comparison) -> list[Line]:
    """The most accurate first, behind them those that were tested on other pictures."""
    found = [
        _line(row, _verdict(compared, place) if place else "", other=False)
        for place, row in enumerate(compared.rows)
    ]
    away = tr("Tested on other pictures: not compared. Train on the same split to compare.")
    return found + [_line(row, away, other=True) for row in compared.others]


def _line(row: Compared, verdict: str, *, other: bool) -> Line:
    seconds, size = row.told("train_seconds"), row.told("bytes")
    return Line(
        row.name,
        row.model,
        percent(row.scores.accuracy.estimate),
        percent_range(row.scores.accuracy),
        NONE if seconds is None else duration(seconds),
        NONE if size is None else tr("{size:.1f} MB", size=size / 1e6),
        verdict,
        other,
    )


def _verdict(compared: Comparison, place: int) -> str:
    first, other = compared.rows[0].name, compared.rows[place].name
    pair = compared.pair(0, place)
    if pair.corrected is None:
        return tr(
            "Whether {first} is better than {other} cannot be tested.", first=first, other=other
        )
    parts = {"first": first, "other": other, "span": _span(pair), "p": _p(pair)}
    if pair.better == 0:
        return tr("{first} is shown to be better than {other} ({span}; p {p}).", **parts)
    return tr("{first} is not shown to be better than {other} ({span}; p {p}).", **parts)


def _p(pair: Pair) -> str:
    """As `contest.p_value` writes it, in the language that is spoken."""
    if (pair.corrected or 0) < SMALLEST:
        return tr("below {smallest}", smallest=figure(SMALLEST, "g"))
    return figure(float(p_value(pair)), "g")


def _span(pair: Pair) -> str:
    return tr(
        "{points} points, 95 % interval {span}",
        points=points(pair.difference.estimate),
        span=points_range(pair.difference),
    )
