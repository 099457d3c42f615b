"""The page that hands a model on: one file in the numbers one chooses, checked, with its commands.

In: requests for `/p/PROJECT/export`. Out: jobs of `objektiv export` and `objektiv verify`, and the
files of `PROJECT/exports` to download.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from objektiv.base import files
from objektiv.base.errors import UsageError
from objektiv.base.language import mark, tr
from objektiv.flow.run import typed
from objektiv.shipping.facts import SUFFIX
from objektiv.studio import jobs
from objektiv.studio.jobs import Job
from objektiv.studio.pages import go, page, project_of, spoken_by
from objektiv.studio.projects import JOBS, Project

router = APIRouter(prefix="/p/{project}/export")
Here = Annotated[Project, Depends(project_of)]
EXPORTS = "exports"  # folder of a project
Precision = Literal["tested", "fp16", "int8"]
TOLD = {
    "tested": mark("As tested: the very numbers that were scored"),
    "fp16": mark("Half the size (fp16): next to no answer changes"),
    "int8": mark("Smallest and fastest (int8): a little less exact, and the loss is measured"),
}


@dataclass(frozen=True)
class Made:
    """One file that was exported; `checked`: its last check, if there was one."""

    path: Path
    made: float
    size: int  # bytes
    checked: Job | None

    @property
    def typed(self) -> str:
        """Its path as one types it."""
        return typed(self.path)


@router.get("")
def show(request: Request, project: Here, run: str = "") -> HTMLResponse:
    """The form, and the files that were exported."""
    names = [one.folder.name for one in project.runs()]
    chosen = project.run(run).folder.name if run else (names[0] if names else "")
    return page(
        request,
        "export.html",
        project=project,
        runs=names,
        run=chosen,
        precisions=[(name, TOLD[name]) for name in get_args(Precision)],
        exports=exports(project),
    )


def exports(project: Project) -> list[Made]:
    """The files of a project, the newest first."""
    checks = [job for job in jobs.jobs(project.folder / JOBS) if job.verb == "verify"]
    found = [
        Made(
            path,
            path.stat().st_mtime,
            path.stat().st_size,
            next((job for job in checks if str(path) in job.asked.words), None),
        )
        for path in (project.folder / EXPORTS).glob(f"*/*{SUFFIX}")
    ]
    return sorted(found, key=lambda made: -made.made)


@router.post("")
def start(
    request: Request,
    project: Here,
    run: Annotated[str, Form()],
    precision: Annotated[Precision, Form()] = "tested",
) -> RedirectResponse:
    """Start the command; each export gets a folder of its own, so none is overwritten."""
    chosen = project.run(run)
    jobs.require_free(project.folder / JOBS)
    short = "" if precision == "tested" else f"-{precision}"
    folder = files.new_numbered_folder(files.make_folder(project.folder / EXPORTS), "export")
    target = folder / f"{run}{short}{SUFFIX}"
    title = spoken_by(request, lambda: tr("Export {name}", name=run))
    words = ["export", str(chosen.folder), f"--precision={precision}", f"--to={target}"]
    job = jobs.start(project.folder / JOBS, words, title=title)
    return go(f"/p/{project.name}/jobs/{job.name}")


@router.post("/verify")
def verify(request: Request, project: Here, name: Annotated[str, Form()]) -> RedirectResponse:
    """Check a file as whoever gets it would."""
    made = _made(project, name)
    title = spoken_by(request, lambda: tr("Check {name}", name=made.path.name))
    job = jobs.start(project.folder / JOBS, ["verify", str(made.path)], title=title)
    return go(f"/p/{project.name}/jobs/{job.name}")


@router.get("/file")
def download(project: Here, name: str) -> FileResponse:
    """The file itself."""
    path = _made(project, name).path
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


def _made(project: Project, name: str) -> Made:
    """The file of this name, as `export-001/cells-001.objektiv`: only one that is listed."""
    found = {f"{one.path.parent.name}/{one.path.name}": one for one in exports(project)}
    if name not in found:
        raise UsageError(
            "there is no such file",
            value=repr(name),
            allowed=f"Exported: {', '.join(found) or 'none yet'}",
            next="export a run first",
        )
    return found[name]
