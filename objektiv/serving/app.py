"""The server's routes: FastAPI checks what stands in addresses and writes /openapi.json.

In: a desk with models, and what predicts. Out: an application, to be put behind the wall.
FastAPI's own pages are off: they load their script from elsewhere.
Try: `objektiv serve cells.objektiv`, then open http://127.0.0.1:8000/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse

from objektiv.base.errors import ModelError, ObjektivError
from objektiv.base.machine import own_version
from objektiv.faces.answered import SHOWN_IN_JSON
from objektiv.serving import schemas
from objektiv.serving.desk import Desk
from objektiv.serving.documents import PICTURE, READING, body, document_of, refusals
from objektiv.serving.engine import Engine
from objektiv.serving.explaining import Explaining
from objektiv.serving.metrics import CONTENT_TYPE, Metrics
from objektiv.serving.page import POLICY, page
from objektiv.serving.predicting import Predicting
from objektiv.serving.problems import problem, refusal
from objektiv.serving.wall import answer_problem

if TYPE_CHECKING:
    from objektiv.serving.store import Store

OPEN_PATHS = ("/healthz", "/readyz")  # whoever keeps the server alive has no token
RELOAD = "/v1/models/{name}/reload"
ROUTES = ("/", "/v1/predict", "/v1/explain", "/v1/models", *OPEN_PATHS, "/metrics", "/openapi.json")
OTHER = "other"
_EXAMPLE = 'curl --data-binary @cell.png -H "Content-Type: image/png" http://127.0.0.1:8000'

ModelQuery = Annotated[
    str | None, Query(max_length=100, description="Name of the model; needed where several are.")
]
LabelQuery = Annotated[
    str | None, Query(max_length=200, description="Class to explain; by default the called one.")
]
TopQuery = Annotated[int, Query(ge=1, le=1_000, description="Classes that are told, 20 unasked.")]
ModelPath = Annotated[str, Path(max_length=100, description="Name of the model.")]


class Service:
    """What the routes work on."""

    def __init__(
        self,
        desk: Desk,
        predicting: Predicting,
        explaining: Explaining,
        *,
        metrics: Metrics,
        store: Store | None,
    ) -> None:
        self.desk, self.predicting, self.explaining = desk, predicting, explaining
        self.metrics, self.store = metrics, store


def serving_app(service: Service) -> FastAPI:
    """All routes of the server."""
    app = FastAPI(
        title="objektiv",
        description="A server of image classifiers. Pictures are sent as a body or as a form; "
        "what it refuses, it says why.",
        version=own_version(),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    for kind in (ObjektivError, Exception):
        app.add_exception_handler(kind, answer_problem)
    app.add_exception_handler(HTTPException, _answer_http)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _answer_query)  # type: ignore[arg-type]
    _add_predict(app, service)
    _add_explain(app, service)
    _add_models(app, service)
    _add_health(app, service)
    _add_pages(app)
    return app


def route_of(path: str) -> str:
    """The route a path belongs to, as metrics name it: never what a client made up."""
    if path in ROUTES:
        return path
    return RELOAD if path.startswith("/v1/models/") and path.endswith("/reload") else OTHER


def _add_predict(app: FastAPI, service: Service) -> None:
    async def predict(
        request: Request, model: ModelQuery = None, top: TopQuery = SHOWN_IN_JSON
    ) -> Response:
        return await service.predicting.answer(request, model=model, top=top)

    app.add_api_route(
        "/v1/predict",
        predict,
        methods=["POST"],
        summary="Name what one or several pictures show.",
        response_model=schemas.Predictions,
        responses={
            **READING,
        },
        openapi_extra={
            "x-example": f"{_EXAMPLE}/v1/predict\n"
            "curl -F file=@a.png -F file=@b.jpg 'http://127.0.0.1:8000/v1/predict?top=3'",
            "requestBody": body({"type": "array", "items": PICTURE}),
        },
    )


def _add_explain(app: FastAPI, service: Service) -> None:
    async def explain(
        request: Request, model: ModelQuery = None, label: LabelQuery = None
    ) -> Response:
        return await service.explaining.answer(request, model=model, label=label)

    app.add_api_route(
        "/v1/explain",
        explain,
        methods=["POST"],
        summary="Show where in a picture the model looks, as a picture.",
        response_class=Response,
        responses={
            200: {"description": "The picture under its heat.", "content": {"image/png": {}}},
            **READING,
        },
        openapi_extra={
            "x-example": f"{_EXAMPLE}/v1/explain > heat.png",
            "requestBody": body(PICTURE),
        },
    )


def _add_models(app: FastAPI, service: Service) -> None:
    async def models() -> Response:
        found = [_facts(name, engine) for name, engine in service.desk.engines.items()]
        return JSONResponse({"models": found})

    async def reload(name: ModelPath) -> Response:
        try:
            engine = await run_in_threadpool(service.desk.reload, name)
        except ModelError as error:
            service.metrics.reload_refused()
            raise refusal("bundle", value="see the server's log") from error
        service.metrics.models(service.desk.engines)
        return JSONResponse(_facts(name, engine))

    app.add_api_route(
        "/v1/models",
        models,
        summary="Tell which models are served.",
        response_model=schemas.Models,
        responses=refusals(),
    )
    app.add_api_route(
        RELOAD,
        reload,
        methods=["POST"],
        summary="Read a model's bundle again; requests go on meanwhile.",
        response_model=schemas.ModelFacts,
        responses=refusals("query", "model", "bundle", "machine"),
    )


def _facts(name: str, engine: Engine) -> dict[str, object]:
    bundle, facts = engine.bundle, engine.bundle.facts
    return {
        "name": name,
        "sha256": bundle.sha256,
        "classes": list(bundle.classes),
        "precision": bundle.precision,
        "size": facts.size,
        "fit": facts.fit,
        "backbone": facts.backbone.name,
        "decision": facts.decision.model_dump(mode="json") if facts.decision else None,
        "limits": facts.limits.model_dump(mode="json"),
    }


def _add_health(app: FastAPI, service: Service) -> None:
    async def healthz() -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz() -> Response:
        told: dict[str, object] = {"status": "ready", "models": list(service.desk.engines)}
        status = 200
        if service.store is not None:
            trouble = service.store.trouble is not None
            told["store"] = "in trouble" if trouble else "works"
            if trouble and service.predicting.needs_store:
                told["status"], status = "not ready", 503
        return JSONResponse(told, status)

    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type=CONTENT_TYPE)

    app.add_api_route(
        "/healthz",
        healthz,
        summary="Tell that the process lives.",
        response_model=schemas.Health,
        responses={400: refusals()[400]},
    )
    app.add_api_route(
        "/readyz",
        readyz,
        summary="Tell whether requests would be answered.",
        response_model=schemas.Health,
        responses={
            400: refusals()[400],
            503: {"description": "the store does not work", "model": schemas.Health},
        },
    )
    app.add_api_route(
        "/metrics",
        metrics,
        summary="Counters for Prometheus.",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}, **refusals()},
    )


def _add_pages(app: FastAPI) -> None:
    async def document() -> Response:
        return JSONResponse(document_of(app))

    async def start() -> Response:
        return HTMLResponse(page(document_of(app)), headers={"content-security-policy": POLICY})

    app.add_api_route("/openapi.json", document, include_in_schema=False)
    app.add_api_route("/", start, include_in_schema=False)


async def _answer_http(request: Request, error: HTTPException) -> Response:
    """Addresses and methods that do not exist."""
    reason = {404: "address", 405: "method"}.get(error.status_code, "form")
    told = refusal(reason, value=f"{request.method} {request.scope['path'][:100]}")
    request.scope["state"]["reason"] = reason
    id = request.scope["state"]["request_id"]
    return problem(told, request_id=id, headers=error.headers)


async def _answer_query(request: Request, error: RequestValidationError) -> Response:
    """Parts of an address that do not fit; what they should be, pydantic says well."""
    first = error.errors()[0]
    said = f"{first['loc'][-1]}: {first['msg']}"
    return await answer_problem(request, refusal("query", value=said[:200]))
