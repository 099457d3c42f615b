"""The page on which a model is tried: files, the clipboard or a camera, answered at once.

In: requests for `/p/PROJECT/try`. Out: a page with a form that works without a script, and the
answers as a page or, for the script, as the part of it that is new.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse

from objektiv.base.errors import UsageError
from objektiv.base.language import tr
from objektiv.flow.run import Run
from objektiv.studio.answering import Answer, answer, model_of
from objektiv.studio.kin import Like, like
from objektiv.studio.pages import page, project_of, spoken_by
from objektiv.studio.projects import Project

router = APIRouter(prefix="/p/{project}/try")
Here = Annotated[Project, Depends(project_of)]
AT_ONCE = 12  # pictures of one form
LARGEST = 64_000_000  # bytes of a file
PART = "x-part"  # header of a script that wants the answers alone


@router.get("")
def show(request: Request, project: Here, run: str = "") -> HTMLResponse:
    """The form, with a run chosen."""
    return _shown(request, project, run, [])


@dataclass(frozen=True)
class Asked:
    """The form beside its files: whether heat and nearest pictures are wanted."""

    run: str
    heat: bool
    near: bool


def _asked(
    run: Annotated[str, Form()],
    heat: Annotated[bool, Form()] = False,
    near: Annotated[bool, Form()] = False,
) -> Asked:
    return Asked(run, heat, near)


@router.post("")
def ask(
    request: Request,
    project: Here,
    asked: Annotated[Asked, Depends(_asked)],
    files: Annotated[list[UploadFile], File()],
) -> HTMLResponse:
    """Answer; a file that is no picture is told among the answers.

    Raises:
        UsageError: there is no such run, no file, or too many.
    """
    sent = [(f.filename, f.file.read(LARGEST)) for f in files if f.filename]
    if not 1 <= len(sent) <= AT_ONCE:
        raise UsageError(
            "this number of pictures cannot be tried at once",
            value=len(sent),
            allowed=f"1 to {AT_ONCE} files",
            next="choose fewer, or use `objektiv predict` for whole folders",
        )
    run = project.run(asked.run)
    answers = spoken_by(request, lambda: _answers(run, sent, asked))
    return _shown(request, project, asked.run, answers, classes=model_of(run).bundle.classes)


def _answers(run: Run, sent: list[tuple[str, bytes]], asked: Asked) -> list[tuple[Answer, Like]]:
    model = model_of(run)
    said = [answer(model, name, data, heat=asked.heat) for name, data in sent]
    if not asked.near:
        return [(one, Like()) for one in said]
    found, why = like(run, sent, [one.called for one in said])
    if why:
        said = [replace(one, notes=(*one.notes, tr(why))) for one in said]
    return list(zip(said, found, strict=True))


def _shown(
    request: Request,
    project: Project,
    run: str,
    answers: list[tuple[Answer, Like]],
    *,
    classes: tuple[str, ...] = (),
) -> HTMLResponse:
    names = [one.folder.name for one in project.runs()]
    if run:
        run = project.run(run).folder.name
    template = "answers.html" if request.headers.get(PART) else "try.html"
    return page(
        request,
        template,
        project=project,
        runs=names,
        run=run or (names[0] if names else ""),
        answers=answers,
        classes=classes,
        most=AT_ONCE,
    )
