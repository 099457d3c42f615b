from __future__ import annotations

import asyncio

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from objektiv.serving.problems import Refusal
from objektiv.serving.waiting import while_wanted


def _request(*, gone_after: float) -> Request:
    async def receive() -> Message:
        await asyncio.sleep(gone_after)
        return {"type": "http.disconnect"}

    return Request({"type": "http", "headers": []}, receive)


async def _work(seconds: float, ended: list[str]) -> str:
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        ended.append("cancelled")
        raise
    return "done"


def test_work_in_time_is_given() -> None:
    """Who waits gets what the work comes to."""
    work = while_wanted(_request(gone_after=9), _work(0.01, []), seconds=9)

    assert asyncio.run(work) == "done"


def test_work_for_nobody_ends() -> None:
    """A hang-up cancels the work."""
    ended: list[str] = []

    with pytest.raises(ClientDisconnect, match="^$"):
        asyncio.run(while_wanted(_request(gone_after=0.01), _work(9, ended), seconds=9))
    assert ended == ["cancelled"]


def test_work_has_its_time() -> None:
    """The time limit cancels the work and says so."""
    ended: list[str] = []

    with pytest.raises(Refusal, match="At most 0.05 seconds") as error:
        asyncio.run(while_wanted(_request(gone_after=9), _work(9, ended), seconds=0.05))
    assert (error.value.reason, ended) == ("late", ["cancelled"])


def test_an_error_of_the_work_comes_through() -> None:
    """What the work raises is raised."""

    async def fail() -> None:
        raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"):
        asyncio.run(while_wanted(_request(gone_after=9), fail(), seconds=9))
