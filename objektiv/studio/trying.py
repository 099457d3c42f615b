"""The page on which a model is tried: files, the clipboard or a camera, answered at once.

In: requests for `/p/PROJECT/try`. Out: a page with a form that works without a script, and the
answers as a page or, for the script, as the part of it that is new.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse

from objektiv.base.errors import UsageError
from objektiv.studio.answering import Answer, answer, model_of
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


@router.post("")
def ask(
    request: Request,
    project: Here,
    run: Annotated[str, Form()],
    files: Annotated[list[UploadFile], File()],
    heat: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    """Answer; a file that is no picture is told among the answers.

    Raises:
        UsageError: there is no such run, no file, or too many.
    """
    sent = [file for file in files if file.filename]
    if not 1 <= len(sent) <= AT_ONCE:
        raise UsageError(
            "this number of pictures cannot be tried at once",
            value=len(sent),
            allowed=f"1 to {AT_ONCE} files",
            next="choose fewer, or use `objektiv predict` for whole folders",
        )
    model = model_of(project.run(run))
    answers = spoken_by(
        request,
        lambda: [
            answer(model, file.filename or "", file.file.read(LARGEST), heat=heat) for file in sent
        ],
    )
    return _shown(request, project, run, answers, classes=model.bundle.classes)


def _shown(
    request: Request,
    project: Project,
    run: str,
    answers: list[Answer],
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
