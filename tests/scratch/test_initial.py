"""First weights: their spread, and what zeros and equal ones do."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.scratch.activations import RELU, SIGMOID, Activation
from objektiv.scratch.costs import BINARY_CROSS_ENTROPY
from objektiv.scratch.initial import equal, fans, glorot, he, kinds_of_nodes, normal, zeros
from objektiv.scratch.layers import Bend, Dense
from objektiv.scratch.network import Network, Plan, learn

XOR = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
DIFFERENT = np.array([[0.0], [1], [1], [0]])


def trained(first: np.ndarray, second: np.ndarray, bend: Activation = SIGMOID) -> Dense:
    """The first layer after learning XOR from these weights."""
    hidden = Dense(first)
    network = Network([hidden, Bend(bend), Dense(second), Bend(SIGMOID)])
    plan = Plan(rate=2.0, batch=4, epochs=500)
    learn(network, XOR, targets=DIFFERENT, cost=BINARY_CROSS_ENTROPY, plan=plan)
    return hidden


def test_equal_weights_stay_equal() -> None:
    """Nodes that begin the same stay the same, while drawn ones become different kinds."""
    random = np.random.default_rng(0)
    same = trained(equal((2, 4)), equal((4, 1)))
    drawn = trained(glorot((2, 4), random=random), glorot((4, 1), random=random))

    assert kinds_of_nodes(same.weights["weights"]) == 1
    assert kinds_of_nodes(drawn.weights["weights"]) == 4


def test_zeros_with_relu_learn_nothing() -> None:
    """From zeros nothing comes through ReLU and nothing flows back: the weights stay 0."""
    hidden = trained(zeros((2, 4)), zeros((4, 1)), RELU)

    assert not hidden.weights["weights"].any()


def test_zeros_with_sigmoid_are_one_node() -> None:
    """From zeros all nodes do the same, also with sigmoids."""
    hidden = trained(zeros((2, 4)), zeros((4, 1)))

    assert kinds_of_nodes(hidden.weights["weights"]) == 1


@pytest.mark.parametrize("shape", [(300, 200), (30, 20, 5, 2)], ids=["dense", "filters"])
def test_spread(shape: tuple[int, ...]) -> None:
    """Drawn weights have mean 0 and the standard deviation of their source."""
    random = np.random.default_rng(0)
    into, out = fans(shape)
    drawn = {
        np.sqrt(2 / (into + out)): glorot(shape, random=random),
        np.sqrt(2 / into): he(shape, random=random),
        0.05: normal(shape, random=random),
    }

    for spread, weights in drawn.items():
        assert weights.shape == shape
        assert weights.std() == pytest.approx(spread, rel=0.05)
        assert abs(weights.mean()) < spread / 10


def test_fans_of_filters() -> None:
    """8 filters of 3 x 3 over 4 channels: 36 numbers flow into a node, and each to 72."""
    assert fans((8, 4, 3, 3)) == (36, 72)
    assert fans((784, 50)) == (784, 50)
