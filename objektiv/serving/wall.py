"""The one wall before server and studio: who may ask, under which name, how much and how slowly.

In: an ASGI app and a Wall. Out: an ASGI app that passes on what is allowed; everything else, also
what the app raises, is answered as `serving.problems` tells it. Decisions rest on headers and
`scope["path"]` alone, never on an address put together from them.
Try: `behind_wall(app, Wall(hosts=("localhost", "127.0.0.1")))`.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from objektiv.serving.incoming import Body
from objektiv.serving.problems import Refusal, problem, refusal, told

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
COOKIE = "objektiv_token"
READING = ("GET", "HEAD", "OPTIONS")
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
PREFLIGHT = {
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "600",
}
HUNG_UP = 499  # no status of HTTP: the client was gone before the answer
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_ORIGIN = re.compile(r"(https?)://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True)
class Seen:
    """One request that has ended, for log and metrics."""

    request_id: str
    method: str  # "WEBSOCKET" for one
    path: str
    status: int  # 101 for a websocket that was let in, HUNG_UP where nobody waited any more
    seconds: float
    reason: str = ""  # of problems.KINDS or of a picture, where it was refused
    error: BaseException | None = None  # in its own words, for the log only


@dataclass(frozen=True)
class Wall:
    """What is let through; names are lower case, an IPv6 address in brackets."""

    hosts: tuple[str, ...] = LOOPBACK  # names in the header Host
    addresses: Literal["listed", "any"] = "listed"  # any: every IP address is a name too
    token: str | None = None
    open_paths: tuple[str, ...] = ()  # asked without the token
    pages: Literal["none", "cookie"] = "none"  # cookie: `/?token=` gives a browser the token
    origins: tuple[str, ...] = ()  # other sites whose pages may ask
    body_limit: int = 32_000_000  # bytes
    patience: float = 10.0  # seconds for a body; a steady one gets more
    seen: Callable[[Seen], None] | None = None


def behind_wall(app: ASGIApp, wall: Wall) -> ASGIApp:
    """`app` behind `wall`; request.state.request_id holds the id of each request."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
        else:
            await _Guard(wall, scope, send=send)(app, receive)

    return guarded


async def answer_problem(request: Request, error: Exception) -> Response:
    """For `app.add_exception_handler(ObjektivError, ...)`: errors of routes as problems."""
    if isinstance(error, ClientDisconnect):  # nobody sees it, but it is counted
        return Response(status_code=HUNG_UP)
    state = request.scope["state"]
    state["reason"], state["error"] = told(error).reason, error
    return problem(error, request_id=state["request_id"])


