"""Small copies of the pictures of a project.

In: requests for `/p/PROJECT/picture?item=ID&side=160`. Out: JPEG, kept by the browser for a while.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from objektiv.base.errors import ImageError
from objektiv.studio import gallery
from objektiv.studio.pages import STATIC, project_of
from objektiv.studio.projects import Project

router = APIRouter(prefix="/p/{project}")
MINUTES = 10 * 60  # seconds a browser keeps a copy


@router.get("/picture")
def picture(
    project: Annotated[Project, Depends(project_of)],
    item: str,
    side: Annotated[int, Query(ge=16, le=gallery.LARGEST)] = 160,
) -> Response:
    """A small copy of an item; a file that cannot be read has a picture that says so."""
    try:
        data, kind = gallery.picture(project, item, side=side), "image/jpeg"
    except ImageError:
        data, kind = (STATIC / "unreadable.svg").read_bytes(), "image/svg+xml"
    return Response(data, media_type=kind, headers={"cache-control": f"private, max-age={MINUTES}"})
