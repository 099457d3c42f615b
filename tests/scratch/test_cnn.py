"""The small convolutional network, against finite differences, on scikit-learn's digits."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from objektiv.scratch.cnn import small_cnn
from objektiv.scratch.costs import CROSS_ENTROPY
from objektiv.scratch.network import Plan, learn
from objektiv.scratch.shapes import one_hot


def test_slopes_by_finite_differences() -> None:
    """Slopes of some weights of each layer of the whole network are how its cost changes."""
    random = np.random.default_rng(0)
    network, inputs = small_cnn(8, 3, random=random), random.normal(size=(2, 1, 8, 8))
    targets = one_hot(np.array([2, 0]), 3)
    network.backward(CROSS_ENTROPY.slope(network.forward(inputs), targets))
    slopes = [(layer.weights[name], layer.slopes[name].copy()) for layer, name in network.learned()]

    assert len(slopes) == 6
    for weights, slope in slopes:
        place = tuple(random.integers(0, size) for size in weights.shape)
        costs = []
        for step in (1e-6, -2e-6):
            weights[place] += step
            costs.append(CROSS_ENTROPY.value(network.forward(inputs), targets))
        weights[place] += 1e-6
        assert slope[place] == pytest.approx((costs[0] - costs[1]) / 2e-6, rel=1e-4, abs=1e-8)


def test_digits_are_learned() -> None:
    """Six epochs on 1,200 digits of 8 x 8 pixels tell more than nine of ten others right."""
    pictures, labels = load_digits(return_X_y=True)
    pictures = (pictures / 16).reshape(-1, 1, 8, 8)
    network = small_cnn(8, 10, random=np.random.default_rng(0))
    history = learn(
        network,
        pictures[:1200],
        targets=one_hot(labels[:1200], 10),
        cost=CROSS_ENTROPY,
        plan=Plan(rate=0.2, batch=30, epochs=6),
    )
    probabilities = network.forward(pictures[1200:])

    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == labels[1200:]).mean() > 0.9
    assert history[-1] < history[0] / 3


@pytest.mark.parametrize("side", [0, 2, 30])
def test_sides_that_cannot_be_halved_twice_are_refused(side: int) -> None:
    """The side is a multiple of 4."""
    with pytest.raises(ValueError, match=f"a multiple of 4, not {side}"):
        small_cnn(side, 10, random=np.random.default_rng(0))
