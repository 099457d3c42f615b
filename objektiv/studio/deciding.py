"""What is decided about chosen pictures: put aside, another label, right as it is, or undo.

In: forms for `/p/PROJECT/decide`. Out: corrections of the project, and the page one came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse

from objektiv.base.errors import UsageError
from objektiv.studio import corrections
from objektiv.studio.pages import go, project_of
from objektiv.studio.projects import Project

router = APIRouter(prefix="/p/{project}")
Here = Annotated[Project, Depends(project_of)]
Text = Annotated[str, Form()]


@dataclass(frozen=True)
class Chosen:
    """The pictures of a form, and the page that it stands on."""

    ids: list[str]
    back: str


def chosen(
    project: Here, ids: Annotated[list[str] | None, Form()] = None, back: Text = ""
) -> Chosen:
    """A dependency of FastAPI.

    Raises:
        UsageError: no picture was chosen.
    """
    if not ids:
        raise UsageError(
            "no picture was chosen",
            value="0 pictures",
            allowed="At least one is needed",
            next="go back and choose pictures by their boxes",
        )
    return Chosen(list(dict.fromkeys(ids)), way_back(project, back))


def way_back(project: Project, back: str) -> str:
    """A page of this project only."""
    top = f"/p/{project.name}"
    return back if back == top or back.startswith((f"{top}/", f"{top}?")) else top


@router.post("/decide")
def decide(
    project: Here,
    those: Annotated[Chosen, Depends(chosen)],
    action: Annotated[Literal["aside", "label", "keep", "undo"], Form()],
    label: Text = "",
    new: Text = "",
    why: Text = "",
) -> RedirectResponse:
    """Do it, and go back to the page of the form; `new` is a class that is made for it."""
    if action == "undo":
        corrections.undo(project, those.ids)
    elif action == "aside":
        corrections.set_aside(project, those.ids, why)
    elif action == "keep":
        corrections.keep(project, those.ids, why)
    elif new.strip():
        corrections.relabel(project, those.ids, new, why=why, classes="new")
    else:
        corrections.relabel(project, those.ids, label, why=why)
    return go(those.back)
