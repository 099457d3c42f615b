"""The wall, against a table that is written down here by hand."""

from __future__ import annotations

import itertools

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from objektiv.base.errors import ObjektivError
from objektiv.serving.problems import refusal
from objektiv.serving.wall import COOKIE, HUNG_UP, LOOPBACK, Seen, Wall, answer_problem, behind_wall
from tests.serving.asking import OWN, Answer, ask

TOKEN = "a-token-of-the-tests"

# What the Host header may say, and whether a server bound to loopback answers to it.
HOSTS = {
    "localhost:8000": True,
    "127.0.0.1:8000": True,
    "[::1]:8000": True,
    "LOCALHOST:8000": True,
    "evil.example:8000": False,
    "127.0.0.1.evil.example:8000": False,
    "localhost.:8000": False,
    "127.1:8000": False,
    "0.0.0.0:8000": False,
    "192.168.1.5:8000": False,
    "localhost:8000@evil.example": False,
    "": False,
}
# What Origin may say: always refused, always let through, or only where it is the Host's own.
ORIGINS = {
    None: "fine",
    "http://localhost:8000": "own",
    "http://127.0.0.1:8000": "own",
    "http://localhost:9000": "foreign",
    "http://localhost": "foreign",
    "https://evil.example": "foreign",
    "null": "foreign",
    "http://localhost:8000.evil.example": "foreign",
}
SITES = (None, "same-origin", "cross-site")
METHODS = ("GET", "POST", "WS")
REFUSED = {
    "host": {"GET": 400, "POST": 400, "WS": 1008},
    "origin": {"GET": 403, "POST": 403, "WS": 1008},
}
FINE = {"GET": 200, "POST": 200, "WS": 101}


async def _page(request: Request) -> Response:
    body = await request.body()
    return PlainTextResponse(f"{request.method} {len(body)}")


async def _socket(socket: WebSocket) -> None:
    await socket.accept()


async def _fail(request: Request) -> Response:
    raise ValueError("/home/anna/secret")


async def _refuse(request: Request) -> Response:
    raise refusal("model", value="no such name")


def _app(wall: Wall) -> ASGIApp:
    routes = [
        Route("/", _page, methods=["GET", "POST"]),
        Route("/page", _page, methods=["GET", "POST"]),
        Route("/fail", _fail),
        Route("/refuse", _refuse),
        WebSocketRoute("/", _socket),
    ]
    app = Starlette(routes=routes, exception_handlers={ObjektivError: answer_problem})
    return behind_wall(app, wall)


PLAIN = _app(Wall())


def _expected(host: str, origin: str | None, site: str | None, method: str) -> int:
    if not HOSTS[host]:
        return REFUSED["host"][method]
    kind = ORIGINS[origin]
    own = origin is not None and origin.removeprefix("http://") == host.lower()
    if kind == "foreign" or (kind == "own" and not own):
        return REFUSED["origin"][method]
    if site == "cross-site" and method != "GET":
        return REFUSED["origin"][method]
    return FINE[method]


@pytest.mark.parametrize("method", METHODS)
def test_hosts_and_origins_are_let_through_as_the_table_says(method: str) -> None:
    """12 hosts, 8 origins and 3 sites: each combination has the status of the table."""
    wrong, count = [], 0
    for host, origin, site in itertools.product(HOSTS, ORIGINS, SITES):
        headers = [("host", host)]
        headers += [("origin", origin)] if origin is not None else []
        headers += [("sec-fetch-site", site)] if site is not None else []
        count += 1
        status = ask(PLAIN, f"{method} /", headers=headers).status
        if status != _expected(host, origin, site, method):
            wrong.append((host, origin, site, status))

    assert wrong == []
    assert count == 288


@pytest.mark.parametrize(
    "hosts", [[], ["localhost:8000", "localhost:8000"], ["localhost", "evil.example"]]
)
def test_exactly_one_host_is_wanted(hosts: list[str]) -> None:
    """A request without Host, or with a second one, is refused."""
    answer = ask(PLAIN, headers=[("host", host) for host in hosts])

    assert answer.status == 400
    assert answer.json()["reason"] == "host"


def test_an_address_is_a_name_only_beyond_loopback() -> None:
    """Bound to all addresses, any address of the machine may be named; no other name may."""
    app = _app(Wall(addresses="any", token=TOKEN, hosts=(*LOOPBACK, "lab.example")))
    sent = ("authorization", f"Bearer {TOKEN}")
    statuses = {
        host: ask(app, headers=[("host", host), sent]).status
        for host in (
            "192.168.1.5:80",
            "[fe80::1]",
            "lab.example",
            "evil.example",
            "0.0.0.0",
            "300.1.1.1",
        )
    }

    assert list(statuses.values()) == [200, 200, 200, 400, 400, 400]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (None, 401),
        ("Bearer wrong", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Basic {TOKEN}", 401),
        ("Bearer \xe9", 401),
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
    ],
)
def test_a_token_is_asked_for(given: str | None, status: int) -> None:
    """Where a wall has a token, only the whole token opens it."""
    headers = [*OWN, *([("authorization", given)] if given else [])]

    assert ask(_app(Wall(token=TOKEN)), headers=headers).status == status


