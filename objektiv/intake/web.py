"""Open an address of the web and nothing else: no local file, no FTP, few redirects.

In: an address. Out: urllib's answer, or an error in four parts. Only the standard library.
Try: `check_address("file:///etc/passwd")`.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from objektiv.base.errors import DataError, UsageError

TIMEOUT = 30.0  # seconds without a byte
REDIRECTS = 5
SCHEMES = ("http", "https")


def check_address(url: str) -> None:
    """Refuse what is no plain address of the web.

    Raises:
        UsageError: another scheme than http and https, no host, or a password in it.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        good = parts.scheme.lower() in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username is not None or re.search(r"[\x00-\x20\x7f]", url):
        raise UsageError(
            "this address is not read",
            value=repr(url)[:200],
            allowed="An address that begins with http:// or https://, without a name and password",
            next="copy the address from the page of the dataset, or download it with a browser and "
            "name the file",
        )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Few, only to the web, and never from https to http."""

    max_redirections = REDIRECTS
    max_repeats = 2

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        scheme = urllib.parse.urlsplit(newurl).scheme.lower()
        if scheme not in SCHEMES or (req.type == "https" and scheme != "https"):
            fp.close()
            raise urllib.error.URLError(f"it leads on to {newurl[:200]!r}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Like urllib's own, without its doors to local files, FTP and data addresses."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def open_address(request: urllib.request.Request, name: str) -> Any:
    """The server's answer; a 416 (the range does not fit) is one too.

    Raises:
        DataError: the server refuses to give the file, called `name` in the message.
        OSError: there is no connection.
    """
    try:
        return _opener().open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416:
            return error
        error.close()
        raise DataError(
            f"the server does not give {name}",
            value=f"it answers {error.code} {str(error.reason)[:100]} to {request.full_url}",
            allowed="An address that can be read without an account",
            next="open the address in a browser; a file that you have is handed in by its name",
        ) from error
