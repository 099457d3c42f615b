"""The page that tells a person what the server understands: HTML made from its openapi.json.

In: the OpenAPI document. Out: one page without script, without any request to elsewhere.
Try: open the server's address in a browser.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem;
  color: #1c2430; background: #fff; }
h2 { margin-top: 2.2rem; font-size: 1.15rem; border-top: 1px solid #ccd3dc; padding-top: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .92em; }
pre { background: #f2f4f7; padding: .7rem 1rem; overflow-x: auto; }
.method { background: #24507a; color: #fff; padding: .1rem .5rem; border-radius: .2rem; }
table { border-collapse: collapse; }
td, th { text-align: left; padding: .15rem 1rem .15rem 0; vertical-align: top; }
@media (prefers-color-scheme: dark) {
  body { color: #e3e8ef; background: #14181f; } pre { background: #202733; }
  a { color: #8ab8ee; }
}
"""
# The only style that the page may use is this one, by its hash.
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'"


def page(document: Mapping[str, Any]) -> str:
    """The page; `document` is what /openapi.json gives."""
    info = document["info"]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(info['title'])}</title><style>{STYLE}</style></head><body>",
            f"<h1>{escape(info['title'])}</h1><p>{escape(info['description'])}</p>",
            '<p>For programs: <a href="/openapi.json">openapi.json</a>.</p>',
            *_routes(document),
            "</body></html>",
        ]
    )


def _routes(document: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            yield f'<h2><span class="method">{method.upper()}</span> '
            yield f"<code>{escape(path)}</code></h2><p>{escape(told['summary'])}</p>"
            if example := told.get("x-example"):
                yield f"<pre>{escape(example)}</pre>"
            if parameters := told.get("parameters"):
                yield from _table(
                    (f"?{p['name']}=" if p["in"] == "query" else p["name"], p["description"])
                    for p in parameters
                )
            yield from _table((code, r["description"]) for code, r in told["responses"].items())


def _table(rows: Iterator[tuple[str, str]]) -> Iterator[str]:
    yield "<table>"
    for left, right in rows:
        yield f"<tr><th><code>{escape(left)}</code></th><td>{escape(right)}</td></tr>"
    yield "</table>"
