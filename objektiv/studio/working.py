"""The page of a job: how far it is, what it says, and a button that stops it.

In: requests below `/p/PROJECT/jobs`. Out: a page that follows the job, and its state as JSON for
the script that does so. The page shows the same when it is loaded again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from objektiv.base.language import mark, tr
from objektiv.faces.words import duration
from objektiv.flow.run import METRICS, SETTINGS
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
# The page that shows what a command has found; that of the rest is the project's first page.
BELOW = {
    "train": "runs",
    "plan": "train",
    "check": "check",
    "split": "split",
    "compare": "compare",
    "export": "export",
    "verify": "export",
}


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


def run_of(project: Project, job: Job) -> Path | None:
    """The run folder that a training writes, once it is there: jobs run one at a time."""
    if job.verb != "train":
        return None
    if "--resume" in job.asked.words:
        return Path(job.asked.words[job.asked.words.index("--resume") + 1])
    ended = job.asked.began + job.seconds + 1
    found = {
        path.parent: path.stat().st_mtime for path in project.runs_folder.glob(f"*/{SETTINGS}")
    }
    own = [run for run, made in found.items() if job.asked.began - 1 <= made <= ended]
    return max(own, key=lambda run: found[run], default=None)


def next_page(project: Project, job: Job) -> str:
    """Where the result of a job is shown."""
    below = BELOW.get(job.verb, "")
    if job.verb == "train" and job.state == "done":
        run = run_of(project, job)
        below = f"runs/{run.name}" if run and (run / METRICS).is_file() else below
    if job.verb == "report":
        below = f"runs/{Path(job.asked.words[1]).name}"
    return f"/p/{project.name}/{below}".rstrip("/")
