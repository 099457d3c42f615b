"""Layers forward and backward, against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.scratch.activations import RELU, SIGMOID, TANH
from objektiv.scratch.layers import Bend, Dense, Dropout, Flatten, Layer, Softmax
from objektiv.scratch.shapes import ShapeError
from tests.scratch.checks import assert_slopes

RANDOM = np.random.default_rng(0)
LAYERS = {
    "dense": Dense(RANDOM.normal(size=(3, 4))),
    "sigmoid": Bend(SIGMOID),
    "tanh": Bend(TANH),
    "relu": Bend(RELU),
    "softmax": Softmax(),
}


@pytest.mark.parametrize("name", LAYERS)
def test_slopes_by_finite_differences(name: str) -> None:
    """What a layer hands backward is how the cost changes."""
    assert_slopes(LAYERS[name], np.random.default_rng(1).normal(size=(5, 3)))


def test_flatten_keeps_the_items() -> None:
    """Each item becomes a row, and backward a picture again."""
    inputs = np.arange(24.0).reshape(2, 3, 2, 2)
    layer = Flatten()

    assert layer.forward(inputs).shape == (2, 12)
    assert (layer.backward(layer.forward(inputs)) == inputs).all()


def test_dropout_keeps_the_mean() -> None:
    """`keep` is the share that stays while learning, and the mean is kept by dividing by it."""
    layer = Dropout(0.8, random=np.random.default_rng(0))
    found = layer.forward(np.ones((100, 200)), learning=True)

    assert (found > 0).mean() == pytest.approx(0.8, abs=0.01)
    assert found.mean() == pytest.approx(1, abs=0.01)
    assert set(np.unique(found)) == {0, 1.25}
    assert (layer.backward(np.ones((100, 200))) == found).all()


def test_dropout_does_nothing_when_used() -> None:
    """Where it is not learning, everything goes through, forward and backward."""
    layer = Dropout(0.5, random=np.random.default_rng(0))
    inputs = np.arange(6.0).reshape(2, 3)

    assert (layer.forward(inputs) == inputs).all()
    assert (layer.backward(inputs) == inputs).all()


@pytest.mark.parametrize("keep", [0.0, -0.1, 1.2])
def test_dropout_refuses_what_is_no_probability(keep: float) -> None:
    """Nothing is kept with probability 0, so it is refused, like all that is no probability."""
    with pytest.raises(ValueError, match=f"above 0 and up to 1, not {keep}"):
        Dropout(keep, random=np.random.default_rng(0))


def test_dense_refuses_other_features() -> None:
    """A picture that was not flattened, and other features, are refused with both shapes."""
    dense = Dense(np.zeros((784, 50)))
    with pytest.raises(ShapeError, match=r"\(2, 28, 28\).*\(items, features\).*not flattened"):
        dense.forward(np.zeros((2, 28, 28)))
    with pytest.raises(ShapeError, match=r"\(2, 28\).*\(784, 50\)"):
        dense.forward(np.zeros((2, 28)))


def test_every_layer_must_say_what_it_does() -> None:
    """A layer without forward or backward of its own is not one."""
    with pytest.raises(NotImplementedError) as forward:
        Layer().forward(np.zeros((1, 1)))
    with pytest.raises(NotImplementedError) as backward:
        Layer().backward(np.zeros((1, 1)))

    assert forward.type is backward.type
