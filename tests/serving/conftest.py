"""One small bundle, and one server on it that most tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import tiny


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound bundle; tests must not change it."""
    return tiny.bundle(tmp_path_factory.mktemp("serving") / "cells")


@pytest.fixture(scope="module")  # while it runs, NumPy has one thread and rounds otherwise
def server(small: Path) -> Iterator[tiny.Server]:
    """A server on the small bundle; tests that change it start their own."""
    with tiny.serving(small) as started:
        yield started
