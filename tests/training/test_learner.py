"""The parts of the learner; the whole is tried in test_fit.py."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs objektiv[torch]")
pytest.importorskip("lightning", reason="needs objektiv[torch]")

from objektiv.training.learner import Loader, Torches
from objektiv.training.pictures import Batch


def test_loader_draws_nothing_before_it_is_asked() -> None:
    """Lightning makes two iterators an epoch and uses one."""
    drawn = 0

    def draw():  # type: ignore[no-untyped-def]
        nonlocal drawn
        drawn += 1
        yield Batch(np.zeros((1, 2, 2, 3), np.uint8), np.ones(1, np.int64), np.ones(1, np.float32))

    loader = Loader(draw, 1)
    first, second = iter(loader), iter(loader)
    before = drawn
    batch = next(second)

    assert (before, drawn, len(loader)) == (0, 1, 1)
    assert isinstance(batch, Torches)
    assert batch.squares.shape == (1, 2, 2, 3)
    first.close()
