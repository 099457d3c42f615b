from __future__ import annotations

import json

import pytest

from objektiv.base.errors import BundleError, MachineError, MissingExtra, UsageError
from objektiv.data.header import REASONS, Refused, image_error
from objektiv.serving import problems
from objektiv.serving.problems import problem, refusal

PARTS = {"value": "/home/anna/secret", "allowed": "-", "next": "-"}


def test_a_refusal_says_all_four_parts() -> None:
    """A problem has RFC 9457's members, our four parts and the request's id."""
    answer = problem(refusal("busy", value="64 waiting"), request_id="ab12")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"
    assert json.loads(answer.body) == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "the server is busy: 64 waiting",
        "reason": "busy",
        "allowed": "As many pictures as its queue holds",
        "next": "try again after the seconds in Retry-After",
        "request_id": "ab12",
    }


def test_every_reason_of_a_picture_has_a_status() -> None:
    """The table knows each reason for which a picture is refused, and no other."""
    assert set(problems.PICTURES) == set(REASONS)


@pytest.mark.parametrize(
    ("reason", "status"),
    [("bomb", 413), ("format-not-read", 415), ("truncated", 422), ("empty", 422)],
)
def test_bad_pictures_have_their_status(reason: str, status: int) -> None:
    """A bomb is too large, a foreign format not read, a damaged picture not to be processed."""
    error = image_error("a.png", Refused(reason, "66 bytes"))

    assert problem(error, request_id="1").status_code == status


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("no such thing", **PARTS), 422),
        (BundleError("a hash differs", **PARTS), 409),
        (MachineError("the disk is full", **PARTS), 503),
        (MissingExtra("missing", **PARTS), 501),
        (MemoryError("/home/anna/secret"), 503),
        (ValueError("/home/anna/secret"), 500),
    ],
    ids=lambda value: type(value).__name__,
)
def test_words_that_may_hold_a_path_are_not_told(error: Exception, status: int) -> None:
    """Errors of core and libraries are told in general words."""
    answer = problem(error, request_id="1")

    assert answer.status_code == status
    assert b"anna" not in answer.body


def test_a_missing_token_asks_for_one() -> None:
    """A 401 says how to prove who asks, as HTTP wants it."""
    answer = problem(refusal("token", value="none"), request_id="1")

    assert answer.headers["www-authenticate"] == "Bearer"
