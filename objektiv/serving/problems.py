"""Every way a request is turned away, as one table, and how it is told: RFC 9457.

In: an error. Out: a response of the type `application/problem+json` with its HTTP status. What is
told names neither a library, a path of this machine nor an address: an error that could hold one
is told in general words, and its own words stand in the log under the same request id.
Try: `problem(refusal("busy", value="64 waiting"), request_id="ab12")`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from starlette.responses import Response

from objektiv.base.errors import (
    DataError,
    ImageError,
    MachineError,
    MissingExtra,
    ModelError,
    ObjektivError,
    UsageError,
)

MEDIA_TYPE = "application/problem+json"


class _Kind(NamedTuple):
    status: int
    happened: str
    allowed: str
    next: str


# The one word of a refusal, which metrics count by, and what it says.
KINDS: dict[str, _Kind] = {
    "host": _Kind(
        400,
        "this server does not answer under the name in the header Host",
        "The name it was started with, once",
        "call it by that name, or start it with `--hosts NAME`",
    ),
    "origin": _Kind(
        403,
        "a page of another site may not ask this server",
        "Pages of its own, and of the origins it was started with",
        "start it with `--origins https://NAME` if you trust that site",
    ),
    "token": _Kind(
        401,
        "the token is missing or wrong",
        "The header `Authorization: Bearer TOKEN`",
        "send the token that the server was started with",
    ),
    "body": _Kind(
        413,
        "the body is too large",
        "The limit that the server was started with",
        "send fewer or smaller files, or start it with a larger `--max-body`",
    ),
    "files": _Kind(
        413,
        "the request holds too many files",
        "The limit that the server was started with",
        "send them in several requests",
    ),
    "headers": _Kind(
        431,
        "the headers are too large",
        "At most 64 kB of headers",
        "send fewer or shorter headers",
    ),
    "http": _Kind(
        400,
        "this is not HTTP",
        "HTTP 1.1",
        "see /openapi.json for what is understood",
    ),
    "slow": _Kind(
        408,
        "the request came too slowly",
        "A request is sent within ten seconds, longer ones without a break",
        "send it again",
    ),
    "type": _Kind(
        415,
        "bodies of this type are not read",
        "image/* or application/octet-stream for one picture, multipart/form-data for several",
        "set the header Content-Type",
    ),
    "encoding": _Kind(
        415,
        "packed bodies are not read",
        "A body without Content-Encoding",
        "send the files as they are; pictures are packed already",
    ),
    "markup": _Kind(
        415,
        "this is a page or a drawing in text, not a picture",
        "PNG, JPEG, WEBP, TIFF, BMP and GIF are read",
        "save it as PNG",
    ),
    "form": _Kind(
        400,
        "the form cannot be read",
        "multipart/form-data with files and nothing else",
        "send it as `curl -F file=@PICTURE` does",
    ),
    "query": _Kind(
        400,
        "the address asks for something unknown",
        "What /openapi.json lists",
        "correct the part behind the question mark",
    ),
    "no-file": _Kind(
        400,
        "the request holds no picture",
        "At least one file",
        "send one as `curl -F file=@PICTURE` does",
    ),
    "model": _Kind(
        404,
        "this server has no such model",
        "The names that /v1/models lists",
        "choose one with `?model=NAME`",
    ),
    "bundle": _Kind(
        409,
        "the bundle was refused, so the model that was loaded before goes on",
        "A sound bundle under the path that the server was started with",
        "look at it with `objektiv verify`; the server's log says more",
    ),
    "busy": _Kind(
        503,
        "the server is busy",
        "As many pictures as its queue holds",
        "try again after the seconds in Retry-After",
    ),
    "store": _Kind(
        503,
        "the prediction could not be stored, so it is not given",
        "A store that can be written to",
        "try again; the server's log says more",
    ),
    "late": _Kind(
        504,
        "the answer did not come in time",
        "The time limit that the server was started with",
        "try again, or start it with a longer `--deadline`",
    ),
    "extra": _Kind(
        501,
        "a part that this needs is not installed on the server",
        "What `objektiv doctor` lists there",
        "ask whoever runs the server",
    ),
    "unusable": _Kind(
        422,
        "this cannot be used",
        "What /openapi.json lists",
        "the server's log says more",
    ),
    "address": _Kind(
        404,
        "nothing stands under this address",
        "What /openapi.json lists",
        "look at the page of this server",
    ),
    "method": _Kind(
        405,
        "this address is not asked in this way",
        "The methods in the header Allow",
        "use one of them",
    ),
    "machine": _Kind(
        503,
        "the machine stands in the way",
        "Memory, disk and files that can be used",
        "try again; the server's log says more",
    ),
    "bug": _Kind(
        500,
        "this is a mistake in objektiv",
        "Every request is answered or refused with a reason",
        "report it with the lines that the server's log has under this request id",
    ),
}
# Reasons of pictures, out of data.header.REASONS: they bring their own words.
PICTURES = {
    "not-an-image": 422,
    "format-not-read": 415,
    "empty": 422,
    "truncated": 422,
    "damaged": 422,
    "bomb": 413,
    "unreadable": 422,
}
_RETRY_AFTER = {"busy": "1", "store": "5", "machine": "5"}  # seconds
# Errors of the core, whose words may hold paths; the first kind that fits.
_CORE: tuple[tuple[type[ObjektivError], str], ...] = (
    (UsageError, "unusable"),
    (DataError, "unusable"),
    (ModelError, "bundle"),
    (MissingExtra, "extra"),
    (MachineError, "machine"),
)


class Refusal(ObjektivError):
    """A request is turned away; `reason` is a key of KINDS."""

    def __init__(self, happened: str, *, value: str, allowed: str, next: str, reason: str) -> None:
        super().__init__(happened, value=value, allowed=allowed, next=next)
        self.reason = reason


def refusal(reason: str, *, value: str, allowed: str = "") -> Refusal:
    """A refusal in the words of KINDS; `value` and `allowed` may say more of this request."""
    kind = KINDS[reason]
    return Refusal(
        kind.happened, value=value, allowed=allowed or kind.allowed, next=kind.next, reason=reason
    )


def told(error: BaseException) -> Refusal | ImageError:
    """The error a client may read: a refusal and a bad picture as they are, others in general
    words."""
    if isinstance(error, Refusal | ImageError):
        return error
    reason = next((reason for kind, reason in _CORE if isinstance(error, kind)), "bug")
    if isinstance(error, MemoryError):
        reason = "machine"
    return refusal(reason, value="see the server's log")


def status_of(error: Refusal | ImageError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, Refusal):
        return KINDS[error.reason].status
    return PICTURES[error.reason]


def as_dict(error: Refusal | ImageError, *, request_id: str) -> dict[str, object]:
    """What is told, as RFC 9457 names it, with our four parts."""
    status = status_of(error)
    return {
        "type": "about:blank",  # then the title is the status in words
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": f"{error.happened}: {error.value}",
        "reason": error.reason,
        "allowed": error.allowed,
        "next": error.next,
        "request_id": request_id,
    }


def problem(
    error: BaseException, *, request_id: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The response to a request that ended in `error`."""
    shown = told(error)
    more = dict(headers or {})
    if shown.reason in _RETRY_AFTER:
        more["retry-after"] = _RETRY_AFTER[shown.reason]
    if shown.reason == "token":
        more["www-authenticate"] = "Bearer"
    body = json.dumps(as_dict(shown, request_id=request_id)).encode("ascii")
    return Response(body, status_of(shown), more, media_type=MEDIA_TYPE)
