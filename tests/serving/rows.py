"""Rows for the tests of the store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from objektiv.serving.store import Row


def row(name: str, **changed: Any) -> Row:
    """A prediction with this id."""
    values: dict[str, Any] = {
        "id": name,
        "time": datetime(2026, 11, 22, 12, 30, 15, 250_000, UTC),
        "model": "cells",
        "model_sha256": "a" * 64,
        "picture_sha256": "b" * 64,
        "called": "ill",
        "probabilities": {"ill": 0.75, "well": 0.25},
        "milliseconds": 12.5,
        "features": np.array([0.5, -1.25, 3.0]),
    }
    return Row(**(values | changed))
