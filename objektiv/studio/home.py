"""The first page: all projects; and the reader's choice of language.

In: requests for `/` and `/language`. Out: the list of projects with what each holds.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from objektiv.base.errors import UsageError
from objektiv.base.language import LANGUAGES
from objektiv.studio import jobs
from objektiv.studio.pages import COOKIE, go, home_of, page
from objektiv.studio.projects import JOBS, Project, projects

router = APIRouter()
YEAR = 365 * 24 * 3600  # seconds


@router.get("/")
def home(request: Request) -> HTMLResponse:
    """All projects."""
    return page(request, "home.html", projects=list(map(_told, projects(home_of(request)))))


def _told(project: Project) -> dict[str, Any]:
    runs = project.runs()
    return {
        "project": project,
        "runs": len(runs),
        "accuracy": runs[0].metrics()["test"]["accuracy"]["estimate"] if runs else None,
        "busy": jobs.running(project.folder / JOBS),
    }


@router.post("/language")
def language(
    request: Request, name: Annotated[str, Form()], back: Annotated[str, Form()] = "/"
) -> RedirectResponse:
    """Keep the reader's language in the browser."""
    if name not in LANGUAGES:
        raise UsageError(
            "this language is not spoken",
            value=repr(name),
            allowed=", ".join(LANGUAGES),
            next="choose one of them",
        )
    # a path of ours only: `//elsewhere` and `/\elsewhere` would be other sites
    safe = back if back.startswith("/") and back[1:2] not in ("/", "\\") else "/"
    answer = go(safe)
    answer.set_cookie(COOKIE, name, max_age=YEAR, httponly=True, samesite="strict")
    return answer
