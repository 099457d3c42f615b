"""What stands before a request is whole: slow, endless and broken headers."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from objektiv.serving import protocol
from tests.serving import tiny
from tests.serving.tiny import Server

HEAD = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


@contextlib.contextmanager
def _socket(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as opened:
        yield opened


def _rest(opened: socket.socket) -> bytes:
    """Everything until the server closes."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := opened.recv(100_000):
            found += part
    return found


def test_slow_headers_are_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then keeps no connection: 408 at the limit, and others are served."""
    monkeypatch.setattr(protocol, "PATIENCE", 0.5)
    with _socket(server) as slow:
        began = time.perf_counter()
        slow.sendall(b"POST /v1/predict HTTP/1.1\r\n")
        for _ in range(3):
            time.sleep(0.05)
            slow.sendall(b"X-A: b\r\n")
        assert server.predict(tiny.picture()).status == 200
        answer = _rest(slow)
        seconds = time.perf_counter() - began

    assert answer.startswith(b"HTTP/1.1 408 ") and b'"reason": "slow"' in answer
    assert 0.4 < seconds < 3


def test_silent_connections_are_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection on which nothing comes, or only empty lines, is closed as well."""
    monkeypatch.setattr(protocol, "PATIENCE", 0.3)
    with _socket(server) as silent, _socket(server) as empty:
        empty.sendall(b"\r\n\r\n")
        assert _rest(silent).startswith(b"HTTP/1.1 408 ")
        assert _rest(empty).startswith(b"HTTP/1.1 408 ")


def test_a_kept_connection_may_wait_between_requests(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is for a request that has begun, not for the time between two."""
    monkeypatch.setattr(protocol, "PATIENCE", 0.3)
    with contextlib.closing(server.connect()) as connection:
        for _ in range(2):
            assert tiny.asked(connection, "GET", "/healthz").status == 200
            time.sleep(0.5)
        connection.sock.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert _rest(connection.sock).startswith(b"HTTP/1.1 408 ")


@pytest.mark.slow
def test_the_limits_are_ten_seconds(server: Server) -> None:
    """Headers and bodies that do not come are closed at ten seconds, unpatched."""
    for sent in (b"POST ", HEAD + b"Content-Length: 9\r\n\r\n1"):
        with _socket(server) as slow:
            began = time.perf_counter()
            slow.sendall(sent)
            assert _rest(slow).startswith(b"HTTP/1.1 408 ")
            assert 9.5 < time.perf_counter() - began < 11.5 + 2


def test_endless_headers_are_refused(server: Server) -> None:
    """More than 64 kB of headers are not collected."""
    with _socket(server) as opened, contextlib.suppress(ConnectionError):
        opened.sendall(b"GET / HTTP/1.1\r\nX-A: " + b"b" * 300_000)
        assert _rest(opened).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "data",
    [
        b"HELO there\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",  # TLS
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    ],
)
def test_what_is_no_http_is_told(server: Server, data: bytes) -> None:
    """Broken lines, lengths and chunks end the connection with 400, as a problem."""
    with _socket(server) as opened:
        opened.sendall(data)
        answer = _rest(opened)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer and b'"request_id"' in answer


def test_a_second_host_is_refused_on_the_wire(server: Server) -> None:
    """The header Host may stand once."""
    with _socket(server) as opened:
        opened.sendall(
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n"
            b"Connection: close\r\n\r\n"
        )
        assert _rest(opened).startswith(b"HTTP/1.1 400 ")


def test_too_many_connections_are_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """One connection too many gets 503, and the others go on."""
    monkeypatch.setattr(protocol, "CONNECTIONS", 3)
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(_socket(server)) for _ in range(3)]
        time.sleep(0.2)
        with _socket(server) as last:
            assert _rest(last).startswith(b"HTTP/1.1 503 ")
        opened[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert opened[0].recv(1000).startswith(b"HTTP/1.1 200 ")


def test_answers_do_not_wait_for_acknowledgements(server: Server) -> None:
    """On one connection a hundred small requests take no 40 ms each."""
    ask = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with _socket(server) as opened:
        took = []
        for _ in range(100):
            began = time.perf_counter()
            opened.sendall(ask)
            _until(opened, b'"alive"}')
            took.append(time.perf_counter() - began)

    assert sorted(took)[50] < 0.03


def test_an_idle_connection_makes_room(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that only wait cannot lock others out: the one that waited longest is closed."""
    monkeypatch.setattr(protocol, "CONNECTIONS", 3)
    monkeypatch.setattr(protocol, "IDLE", 0.0)
    ask = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(_socket(server)) for _ in range(3)]
        for one in opened:
            one.sendall(ask)
            assert _until(one, b'"alive"}').startswith(b"HTTP/1.1 200 ")
        last = stack.enter_context(_socket(server))
        last.sendall(ask)
        assert _until(last, b'"alive"}').startswith(b"HTTP/1.1 200 ")
        assert opened[0].recv(1000) == b""
        opened[1].sendall(ask)
        assert _until(opened[1], b'"alive"}').startswith(b"HTTP/1.1 200 ")


def test_a_connection_between_two_requests_is_kept(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its client may be sending just now: the new one is refused instead."""
    monkeypatch.setattr(protocol, "CONNECTIONS", 1)
    ask = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with _socket(server) as first, _socket(server) as second:
        for one in (first, second):
            one.sendall(ask)
        assert _until(first, b'"alive"}').startswith(b"HTTP/1.1 200 ")
        assert _rest(second).startswith(b"HTTP/1.1 503 ")


def _until(opened: socket.socket, end: bytes) -> bytes:
    """What comes up to `end`."""
    found = b""
    while not found.endswith(end) and (more := opened.recv(1000)):
        found += more
    return found


def test_two_requests_in_one_piece_are_answered_in_order(server: Server) -> None:
    """Pipelined requests are answered one after the other, and the connection is kept."""
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with _socket(server) as opened:
        opened.sendall(one + one + last)
        answer = _rest(opened)

    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.rindex(b'"alive"') < answer.index(b'"ready"')


def test_endless_trailers_are_refused(server: Server) -> None:
    """Lines behind a chunked body are counted like those before it, and a few are left out."""
    line = b"x-a: " + b"a" * 1_000 + b"\r\n"
    with _socket(server) as opened:
        opened.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n")
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 20_000_000:
                sent += opened.send(line * 100)

    assert sent < 20_000_000
    with _socket(server) as opened:
        picture = tiny.picture()
        chunk = f"{len(picture):x}\r\n".encode() + picture + b"\r\n0\r\n"
        chunk += b"Content-Type: text/html\r\n\r\n"
        opened.sendall(HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)
        assert _rest(opened).startswith(b"HTTP/1.1 200 ")
