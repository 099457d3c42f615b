"""A web server on this machine alone that misbehaves on request."""

from __future__ import annotations

import contextlib
import http.server
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Behaviour:
    """What the next answers are like; tests change it between two requests."""

    data: bytes = b""
    etag: str | None = '"one"'
    modified: str | None = None
    ranges: bool = True
    cut: int | None = None  # close the connection after so many bytes of an answer
    reset: bool = False  # end a cut answer by a reset, not by a close
    stall: threading.Event | None = None  # say nothing more after a cut until this is set
    says: int | None = None  # the length it claims for a whole answer
    starts: int | None = None  # the place a range is said to start at, whatever was asked
    chunked: bool = False
    status: int = 200
    location: str | None = None
    seen: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    url: str = ""


@contextlib.contextmanager
def server() -> Iterator[Behaviour]:
    """A running server; `url` is its address, `seen` what was asked: path, Range, If-Range."""
    behaviour = Behaviour()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.close_connection = True
            with contextlib.suppress(ConnectionError):
                _answer(self, behaviour)

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    behaviour.url = f"http://127.0.0.1:{running.server_port}/"
    try:
        yield behaviour
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def _answer(handler: http.server.BaseHTTPRequestHandler, is_: Behaviour) -> None:
    wanted, fits = handler.headers["Range"], handler.headers["If-Range"]
    is_.seen.append((handler.path, wanted, fits))
    if is_.status != 200 or (is_.location and handler.path == "/moved"):
        handler.send_response(is_.status if is_.status != 200 else 302)
        if is_.location:
            handler.send_header("Location", is_.location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    body, start = is_.data, 0
    same = fits is None or fits in (is_.etag, is_.modified)
    if is_.ranges and wanted and same:
        match = re.fullmatch(r"bytes=(\d+)-", wanted)
        start = int(match[1]) if match else 0
        if start >= len(body):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(body)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(206)
        first = start if is_.starts is None else is_.starts
        handler.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        body = body[start:]
    else:
        handler.send_response(200)
    for name, value in (("ETag", is_.etag), ("Last-Modified", is_.modified)):
        if value:
            handler.send_header(name, value)
    if is_.chunked:
        handler.send_header("Transfer-Encoding", "chunked")
    else:
        length = len(body) if is_.says is None or start else is_.says
        handler.send_header("Content-Length", str(length))
    handler.end_headers()
    part = body if is_.cut is None else body[: is_.cut]
    if is_.chunked:
        handler.wfile.write(b"%x\r\n" % len(body) + part)
        handler.wfile.write(b"\r\n0\r\n\r\n" if is_.cut is None else b"")
    else:
        handler.wfile.write(part)
    handler.wfile.flush()
    if is_.stall is not None:
        is_.stall.wait(10)
    if is_.reset:
        time.sleep(0.2)  # what was sent must arrive before the reset, which discards the rest
        at_once = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        handler.connection.close()
