"""Ask an ASGI app without a socket: every header as it is written down, nothing added."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message

Headers = Sequence[tuple[str, str]]
OWN: Headers = (("host", "localhost:8000"),)


class Answer(NamedTuple):
    """What came back; a websocket that is refused has the status 1008, one let in 101."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def ask(
    app: ASGIApp, address: str = "GET /", *, headers: Headers = OWN, body: Iterable[bytes] = ()
) -> Answer:
    """The answer to one request; `address` is `METHOD /path?query`, or `WS /path`."""
    return asyncio.run(asking(app, address, headers=headers, body=body))


async def asking(
    app: ASGIApp, address: str, *, headers: Headers = OWN, body: Iterable[bytes] = ()
) -> Answer:
    """The same inside of a loop."""
    method, _, target = address.partition(" ")
    path, _, query = target.partition("?")
    scope: dict[str, Any] = {
        "type": "websocket" if method == "WS" else "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    if method != "WS":
        scope["method"] = method
    parts, sent = list(body), list[Message]()

    async def receive() -> Message:
        if method == "WS":
            return {"type": "websocket.connect"}
        if parts:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}
        if any(m["type"] == "http.response.body" and not m.get("more_body") for m in sent):
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    first = sent[0]
    if first["type"].startswith("websocket"):
        return Answer(first.get("code", 101), {}, b"")
    told = {name.decode(): value.decode("latin-1") for name, value in first["headers"]}
    return Answer(first["status"], told, b"".join(m.get("body", b"") for m in sent[1:]))
