"""Which addresses are opened, and where an answer may lead."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from objektiv.base.errors import DataError, UsageError
from objektiv.intake.web import REDIRECTS, check_address, open_address
from tests.intake.loopback import server


def _open(url: str) -> bytes:
    with open_address(urllib.request.Request(url), "cells.zip") as answer:
        return bytes(answer.read())


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/a.zip",
        "data:text/plain,x",
        "example.org/a.zip",
        "http://",
        "http:///a.zip",
        "https://name:password@example.org/a.zip",
        "http://example.org/a b.zip",
        "http://example.org/a\r\nHost: x",
        "http://example.org:99999/a.zip",
        "http://[::1/a.zip",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    """Only plain http and https addresses pass."""
    with pytest.raises(UsageError, match="this address is not read"):
        check_address(url)


@pytest.mark.parametrize("url", ["http://example.org/a.zip", "HTTPS://example.org:8443/a?b=c#d"])
def test_addresses_of_the_web_pass(url: str) -> None:
    """http and https, with a port and a query, are accepted."""
    check_address(url)


def test_a_redirect_is_followed() -> None:
    """An answer that leads elsewhere on the web is followed."""
    with server() as web:
        web.data, web.location = b"cells", "/cells.zip"

        assert _open(web.url + "moved") == b"cells"
        assert [path for path, _, _ in web.seen] == ["/moved", "/cells.zip"]


def test_redirects_in_a_circle_end() -> None:
    """A server that leads round and round is left after a few rounds."""
    with server() as web:
        web.location = "/moved"
        with pytest.raises(DataError, match="it answers 302"):
            _open(web.url + "moved")

        assert len(web.seen) <= REDIRECTS + 1


@pytest.mark.parametrize("scheme", ["file", "ftp", "data", "gopher"])
def test_a_redirect_leads_to_the_web_only(tmp_path: Path, scheme: str) -> None:
    """A server cannot make us open a local file or another kind of address."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with server() as web:
        web.location = f"{scheme}://{secret}"
        with pytest.raises((urllib.error.URLError, DataError)) as refused:
            _open(web.url + "moved")

    assert "secret.txt" in str(refused.value) or "302" in str(refused.value)


@pytest.mark.parametrize("target", ["/etc/passwd", "file:///etc/passwd"])
def test_the_opener_has_no_door_to_files(target: str) -> None:
    """Even asked directly, a file is not opened."""
    request = urllib.request.Request("http://127.0.0.1:9/")
    request.type, request.host = "file", ""
    with pytest.raises(urllib.error.URLError, match="unknown url type"):
        open_address(request, target)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500, 503])
def test_a_refusal_is_told(status: int) -> None:
    """What the server answers stands in the message."""
    with server() as web:
        web.status = status
        with pytest.raises(DataError, match=f"it answers {status}"):
            _open(web.url + "cells.zip")
