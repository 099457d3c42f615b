"""A tiny network and a bank of small shards for the tests that look at pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from objektiv.features import bank, engine
from tests.features import tiny

SHARD = 8
_compiled: dict[Any, Any] = {}
_compile = engine._compile


def compile_once(graph: bytes, size: int, options: dict[str, str]) -> Any:
    """What the engine compiles, kept for the next test."""
    key = (graph, size, *sorted(options.items()))
    if key not in _compiled:
        _compiled[key] = _compile(graph, size, options)
    return _compiled[key]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The backbone `tiny` is known, compiled once for all tests, and a shard holds 8 images."""
    monkeypatch.setattr(bank, "SHARD", SHARD)
    monkeypatch.setattr(engine, "_compile", compile_once)
    with tiny.registered():
        yield
