from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message

from objektiv.serving.incoming import Body
from objektiv.serving.problems import Refusal

LENGTH_9 = {b"content-length": [b"9"]}
CHUNKED = {b"transfer-encoding": [b"chunked"]}


def _receive(parts: Sequence[bytes], *, pause: float = 0.0):  # type: ignore[no-untyped-def]
    waiting = list(parts)

    async def receive() -> Message:
        await asyncio.sleep(pause)
        part = waiting.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    return receive


async def _all(body: Body, *, patience: float = 5.0) -> bytes:
    body.start(patience)
    found = b""
    while not body.finished:
        found += (await body.receive())["body"]
    return found


def test_a_body_within_the_limit_comes_through() -> None:
    """The parts of a body are passed on, and then it is finished."""
    body = Body(LENGTH_9, _receive([b"1234", b"56789"]), limit=9)

    assert asyncio.run(_all(body)) == b"123456789"


def test_a_declared_length_is_refused_before_reading() -> None:
    """Content-Length above the limit needs no byte to be refused."""
    body = Body(LENGTH_9, _receive([]), limit=8)

    with pytest.raises(Refusal, match="too large: 9 bytes. At most 8 bytes"):
        asyncio.run(_all(body))


def test_an_undeclared_length_is_counted() -> None:
    """A chunked body is refused with the part that passes the limit."""
    body = Body(CHUNKED, _receive([b"1234"] * 100), limit=8)

    with pytest.raises(Refusal, match="too large: 12 bytes"):
        asyncio.run(_all(body))


def test_a_slow_body_is_given_up() -> None:
    """Small parts at long intervals do not buy time."""
    body = Body(CHUNKED, _receive([b"1"] * 100, pause=0.02), limit=100)

    with pytest.raises(Refusal, match="too slowly") as error:
        asyncio.run(_all(body, patience=0.1))
    assert error.value.reason == "slow"


def test_a_steady_body_gets_more_time() -> None:
    """Many bytes at long intervals do."""
    body = Body(CHUNKED, _receive([bytes(4000)] * 10, pause=0.02), limit=100_000)

    assert len(asyncio.run(_all(body, patience=0.1))) == 40_000


def test_a_packed_body_is_refused() -> None:
    """A body in gzip could unpack to anything."""
    body = Body({b"content-encoding": [b"gzip"], **LENGTH_9}, _receive([]), limit=9)

    with pytest.raises(Refusal, match="packed bodies are not read"):
        asyncio.run(_all(body))


def test_a_small_rest_is_read_so_that_the_connection_stays() -> None:
    """Before an early answer the rest of a small body is read, that of a large one is not."""
    small = Body(LENGTH_9, _receive([b"123456789"]), limit=9)
    large = Body({b"content-length": [b"999999"]}, _receive([b""]), limit=9)

    asyncio.run(small.settle())
    asyncio.run(large.settle())

    assert small.finished and not large.finished
