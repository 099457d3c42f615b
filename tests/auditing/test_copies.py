"""Exact copies, by hash."""

from __future__ import annotations

import numpy as np
import polars as pl

from objektiv.auditing.copies import clusters_of, find_copies
from objektiv.auditing.settings import CheckSettings
from objektiv.features.look import Features


def test_equal_hashes_are_pairs() -> None:
    """Three copies are two pairs with the first, and one set."""
    table = pl.DataFrame({"id": ["a", "b", "c", "d"], "hash": ["x", "y", "x", "x"]})
    features = Features(tuple("abcd"), np.zeros((4, 1), np.float32), ())

    pairs = find_copies(features, table, CheckSettings())

    assert pairs.select("a", "b").rows() == [("a", "c"), ("a", "d")]
    assert clusters_of(pairs, ["a", "b", "c", "d"]) == ["a", None, "a", "a"]
