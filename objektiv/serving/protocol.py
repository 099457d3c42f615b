"""HTTP as uvicorn and httptools speak it, with limits on what comes before a request is whole.

In: bytes of a connection. Out: requests; 408 for headers that take too long, 431 for headers that
are too large, 400 for what is no HTTP, 503 for one connection too many, each as a problem.
Try: `protocol(seen)` as `uvicorn.Config(http=...)`.
"""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from objektiv.serving.problems import Refusal, problem, refusal
from objektiv.serving.wall import SECURITY, Seen

PATIENCE = 10.0  # seconds for the headers
HEADERS = 65_536  # bytes
CONNECTIONS = 900  # below the usual 1,024 files that a process may have open
LEAVING = 1.0  # seconds in which a client that was refused may close its side
THROWN = 1_000_000  # bytes that it may still send
IDLE = 5.0  # seconds after which a connection may be closed to make room


def protocol(seen: Callable[[Seen], None] | None) -> type[HttpToolsProtocol]:
    """The protocol whose refusals are told to `seen`."""

    class Protocol(_Limited):
        told = staticmethod(seen) if seen else None

    return Protocol


class _Limited(HttpToolsProtocol):
    told: Callable[[Seen], None] | None = None

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self._before_request = True  # no headers are complete
        self._head = 0  # bytes since then
        self._in_head = True  # of the request that is read, be it behind another one
        self._named = 0  # bytes of its headers
        self._timer: asyncio.TimerHandle | None = None
        self._leaving = False  # the last answer is written; what still comes is thrown away
        self._thrown = 0  # bytes of it
        self._idle_since: float | None = None  # between two requests, on the loop's clock

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if (own := transport.get_extra_info("socket")) is not None:
            # asyncio leaves this out where the listening socket was made by hand; without it an
            # answer waits 40 ms for the client to acknowledge its headers
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self.connections) > CONNECTIONS and not self._make_room():
            self._end(refusal("busy", value="too many connections"))
        else:
            self._start_timer()

    def _make_room(self) -> bool:
        """Close the connection that has asked nothing for longest; whether there was one.

        Not one that is only between two requests: its client may be sending just now.
        """
        late = self.loop.time() - IDLE
        others = (c for c in self.connections if isinstance(c, _Limited))
        idle = [(s, c) for c in others if (s := c._idle_since) is not None and s <= late]
        if not idle:
            return False
        _, longest = min(idle, key=lambda pair: pair[0])
        longest._idle_since = None
        longest.transport.close()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._leaving:
            self._thrown += len(data)
            if self._thrown > THROWN:
                self.transport.close()
            return
        if self._before_request:
            self._head += len(data)
            self._start_timer()
        super().data_received(data)
        if self._before_request and self._head > HEADERS and not self.transport.is_closing():
            self._end(refusal("headers", value=f"{self._head:,} bytes"))

    def on_message_begin(self) -> None:
        self._in_head, self._named = True, 0
        self._idle_since = None
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Trailers behind a body are read by nobody, and could fill the memory: left out."""
        self._named += len(name) + len(value)
        if self._in_head and self._named <= HEADERS:
            super().on_header(name, value)
        elif self._named > HEADERS:
            self._end(refusal("headers", value=f"{self._named:,} bytes"))

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._before_request = False
        self._stop_timer()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle is None or self.cycle.response_complete:  # nothing waits behind it
            self._before_request, self._head = True, 0
            self._idle_since = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        self._end(refusal("http", value="its first lines cannot be read"))

    def _start_timer(self) -> None:
        if self._timer is None:
            late = refusal("slow", value="its headers are not complete")
            self._timer = self.loop.call_later(PATIENCE, self._end, late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self, error: Refusal) -> None:
        """Answer without a request, and close."""
        self._stop_timer()
        if self._leaving or self.transport.is_closing():
            return
        id = uuid.uuid4().hex
        answer = problem(error, request_id=id, headers={"connection": "close"})
        self.transport.write(_as_bytes(answer))
        self._leave()
        if self.told:
            self.told(Seen(id, "", "", answer.status_code, 0.0, error.reason))

    def _leave(self) -> None:
        """Close, but not over what the client still sends: its system would drop the answer."""
        self._leaving = True
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()  # the client then closes its side, which ends the connection
        self.loop.call_later(LEAVING, self.transport.close)


def _as_bytes(answer: Response) -> bytes:
    lines = [name + b": " + value for name, value in (*answer.raw_headers, *SECURITY)]
    head = STATUS_LINE[answer.status_code] + b"\r\n".join(lines)
    return head + b"\r\n\r\n" + bytes(answer.body)
