"""Adding pictures to a project that holds its own: files, a folder, an archive, a camera.

In: requests for `/p/PROJECT/add`, `/camera` and `/classes`. Out: pages with forms that work
without a script, and what became of the files: as a page, or as JSON for the script, which sends
them in portions.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from objektiv.base import files
from objektiv.base.errors import UsageError
from objektiv.base.language import tr
from objektiv.base.progress import Progress
from objektiv.data.folders import NO_IMAGES
from objektiv.intake.archives import examine, is_archive, unpack
from objektiv.intake.settings import ArchiveSettings
from objektiv.studio import arrivals
from objektiv.studio.arrivals import Received, Sent
from objektiv.studio.classes import class_folders
from objektiv.studio.corrections import refresh
from objektiv.studio.pages import go, page, project_of, spoken_by
from objektiv.studio.projects import Project

router = APIRouter(prefix="/p/{project}")
Here = Annotated[Project, Depends(project_of)]
AT_ONCE = 1_000  # files in one form; the script sends more in portions
FIELDS = 20
ARCHIVE = ArchiveSettings(max_files=arrivals.MOST, max_gb=20)
TOLD = 200  # files that a page names one by one


@router.get("/add")
def add_page(request: Request, project: Here) -> HTMLResponse:
    """The page on which files are dropped."""
    return _adding(request, project, "add.html")


@router.get("/camera")
def camera_page(request: Request, project: Here) -> HTMLResponse:
    """The page with the camera."""
    return _adding(request, project, "camera.html")


def _adding(request: Request, project: Project, template: str) -> HTMLResponse:
    arrivals.require_own(project)
    counts = {name: _count(project.data / name) for name in class_folders(project.data)}
    return page(request, template, project=project, classes=counts, at_once=AT_ONCE)


@router.post("/classes")
def new_class(
    project: Here, name: Annotated[str, Form()], back: Annotated[str, Form()] = "add"
) -> RedirectResponse:
    """A class without pictures."""
    arrivals.make_class(project, name)
    return go(f"/p/{project.name}/{'camera' if back == 'camera' else 'add'}")


@router.post("/add")
async def add(request: Request, project: Here) -> Response:
    """Take files; those that are no pictures are named and left out."""
    form = await _form(request)
    try:
        asked = _asked(form)
        received = await run_in_threadpool(_receive, project, asked)
    finally:
        await form.close()
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(spoken_by(request, lambda: _as_dict(received)))
    return page(request, "added.html", project=project, received=received, most=TOLD)


@dataclass(frozen=True)
class Asked:
    """What a form holds."""

    sent: list[UploadFile]
    label: str | None
    group: str | None


async def _form(request: Request) -> FormData:
    try:
        return await request.form(max_files=AT_ONCE, max_fields=FIELDS)
    except (MultiPartException, HTTPException) as error:
        told = error.message if isinstance(error, MultiPartException) else str(error.detail)
        raise UsageError(
            "this form cannot be taken",
            value=told[:200],
            allowed=f"At most {AT_ONCE:,} files at once",
            next="send fewer at once, or a zip archive; with JavaScript any number is sent in "
            "portions",
        ) from error


def _asked(form: FormData) -> Asked:
    """Raises UsageError where there is no file."""
    found = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    found = [value for value in found if value.filename]  # a field that was left empty has none
    if not found:
        raise UsageError(
            "no file was sent",
            value="0 files",
            allowed="Pictures, or a zip archive of them",
            next="choose files, or a folder",
        )
    burst = str(form.get("burst", "")).strip()
    new, label = str(form.get("new", "")).strip(), str(form.get("label", "")).strip()
    return Asked(found, new or label or None, f"burst {burst}" if burst else None)


def _receive(project: Project, asked: Asked) -> Received:
    arrivals.require_own(project)
    # on the disk of the project: what an archive holds may be more than a system's own folder takes
    with tempfile.TemporaryDirectory(prefix=".arriving-", dir=project.folder) as place:
        folder = Path(place)
        sent = [one for file in asked.sent for one in _files(file, folder)]
        received = arrivals.receive(project, sent, label=asked.label, group=asked.group)
    if project.labels:  # a training that starts now reads the new ones too
        refresh(project)
    return received


def _files(file: UploadFile, place: Path) -> Iterator[Sent]:
    """The file itself, or what an archive holds."""
    name = file.filename or ""
    if Path(name).suffix.lower() not in (".zip", ".tar", ".tgz", ".gz", ".xz", ".bz2"):
        yield Sent(name, file.size or 0, lambda: _bytes(file))
        return
    number = len(list(place.iterdir()))
    packed, folder = place / f"{number}.packed", place / f"{number}.files"
    with files.writing(packed), packed.open("wb") as stream:
        shutil.copyfileobj(file.file, stream)
    if not is_archive(packed):
        yield Sent(name, packed.stat().st_size, packed.read_bytes)
        return
    archive = examine(packed, ARCHIVE)
    wanted = [path for path in archive.paths if _may_be_a_picture(path)]
    with files.writing(folder):
        unpack(archive, folder, {path: path for path in wanted}, progress=Progress())
    for path in wanted:
        inside = folder / path
        yield Sent(path, inside.stat().st_size, inside.read_bytes)


def _may_be_a_picture(path: str) -> bool:
    """Neither a hidden file, nor what macOS adds, nor text."""
    parts = Path(path).parts
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return not hidden and Path(path).suffix.lower() not in NO_IMAGES


def _bytes(file: UploadFile) -> bytes:
    file.file.seek(0)
    return file.file.read()


def _as_dict(received: Received) -> dict[str, Any]:
    return {
        "kept": received.kept,
        "already": len(received.already),
        "refused": [[name, tr(reason)] for name, reason in received.refused],
    }


def _count(folder: Path) -> int:
    return sum(1 for path in folder.iterdir() if path.is_file())
