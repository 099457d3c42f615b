"""How a page of the studio is made: its template, its language, its project and its errors.

In: a request and what the page shows. Out: HTML. Every page gets the same frame (`frame.html`), the
sentences in the reader's language, and names escaped; an error of ours becomes a page that says
what happened, the value, what is allowed and what to do.
Try: `page(request, "projects.html", projects=[])`.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader
from starlette.exceptions import HTTPException

from objektiv.base.errors import ObjektivError
from objektiv.base.language import LANGUAGES, figure, mark, speaking, spoken
from objektiv.faces import report
from objektiv.faces.words import duration, percent_range
from objektiv.studio.jobs import running
from objektiv.studio.projects import Project, open_project

TEMPLATES = Path(__file__).with_name("templates")
STATIC = Path(__file__).with_name("static")
COOKIE = "language"
# What a page may load: our own files, and pictures that its script has made.
RULES = {
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; style-src 'self' 'unsafe-inline'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "cache-control": "no-store",
    # with the wall's no-referrer browsers send forms with the origin null, which it refuses
    "referrer-policy": "same-origin",
}
# The pages of a project in the order of the work: address below the project's, and name.
STEPS: tuple[tuple[str, str], ...] = (
    ("", mark("Pictures")),
    ("check", mark("Check")),
    ("split", mark("Split||verb")),
    ("train", mark("Train")),
    ("runs", mark("Results")),
    ("compare", mark("Compare")),
    ("try", mark("Try it")),
    ("export", mark("Export")),
)


@functools.cache
def environment() -> Environment:
    """The templates of the studio, and behind them those of the report, whose parts they use."""
    made = report.environment().overlay(loader=FileSystemLoader([TEMPLATES, report.TEMPLATES]))
    made.filters |= {"figure": figure, "duration": duration, "range": percent_range}
    made.filters |= {"moment": moment, "plain": plain}
    markup = made.filters["safe"]  # what `breakable` gives is escaped already
    made.filters["breakable"] = lambda name: markup(report.breakable(name))
    made.globals |= {"steps": STEPS}
    return made


def moment(seconds: float) -> str:
    """A time since 1970 as people write it here, to the minute."""
    form = "%d.%m.%Y %H:%M" if spoken() == "de" else "%Y-%m-%d %H:%M"
    return time.strftime(form, time.localtime(seconds))


def plain(number: float) -> str:
    """A number as an input of HTML wants it, in every language."""
    return f"{number:.12g}"


def home_of(request: Request) -> Path:
    """The folder of the studio's projects."""
    home: Path = request.app.state.home
    return home


def project_of(request: Request) -> Project:
    """The project that the address names; a dependency of FastAPI.

    Raises:
        UsageError: there is none.
    """
    return open_project(home_of(request), request.path_params["project"])


def language_of(request: Request) -> str:
    """What the reader chose, else what the browser asks for, else English."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    asked = request.headers.get("accept-language", "")
    wanted = [part.partition(";")[0].strip()[:2].lower() for part in asked.split(",")]
    return next((name for name in wanted if name in LANGUAGES), "en")


def page(
    request: Request, template: str, /, *, project: Project | None = None, **shown: Any
) -> HTMLResponse:
    """A page from a template; `project` gives it the project's navigation."""
    status: int = shown.pop("status", 200)
    with speaking(language_of(request)):
        return HTMLResponse(_rendered(request, template, project, shown), status, RULES)


def _rendered(
    request: Request, template: str, project: Project | None, shown: dict[str, Any]
) -> str:
    path: str = request.scope["path"]
    below = path.removeprefix(f"/p/{project.name}").strip("/") if project else ""
    return (
        environment()
        .get_template(template)
        .render(
            {
                "project": project,
                "here": below.partition("/")[0],
                "path": path,
                "busy": running(project.folder / "jobs") if project else None,
                **shown,
            }
        )
    )


def spoken_by(request: Request, make: Callable[[], Any]) -> Any:
    """What `make` returns, its sentences said in the reader's language."""
    with speaking(language_of(request)):
        return make()


def go(address: str) -> RedirectResponse:
    """Show another page, after a form was sent."""
    return RedirectResponse(address, status_code=303)


def refused(request: Request, error: Exception) -> Response:
    """An error as a page, or as JSON where a script asked."""
    status, told = _told(request, error)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(told, status_code=status)
    return page(request, "refused.html", error=told, status=status)


def _told(request: Request, error: Exception) -> tuple[int, dict[str, str]]:
    """The status, and our four parts."""
    if isinstance(error, ObjektivError):
        status = 404 if error.happened.startswith("there is no such") else 400
        parts = (error.happened, str(error.value), error.allowed, error.next)
    elif isinstance(error, RequestValidationError):
        status, first = 422, error.errors()[0]
        place = ".".join(map(str, first["loc"][1:]))
        parts = ("what was sent cannot be used", f"{place}: {first['msg']}", "", "go back")
    elif isinstance(error, HTTPException):
        status = error.status_code
        parts = ("the studio has no such page", request.scope["path"], str(error.detail), "go back")
    else:
        raise error
    return status, dict(zip(("happened", "value", "allowed", "next"), parts, strict=True))
