"""What /openapi.json says of bodies and refusals, beside what FastAPI finds out by itself.

In: reasons of `serving.problems`. Out: pieces of an OpenAPI document, and the whole of it.
Try: `curl localhost:8000/openapi.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from objektiv.serving import schemas
from objektiv.serving.problems import KINDS, MEDIA_TYPE

PICTURE = {"type": "string", "format": "binary"}


def refusals(*reasons: str) -> dict[int | str, dict[str, Any]]:
    """Statuses with what they say; the wall's own belong to each route."""
    told: dict[int | str, dict[str, Any]] = {}
    for reason in ("host", "token", "origin", *reasons):
        kind = KINDS[reason]
        about = kind.happened
        if kind.status in told:
            about = f"{told[kind.status]['description']}; or {about}"
        told[kind.status] = {
            "description": about,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return told


READING = {  # of routes that read pictures
    **refusals("query", "form", "no-file", "model", "slow", "body", "files", "type", "headers"),
    422: {**refusals("unusable")[422], "description": "the picture cannot be read"},
    **refusals("bug", "busy", "store", "late"),
}


def body(files: Mapping[str, Any]) -> dict[str, Any]:
    """A picture as it is, or a form with `files`."""
    form = {"type": "object", "required": ["file"], "properties": {"file": files}}
    picture = {"schema": PICTURE}
    return {
        "required": True,
        "content": {
            "image/*": picture,
            "application/octet-stream": picture,
            "multipart/form-data": {"schema": form},
        },
    }


def document_of(app: FastAPI) -> dict[str, Any]:
    """What FastAPI writes, with the one schema of refusals; made once."""
    if app.openapi_schema is None:
        document = app.openapi()
        known = document["components"]["schemas"]
        known["Problem"] = schemas.Problem.model_json_schema()
        for methods in document["paths"].values():
            for told in methods.values():  # bad queries are told as problems, with 400
                if "HTTPValidationError" in str(told["responses"].get("422", "")):
                    del told["responses"]["422"]
        for name in ("HTTPValidationError", "ValidationError"):
            known.pop(name, None)
    return app.openapi_schema or {}
