"""Activations and their slopes, against finite differences and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from objektiv.scratch.activations import RELU, SIGMOID, TANH, Activation, softmax, softmax_back

Z = np.array([-800.0, -3.0, -0.5, 0.25, 2.0, 800.0])


def test_values_are_those_of_scipy() -> None:
    """Sigmoid and softmax are SciPy's, also where exp would overflow."""
    np.testing.assert_allclose(SIGMOID.value(Z), special.expit(Z), atol=1e-16)
    np.testing.assert_allclose(softmax(Z), special.softmax(Z))
    assert SIGMOID.value(np.array([0.0])) == 0.5


def test_relu_and_tanh() -> None:
    """ReLU lets through what is positive, and tanh is between -1 and 1."""
    assert RELU.value(Z).tolist() == [0, 0, 0, 0.25, 2, 800]
    powers = np.exp(2 * Z[1:5])
    np.testing.assert_allclose(TANH.value(Z[1:5]), (powers - 1) / (powers + 1))


@pytest.mark.parametrize("activation", [SIGMOID, TANH, RELU], ids=["sigmoid", "tanh", "relu"])
def test_slopes_by_finite_differences(activation: Activation) -> None:
    """The slope, written with the value, is how fast the value changes."""
    z, step = np.array([-2.0, -0.5, 0.25, 2.0]), 1e-6
    found = (activation.value(z + step) - activation.value(z - step)) / (2 * step)

    np.testing.assert_allclose(activation.slope(activation.value(z)), found, rtol=1e-8)


def test_softmax_adds_up_to_one() -> None:
    """Shares are positive, add up to 1, and stay when all sums grow by the same."""
    z = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])

    np.testing.assert_allclose(softmax(z).sum(axis=1), 1)
    np.testing.assert_allclose(softmax(z), softmax(z + 100))


def test_softmax_back_by_finite_differences() -> None:
    """A slope by the shares becomes that by the sums."""
    random = np.random.default_rng(0)
    z, slope, step = random.normal(size=(1, 4)), random.normal(size=(1, 4)), 1e-6
    found = [
        ((softmax(z + step * unit) - softmax(z - step * unit)) * slope).sum() / (2 * step)
        for unit in np.eye(4)
    ]

    np.testing.assert_allclose(softmax_back(softmax(z), slope)[0], found, rtol=1e-6)
