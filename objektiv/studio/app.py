"""The studio as one web application: pages, static files, errors as pages.

In: the folder of the projects. Out: an application of FastAPI, to be put behind the wall of
`serving.wall`, which decides who may speak to it at all.
Try: `objektiv studio`.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from objektiv.base.errors import ObjektivError
from objektiv.studio import (
    adding,
    browsing,
    cells,
    checking,
    contests,
    deciding,
    explored,
    exports,
    home,
    making,
    pictures,
    results,
    splits,
    thresholds,
    training,
    trying,
    working,
)
from objektiv.studio.pages import STATIC, refused

ROUTERS = (
    home.router,
    making.router,
    browsing.router,
    adding.router,
    explored.router,
    deciding.router,
    checking.router,
    working.router,
    pictures.router,
    splits.router,
    training.router,
    results.router,
    cells.router,
    thresholds.router,
    contests.router,
    trying.router,
    exports.router,
)


def studio_app(folder: Path) -> FastAPI:
    """All pages of the studio; projects lie in `folder`."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.home = folder
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in ROUTERS:
        app.include_router(router)
    for kind in (ObjektivError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, refused)
    app.add_api_route("/favicon.ico", _icon, include_in_schema=False)
    return app


def _icon(request: Request) -> Response:
    return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")
