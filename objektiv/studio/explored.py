"""Exploring from the studio: starts `objektiv explore`, and serves the pages that commands made.

In: requests below `/p/PROJECT/explored` and `/p/PROJECT/checks`. Out: a job; a page of ours that
needs nothing beside it, chosen by the name of its folder among those that are there, with a policy
that lets it load nothing at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from objektiv.base.errors import UsageError
from objektiv.base.language import tr
from objektiv.studio import jobs
from objektiv.studio.pages import go, project_of, spoken_by
from objektiv.studio.projects import JOBS, Project

router = APIRouter(prefix="/p/{project}")
Here = Annotated[Project, Depends(project_of)]
FOLDERS = {"explored": "explore.html", "checks": "check.html"}
# Pages of our own making, yet full of strangers' names: they may show themselves and no more.
ALONE = {
    "content-security-policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox",
    "cache-control": "no-store",
}


def made_pages(project: Project, kind: str) -> list[Path]:
    """The finished pages of a kind in FOLDERS, the newest first."""
    found = (project.folder / kind).glob(f"*/{FOLDERS[kind]}")
    return sorted(found, key=lambda path: -path.stat().st_mtime_ns)


def explored(project: Project) -> str | None:
    """The name of the newest page that explores the pictures."""
    return next((path.parent.name for path in made_pages(project, "explored")), None)


@router.post("/explored")
def start(request: Request, project: Here) -> RedirectResponse:
    """Start exploring."""
    words = ["explore", *project.read_words, "--out", str(project.folder / "explored")]
    title = spoken_by(request, lambda: tr("Explore the pictures"))
    job = jobs.start(project.folder / JOBS, words, title=title)
    return go(f"/p/{project.name}/jobs/{job.name}")


@router.get("/explored/{name}")
def show_explored(project: Here, name: str) -> HTMLResponse:
    """The page that `explore` made."""
    return _served(project, "explored", name)


@router.get("/checks/{name}")
def show_check(project: Here, name: str) -> HTMLResponse:
    """The page that `check` made."""
    return _served(project, "checks", name)


def _served(project: Project, kind: str, name: str) -> HTMLResponse:
    there = {path.parent.name: path for path in made_pages(project, kind)}
    if name not in there:
        raise UsageError(
            "there is no such page",
            value=repr(name[:80]),
            allowed=", ".join(there) or "None was made yet",
            next="go back to the project",
        )
    return HTMLResponse(there[name].read_text(encoding="utf-8"), headers=ALONE)
