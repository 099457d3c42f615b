"""A tiny network and a bank of small shards for the tests that look at pictures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from objektiv.features import bank
from tests.features import tiny

SHARD = 8


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The backbone `tiny` is known, and a shard holds 8 images."""
    monkeypatch.setattr(bank, "SHARD", SHARD)
    with tiny.registered():
        yield
