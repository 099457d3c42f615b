"""A request's body while it comes in: counted, and closed when it is too large or too slow.

In: the headers and an ASGI `receive`. Out: a `receive` that raises a Refusal at the limit.
A request may take `patience` seconds, and a second more for each RATE bytes that came: an honest
slow line goes on, a byte now and then does not.
Try: tests/serving/test_incoming.py.
"""

from __future__ import annotations

import asyncio
import contextlib

from starlette.types import Message, Receive

from objektiv.serving.problems import refusal

RATE = 32_000  # bytes a second that are slow, but not an attack
SMALL = 262_144  # bytes that are read to the end to keep a connection open
LINGER = 2.0  # seconds in which a refused client may go on writing, to be able to read the answer

Headers = dict[bytes, list[bytes]]


class Body:
    """One body; `finished` once nothing more can come."""

    def __init__(self, headers: Headers, receive: Receive, *, limit: int) -> None:
        self._receive, self._limit = receive, limit
        self._declared = _length(headers)
        self._packed = headers.get(b"content-encoding", [b"identity"]) != [b"identity"]
        self._waits = b"expect" in headers  # the client sends nothing before it is asked to
        self._got = 0
        self._deadline = float("inf")
        self.finished = self._declared == 0

    def start(self, patience: float) -> None:
        """Begin to read.

        Raises:
            Refusal: the headers already say that it is too large, or that it is packed.
        """
        if self._declared is not None and self._declared > self._limit:
            raise self._too_large()
        if self._packed:
            raise refusal("encoding", value="the header Content-Encoding")
        self._deadline = asyncio.get_running_loop().time() + patience

    async def receive(self) -> Message:
        """The next part.

        Raises:
            Refusal: the body is too large or too slow.
        """
        if self.finished:  # only a hang-up can come
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline + self._got / RATE):
                message = await self._receive()
        except TimeoutError:
            raise refusal("slow", value=f"{self._got:,} bytes so far") from None
        self._count(message)
        if self._got > self._limit:
            raise self._too_large()
        return message

    def _count(self, message: Message) -> None:
        if message["type"] == "http.request":
            self._got += len(message.get("body", b""))
            self._waits = False
        self.finished = not message.get("more_body", False)

    def _too_large(self) -> Exception:
        return refusal(
            "body",
            value=f"{max(self._declared or 0, self._got):,} bytes",
            allowed=f"At most {self._limit:,} bytes",
        )

    async def settle(self) -> None:
        """Before an answer: read a small rest, so that the connection can be kept."""
        rest = None if self._declared is None else self._declared - self._got
        if not self.finished and not self._waits and rest is not None and rest <= SMALL:
            await self._read_on(0.05)

    async def drop(self) -> None:
        """After an answer that came before the body's end: let the client see it."""
        if not self.finished and not self._waits:
            await self._read_on(LINGER)

    async def _read_on(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.finished:
                    self._count(await self._receive())


def _length(headers: Headers) -> int | None:
    """Bytes that the headers announce; None where they do not tell."""
    if b"transfer-encoding" in headers:
        return None
    (value, *more) = headers.get(b"content-length", [b"0"])
    return int(value) if value.isdigit() and not more else None
