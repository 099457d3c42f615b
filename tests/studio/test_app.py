"""The application: static files, and what it does not offer."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient


@pytest.mark.parametrize("name", ["studio.css", "studio.js", "icon.svg"])
def test_static_files_are_served(client: TestClient, name: str) -> None:
    """They are part of the package."""
    assert client.get(f"/static/{name}").status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/static/../app.py"])
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    """No page of the web framework, and no file beside the static ones."""
    assert client.get(path).status_code == 404
