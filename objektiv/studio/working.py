"""The page of a job: how far it is, what it says, and a button that stops it.

In: requests below `/p/PROJECT/jobs`. Out: a page that follows the job, and its state as JSON for
the script that does so. The page shows the same when it is loaded again.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from objektiv.base.language import mark, tr
from objektiv.faces.words import duration
from objektiv.studio import jobs
from objektiv.studio.jobs import Job
from objektiv.studio.pages import go, page, project_of, spoken_by
from objektiv.studio.projects import JOBS, Project

router = APIRouter(prefix="/p/{project}/jobs")
Here = Annotated[Project, Depends(project_of)]
STATES = {
    "running": mark("running"),
    "done": mark("done"),
    "found": mark("done, with findings"),
    "failed": mark("failed"),
    "stopped": mark("stopped"),
    "died": mark("ended without a word"),
}
# The page that shows what a command has found; those of the rest are the project's first page.
RESULTS = {"train": "runs", "check": "check", "split": "split", "compare": "compare"}


def job_of(project: Project, name: str) -> Job:
    """The job of this name.

    Raises:
        UsageError: there is none.
    """
    found = {job.name: job for job in jobs.jobs(project.folder / JOBS)}
    return found[name] if name in found else jobs.read_job(project.folder / JOBS / "none")


@router.get("/{name}")
def show(request: Request, project: Here, name: str) -> HTMLResponse:
    """The page of a job."""
    job = job_of(project, name)
    return page(
        request,
        "job.html",
        project=project,
        job=job,
        told=spoken_by(request, lambda: told(job)),
        next=next_page(project, job),
    )


@router.get("/{name}/state")
def state(request: Request, project: Here, name: str) -> JSONResponse:
    """How a job stands, for the script of its page."""
    job = job_of(project, name)
    return JSONResponse(spoken_by(request, lambda: told(job)) | {"next": next_page(project, job)})


@router.post("/{name}/stop")
def stop(project: Here, name: str) -> RedirectResponse:
    """Ask a job to stop."""
    job_of(project, name).cancel()
    return go(f"/p/{project.name}/jobs/{name}")


def told(job: Job) -> dict[str, Any]:
    """The state of a job as a page shows it, in the language that is spoken."""
    event = job.event()
    return {
        "state": job.state,
        "word": tr(STATES[job.state]),
        "step": event.step if event else "",
        "done": event.done if event else 0,
        "total": event.total if event else 0,
        "seconds": duration(job.seconds),
        "said": job.said(),
    }


def next_page(project: Project, job: Job) -> str:
    """Where the result of a job is shown."""
    below = {
        "train": "runs",
        "check": "check",
        "split": "split",
        "explore": "",
        "compare": "compare",
    }
    return f"/p/{project.name}/{below.get(job.verb, '')}".rstrip("/")
