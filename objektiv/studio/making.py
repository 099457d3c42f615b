"""The page that makes a project: of a folder, of pictures that are added, or of a camera.

In: requests below `/new`. Out: the page, with what a chosen folder would give; then the project.
A folder that is typed is looked at only when the form is sent, never by an address alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from objektiv.base.errors import UsageError
from objektiv.studio import finder
from objektiv.studio.finder import Survey
from objektiv.studio.pages import go, home_of, page
from objektiv.studio.projects import check_pattern, new_project

router = APIRouter(prefix="/new")
Text = Annotated[str, Form()]


@router.get("")
def choose(request: Request, below: Annotated[str | None, Query()] = None) -> HTMLResponse:
    """The page; `below` is a folder below the home folder to look at."""
    if below is None:
        return _page(request, Path.home(), None)
    folder = finder.below_home(below)
    return _page(request, folder, None if folder == Path.home() else finder.survey(folder, None))


@router.post("/look")
def look(request: Request, folder: Text = "", title: Text = "", group: Text = "") -> HTMLResponse:
    """What a typed folder would give, with groups by a pattern."""
    place = finder.typed_folder(folder)
    check_pattern(group.strip() or None)
    found = finder.survey(place, group.strip() or None)
    return _page(request, place, found, title=title, group=group.strip())


@router.post("/folder")
def of_folder(
    request: Request, folder: Text = "", title: Text = "", group: Text = ""
) -> RedirectResponse:
    """A project of a folder that stays where it is."""
    place, pattern = finder.typed_folder(folder), group.strip() or None
    _require_apart(place, home_of(request))
    check_pattern(pattern)
    found = finder.survey(place, pattern)
    if found.problem is not None:
        raise found.problem
    made = new_project(home_of(request), title.strip() or place.name, data=place, group=pattern)
    return go(f"/p/{made.name}")


@router.post("/own")
def own(
    request: Request,
    title: Text = "",
    names: Text = "",
    source: Annotated[Literal["add", "camera"], Form()] = "add",
) -> RedirectResponse:
    """A project that holds its own pictures, none yet."""
    made = new_project(home_of(request), title, names=names.strip() or None)
    return go(f"/p/{made.name}/{source}")


def _require_apart(folder: Path, home: Path) -> None:
    place, own_place = folder.resolve(), home.resolve()
    if own_place.is_relative_to(place) or place.is_relative_to(own_place):
        raise UsageError(
            "this folder and that of the studio's projects lie in one another",
            value=folder,
            allowed=f"A folder that does not hold {home} and is not in it",
            next="choose the folder that holds the pictures alone",
        )


def _page(
    request: Request, folder: Path, found: Survey | None, *, title: str = "", group: str = ""
) -> HTMLResponse:
    top = Path.home()
    inside = folder.is_relative_to(top)
    steps = folder.relative_to(top).parts if inside else ()
    return page(
        request,
        "new.html",
        folder=folder,
        found=found,
        title=title or (folder.name if found else ""),
        group=group,
        inside=inside,
        steps=[("/".join(steps[: n + 1]), name) for n, name in enumerate(steps)],
        folders=finder.folders_in(folder) if inside else [],
    )
