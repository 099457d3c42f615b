"""Forms and bodies as strangers send them, on a server that listens."""

from __future__ import annotations

import contextlib
import select
import socket
import time

import pytest

from objektiv.serving.problems import refusal
from tests.serving import tiny
from tests.serving.tiny import Server

PNG = "image/png"


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        ("text/plain", 415, "type"),
        ("application/json", 415, "type"),
        ("application/x-www-form-urlencoded", 415, "type"),
        ("image/svg+xml", 415, "markup"),
        ("text/html", 415, "markup"),
        ("multipart/form-data", 400, "form"),
        ("multipart/form-data; boundary=other", 400, "form"),
        ("multipart/mixed; boundary=limit", 415, "type"),
    ],
)
def test_wrong_types_are_told(server: Server, kind: str, status: int, reason: str) -> None:
    """A body of another type than pictures and forms is not looked at."""
    answer = server.predict(tiny.picture(), kind=kind)

    assert (answer.status, answer.json()["reason"]) == (status, reason)


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", 415, "markup"),
        (b"<!doctype html><script>alert(1)</script>", 415, "markup"),
        (b"%!PS-Adobe", 415, "format-not-read"),
        (b"some text", 422, "not-an-image"),
        (tiny.picture()[:-20], 422, "truncated"),
        (tiny.picture(format="JPEG")[:-400], 422, "truncated"),
    ],
)
def test_bad_pictures_are_told_by_content(
    server: Server, data: bytes, status: int, reason: str
) -> None:
    """SVG, HTML, text and cut files named .png are refused alone, and told among others."""
    answer = server.predict(data)
    among = server.form((b"a.png", data), (b"b.png", tiny.picture()))
    only = server.form((b"a.png", data), (b"b.png", data))

    assert (answer.status, answer.json()["reason"]) == (status, reason)
    assert among.status == 200
    assert [one.get("error", {}).get("reason") for one in among.json()["predictions"]] == [
        reason,
        None,
    ]
    assert only.status == status


def test_a_bomb_is_refused_at_once(server: Server) -> None:
    """66 bytes that say 12,000 x 12,000 pixels take no memory and no time."""
    header = b"\0\0\x2e\xe0\0\0\x2e\xe0\x08\x02\0\0\0"
    from zlib import crc32

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + crc32(kind + data).to_bytes(4)

    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    began = time.perf_counter()
    answer = server.predict(bomb)

    assert (answer.status, answer.json()["reason"]) == (413, "bomb")
    assert time.perf_counter() - began < 0.5


def test_ten_thousand_files_are_refused(server: Server) -> None:
    """A form with more files than allowed is refused, its connection can be used no more."""
    answer = server.form(*[(b"%d.png" % k, b"x") for k in range(10_000)])

    assert (answer.status, answer.json()["reason"]) == (413, "files")


def test_long_fields_are_refused(server: Server) -> None:
    """A megabyte in a field of text is not kept."""
    body, kind = tiny.form((b"a.png", tiny.picture()))
    field = b'--limit\r\nContent-Disposition: form-data; name="t"\r\n\r\n' + b"x" * 1_000_000
    answer = server.ask("POST", "/v1/predict", field + b"\r\n" + body, content_type=kind)

    assert (answer.status, answer.json()["reason"]) == (413, "files")


NAMES = {
    b"../../etc/passwd": "../../etc/passwd",
    b"C:\\\\windows\\\\x.png": "x.png",  # the parser knows what old browsers send
    b"//server/share/x.png": "//server/share/x.png",
    b"CON.txt": "CON.txt",
    b"<img src=x onerror=alert(1)>.png": "<img src=x onerror=alert(1)>.png",
    b"=cmd().png": "=cmd().png",
    "\u202egnp.exe".encode(): "\u202egnp.exe",
    b"\xff\xfe\xe9.png": "\xff\xfe\xe9.png",  # no UTF-8: read as Latin-1
    b"x" * 300: "x" * 255,
}


def test_names_of_files_are_data(server: Server) -> None:
    """Paths, devices, markup and names that are no UTF-8 come back as they are, and do nothing."""
    answer = server.form(*[(name, tiny.picture(k)) for k, name in enumerate(NAMES)])

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.body.isascii()
    assert [one["file"] for one in answer.json()["predictions"]] == list(NAMES.values())


def test_a_form_without_a_file_is_told(server: Server) -> None:
    """A form that holds only text has no picture."""
    body = b'--limit\r\nContent-Disposition: form-data; name="t"\r\n\r\nx\r\n--limit--\r\n'
    kind = "multipart/form-data; boundary=limit"

    assert server.ask("POST", "/v1/predict", body, content_type=kind).json()["reason"] == "no-file"


def _send_until_answered(server: Server, head: bytes, part: bytes) -> tuple[bytes, int]:
    """Write `part` again and again until an answer comes; the answer, and bytes written."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as opened:
        opened.sendall(
            b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n" + head
        )
        written, answer = 0, b""
        while not select.select([opened], [], [], 0)[0] and written < 500_000_000:
            written += opened.send(part)
        with contextlib.suppress(ConnectionError):
            while found := opened.recv(10_000):
                answer += found
    return answer, written


def test_a_body_of_500_megabytes_is_refused(server: Server) -> None:
    """Announced it is refused unread, chunked at the limit; the answer reaches who still writes."""
    announced, before = _send_until_answered(
        server, b"Content-Length: 500000000\r\n\r\n", bytes(100_000)
    )
    part = b"186a0\r\n" + bytes(100_000) + b"\r\n"
    chunked, after = _send_until_answered(server, b"Transfer-Encoding: chunked\r\n\r\n", part)

    for answer in (announced, chunked):
        assert answer.startswith(b"HTTP/1.1 413 ") and b'"reason": "body"' in answer
        assert b"connection: close" in answer
    assert before < 60_000_000  # buffers of the system, and what was written meanwhile
    assert 30_000_000 < after < 200_000_000


def test_a_packed_body_is_refused(server: Server) -> None:
    """Content-Encoding: gzip could unpack to anything, so it is not unpacked."""
    answer = server.ask(
        "POST", "/v1/predict", b"\x1f\x8b", content_type=PNG, content_encoding="gzip"
    )

    assert (answer.status, answer.json()["reason"]) == (415, "encoding")


def test_forms_are_counted_like_raw_bodies(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form that would fill the memory for all bodies is refused with 503."""
    from objektiv.serving.gate import Gate

    def full(self: Gate, number: int) -> None:
        raise refusal("busy", value="too many bytes are being sent")

    monkeypatch.setattr(Gate, "add_bytes", full)
    answer = server.form((b"a.png", tiny.picture()))

    assert (answer.status, answer.json()["reason"]) == (503, "busy")