def test_some_pages_need_no_token() -> None:
    """The open paths are asked without one, exactly these."""
    app = _app(Wall(token=TOKEN, open_paths=("/page",)))

    assert [ask(app, f"GET {path}").status for path in ("/page", "/", "/page/", "//page")] == [
        200,
        401,
        401,
        401,
    ]


def test_a_browser_gets_the_token_as_a_cookie() -> None:
    """`?token=` is taken from the address into a strict cookie, which then opens the pages."""
    app = _app(Wall(token=TOKEN, pages="cookie"))
    first = ask(app, f"GET /page?a=1&token={TOKEN}")
    cookie = first.headers["set-cookie"].partition(";")[0]

    assert (first.status, first.headers["location"]) == (303, "/page?a=1")
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "samesite=strict" in first.headers["set-cookie"].lower()
    assert ask(app, "GET /page", headers=[*OWN, ("cookie", cookie)]).status == 200
    assert ask(app, "WS /", headers=[*OWN, ("cookie", cookie)]).status == 101
    assert ask(app, "GET /page", headers=[*OWN, ("cookie", f"{COOKIE}=wrong")]).status == 401
    assert ask(app, "GET /page?token=wrong").status == 401
    assert ask(_app(Wall(token=TOKEN)), f"GET /page?token={TOKEN}").status == 401


def test_the_token_leads_to_no_other_server() -> None:
    """A path that browsers read as another server's name is not redirected to."""
    answer = ask(_app(Wall(token=TOKEN, pages="cookie")), f"GET //evil.example/?token={TOKEN}")

    assert answer.headers["location"] == "/evil.example/"


def test_a_named_origin_may_ask() -> None:
    """Pages of an origin that was named may ask and read, after asking first; others not."""
    app = _app(Wall(origins=("https://lab.example",)))
    origin = ("origin", "https://lab.example")
    asks = ("access-control-request-method", "POST")
    preflight = ask(app, "OPTIONS /", headers=[*OWN, origin, asks])
    answer = ask(app, "POST /", headers=[*OWN, origin, ("sec-fetch-site", "cross-site")])
    other = ask(app, "OPTIONS /", headers=[*OWN, ("origin", "https://lab.example.evil"), asks])

    assert preflight.status == 204
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "https://lab.example"
    assert other.status == 403
    assert "access-control-allow-origin" not in other.headers


def _body(app: ASGIApp, *parts: bytes, **headers: str) -> Answer:
    given = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return ask(app, "POST /", headers=[*OWN, *given], body=parts)


def test_bodies_have_a_limit() -> None:
    """A body up to the limit comes through; one byte more, announced or not, is refused."""
    app = _app(Wall(body_limit=10))

    assert _body(app, b"12345", b"67890", content_length="10").body == b"POST 10"
    assert _body(app, content_length="11").status == 413
    assert _body(app, b"12345", b"678901", transfer_encoding="chunked").status == 413
    assert _body(app, b"1", content_length="500000000").headers["connection"] == "close"
    assert _body(app, b"1", content_length="1", content_encoding="gzip").status == 415


def test_every_answer_is_guarded() -> None:
    """Each answer, also a refusal, tells the browser not to guess, frame or call elsewhere."""
    for answer in (ask(PLAIN), ask(PLAIN, headers=()), ask(PLAIN, "GET /fail")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == (
            "default-src 'self'; frame-ancestors 'none'"
        )
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert len(answer.headers["x-request-id"]) == 32


def test_each_request_is_seen_once() -> None:
    """What ended is told with its status, its reason and, for the log, its own error."""
    seen: list[Seen] = []
    app = _app(Wall(seen=seen.append))
    answers = [ask(app), ask(app, headers=()), ask(app, "GET /refuse"), ask(app, "GET /fail")]
    answers.append(ask(app, "WS /"))

    assert [one.status for one in seen] == [answer.status for answer in answers]
    assert [one.status for one in seen] == [200, 400, 404, 500, 101]
    assert [one.reason for one in seen] == ["", "host", "model", "bug", ""]
    assert [one.request_id for one in seen[:4]] == [a.headers["x-request-id"] for a in answers[:4]]
    assert "secret" in str(seen[3].error)
    assert b"secret" not in answers[3].body


def test_an_answer_nobody_waits_for_is_seen_as_such() -> None:
    """An app that ends without an answer, because the client is gone, is told apart."""
    seen: list[Seen] = []

    async def gone(scope: object, receive: object, send: object) -> None:
        return None

    with pytest.raises(IndexError, match="list index out of range"):  # nothing was sent
        ask(behind_wall(gone, Wall(seen=seen.append)))
    assert [one.status for one in seen] == [HUNG_UP]
