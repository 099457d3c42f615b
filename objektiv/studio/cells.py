"""The pictures behind a cell of the confusion matrix: what was of one class and called another.

In: requests for `/p/PROJECT/runs/RUN/cell?true=A&called=B`. Out: their tiles, the most confident
first, each with its probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from objektiv.base.errors import UsageError
from objektiv.base.names import suggestion
from objektiv.judging.predictions import Predictions
from objektiv.studio.corrections import corrections
from objektiv.studio.pages import page, project_of
from objektiv.studio.projects import Project
from objektiv.studio.results import opened

router = APIRouter(prefix="/p/{project}/runs/{name}")
Here = Annotated[Project, Depends(project_of)]
SHOWN = 60  # tiles of a page
BARS = 4  # most probable classes of a tile


class Cell(BaseModel):
    """Which cell is asked for; `of`: the test part, or all others, each judged out of fold."""

    true: str
    called: str
    of: Literal["test", "rest"] = "test"
    start: Annotated[int, Field(ge=0, le=10_000_000)] = 0  # tiles that are left out


@dataclass(frozen=True)
class Tile:
    """One picture of a cell; `chances`: the most probable classes first."""

    id: str
    group: str | None
    chances: tuple[tuple[str, float], ...]


@router.get("/cell")
def show(
    request: Request, project: Here, name: str, asked: Annotated[Cell, Query()]
) -> HTMLResponse:
    """The tiles of one cell."""
    whole = opened(project.run(name)).judged.predictions
    part = whole.only("test") if asked.of == "test" else whole.held_out()
    found = tiles(part, true=asked.true, called=asked.called) if part else []
    return page(
        request,
        "cell.html",
        project=project,
        name=name,
        truly=asked.true,
        called=asked.called,
        of=asked.of,
        classes=whole.classes,
        decided={one.id: one for one in corrections(project)},
        tiles=found[asked.start : asked.start + SHOWN],
        total=len(found),
        start=asked.start,
        step=SHOWN,
    )


def tiles(part: Predictions, *, true: str, called: str) -> list[Tile]:
    """The pictures that are `true` and most probably `called`, the most confident first.

    Raises:
        UsageError: there is no such class.
    """
    at, said = (_place(part, name) for name in (true, called))
    rows = np.flatnonzero((part.labels == at) & (part.predicted == said))
    rows = rows[np.argsort(-part.probabilities[rows, said], kind="stable")]
    return [_tile(part, int(row)) for row in rows]


def _tile(part: Predictions, row: int) -> Tile:
    chances = part.probabilities[row]
    best = np.argsort(-chances, kind="stable")[:BARS]
    told = tuple((part.classes[k], float(chances[k])) for k in best)
    return Tile(part.ids[row], part.groups[row], told)


def _place(part: Predictions, name: str) -> int:
    if name not in part.classes:
        raise UsageError(
            "there is no such class in this run",
            value=repr(name),
            allowed=f"Classes: {', '.join(part.classes)}",
            next=suggestion(name, part.classes) or "go back to the run",
        )
    return part.classes.index(name)
