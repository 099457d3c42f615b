"""The protocol is what `fit` uses: a class that has its four functions can be trained."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs objektiv[torch]")
pytest.importorskip("lightning", reason="needs objektiv[torch]")

from tests.training.tiny import Tiny


def test_state_goes_out_and_in() -> None:
    """A state put into another network makes it the same; a copy, not a view."""
    trainable = Tiny()
    module, other = trainable.module(1), trainable.module(2)
    state = trainable.state(module)
    trainable.load(other, state)
    state["head.bias"] += 1

    assert np.array_equal(trainable.state(module)["head.bias"] + 1, state["head.bias"])
    assert np.array_equal(trainable.state(other)["head.bias"] + 1, state["head.bias"])
    assert [stage.name for stage in trainable.stages(module)] == ["first", "head"]