class _Guard:
    """One request on its way through the wall and back."""

    def __init__(self, wall: Wall, scope: Scope, *, send: Send) -> None:
        self._wall, self._scope, self._send = wall, scope, send
        self._began = time.perf_counter()
        self._id = uuid.uuid4().hex
        self._status = HUNG_UP
        self._state: dict[str, Any] = scope.setdefault("state", {})
        self._state["request_id"] = self._id
        self._host: str = ""
        self._port: str | None = None  # of the header Host
        self._cors: bytes | None = None  # the foreign origin that may read the answer
        self._headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            self._headers.setdefault(name, []).append(value)

    async def __call__(self, app: ASGIApp, receive: Receive) -> None:
        body = Body(self._headers, receive, limit=self._wall.body_limit)
        error: BaseException | None = None
        try:
            early = self._early()
            if early is not None:
                await self._close(body, early)
            else:
                body.start(self._wall.patience)
                await app(self._scope, body.receive, self._sender(body))
        except ClientDisconnect:
            pass
        except Exception as raised:  # whatever it is, it is answered and told to the log
            error = raised
            if self._status == HUNG_UP:
                await self._close(body, problem(raised, request_id=self._id))
        finally:
            self._tell(error)

    def _early(self) -> Response | None:
        """The answer that needs no app: a refusal, a preflight, a token put into a cookie."""
        try:
            self._check_host()
            if (answer := self._check_origin()) is not None:
                return answer
            return self._check_token()
        except Refusal as error:
            self._state["reason"] = error.reason
            return problem(error, request_id=self._id)

    def _one(self, name: bytes) -> str | None:
        """The value of a header that may stand there once; None where it is missing."""
        values = self._headers.get(name, [])
        return values[0].decode("latin-1") if len(values) == 1 else None

    def _check_host(self) -> None:
        hosts = self._headers.get(b"host", [])
        if len(hosts) != 1:
            raise refusal("host", value=f"{len(hosts)} headers Host")
        match = _HOST.fullmatch(hosts[0].decode("latin-1").lower())
        if match is None or not self._is_known(match[1]):
            raise refusal("host", value="another name")
        self._host, self._port = match.groups()

    def _is_known(self, name: str) -> bool:
        if name in self._wall.hosts:
            return True
        if self._wall.addresses == "listed":
            return False
        try:  # a name can be made to point here, an address cannot
            address = ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return not (address.is_unspecified or address.is_multicast)

    def _check_origin(self) -> Response | None:
        origins = self._headers.get(b"origin", [])
        if len(origins) > 1:
            raise refusal("origin", value=f"{len(origins)} headers Origin")
        origin = origins[0].decode("latin-1") if origins else None
        if origin in self._wall.origins:
            self._cors = origins[0]
            return self._preflight()
        if origin is not None and not self._is_own(origin):
            raise refusal("origin", value="another origin")
        method = self._scope.get("method", "WEBSOCKET")
        sites = set(self._headers.get(b"sec-fetch-site", []))
        if method not in READING and not sites <= {b"same-origin", b"none"}:
            raise refusal("origin", value="another site, says Sec-Fetch-Site")
        return None

    def _is_own(self, origin: str) -> bool:
        match = _ORIGIN.fullmatch(origin.lower())
        if match is None:  # also `null`, a page in a frame without rights
            return False
        scheme, host, port = match.groups()
        usual = _PORTS[scheme]
        return (host, port or usual) == (self._host, self._port or usual)

    def _preflight(self) -> Response | None:
        """The answer to a browser that asks before it sends a page's request."""
        asks = b"access-control-request-method" in self._headers
        if self._scope.get("method") != "OPTIONS" or not asks:
            return None
        return Response(status_code=204, headers=PREFLIGHT)

    def _check_token(self) -> Response | None:
        wall, scope = self._wall, self._scope
        if wall.token is None or scope["path"] in wall.open_paths:
            return None
        kind, _, given = (self._one(b"authorization") or "").partition(" ")
        if kind.lower() == "bearer" and _same(given.strip(), wall.token):
            return None
        if wall.pages == "cookie":
            if _same(self._cookie(), wall.token):
                return None
            asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            tokens = [value for name, value in asked if name == "token"]
            if scope.get("method") == "GET" and tokens and _same(tokens[0], wall.token):
                return self._with_cookie([pair for pair in asked if pair[0] != "token"])
        raise refusal("token", value="none that fits")

    def _cookie(self) -> str:
        try:
            found = SimpleCookie(self._one(b"cookie") or "").get(COOKIE)
        except CookieError:
            return ""
        return found.value if found else ""

    def _with_cookie(self, query: list[tuple[str, str]]) -> Response:
        """To the same page without the token, which then stands in no history and no log."""
        path = "/" + quote(self._scope["path"].lstrip("/"))  # `//name` would leave this server
        answer = RedirectResponse(path + ("?" + urlencode(query) if query else ""), 303)
        secure = self._scope["scheme"] == "https"
        answer.set_cookie(
            COOKIE, self._wall.token or "", httponly=True, samesite="strict", secure=secure
        )
        return answer

    async def _close(self, body: Body, answer: Response) -> None:
        """Send an answer that stands before the body was read."""
        if self._scope["type"] == "websocket":
            self._status = answer.status_code
            await self._send({"type": "websocket.close", "code": 1008})
            return
        await answer(self._scope, body.receive, self._sender(body))

    def _sender(self, body: Body) -> Send:
        """`send` with the headers that every answer has."""

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                await body.settle()
                message = {**message, "headers": self._answer_headers(message, body)}
            elif message["type"] == "websocket.accept":
                self._status = 101
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                if not body.finished:  # a client that still writes would not see the answer
                    await self._send({**message, "more_body": True})
                    await body.drop()
                    message = {"type": "http.response.body"}
            await self._send(message)

        return send

    def _answer_headers(self, message: Message, body: Body) -> list[tuple[bytes, bytes]]:
        headers = [*message.get("headers", ()), (b"x-request-id", self._id.encode())]
        set_already = {name for name, _ in headers}
        headers += [pair for pair in SECURITY if pair[0] not in set_already]
        if self._cors is not None:
            headers += [(b"access-control-allow-origin", self._cors), (b"vary", b"origin")]
        if not body.finished:
            headers.append((b"connection", b"close"))
        return headers

    def _tell(self, error: BaseException | None) -> None:
        if self._wall.seen is None:
            return
        error = error or self._state.get("error")
        reason = self._state.get("reason", "") or (told(error).reason if error else "")
        method = self._scope.get("method", "WEBSOCKET")
        seconds = time.perf_counter() - self._began
        self._wall.seen(
            Seen(self._id, method, self._scope["path"], self._status, seconds, reason, error)
        )


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode("utf-8"))
