"""One neuron, against the course's worked numbers."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.scratch.neuron import collapse, correct, neuron, practise
from objektiv.scratch.shapes import ShapeError


def test_weighted_sum() -> None:
    """A neuron adds up its inputs times their weights, and the bias."""
    found = neuron(np.array([[1.0, 2, 3], [0, 0, 1]]), np.array([10.0, 1, 0.1]), bias=100)

    np.testing.assert_allclose(found, [112.3, 100.1])


def test_two_linear_neurons_are_one() -> None:
    """5 x 2 x 2 = 20, which is one neuron of weight 4, as the course says."""
    two = neuron(np.array([neuron(np.array([5.0]), np.array([2.0]))]), np.array([2.0]))
    weight, bias = collapse((2.0, 0.0), (2.0, 0.0))

    assert two == 20
    assert neuron(np.array([5.0]), np.array([weight]), bias=bias) == 20


def test_biases_collapse_too() -> None:
    """With biases the collapsed neuron still does what the two in a row do."""
    weight, bias = collapse((1.5, -3.0), (-2.0, 0.25))

    for x in (-1.0, 0.0, 7.0):
        assert weight * x + bias == pytest.approx(-2.0 * (1.5 * x - 3.0) + 0.25)


def test_half_is_corrected_to_three_quarters() -> None:
    """An output of 0.5 where 0.75 is right comes closer by the same share at each step."""
    one = np.array([[1.0]])
    path = practise(np.array([0.5]), one, targets=np.array([0.75]), rate=0.5, rounds=20)

    assert path[:4, 0].tolist() == [0.5, 0.625, 0.6875, 0.71875]
    assert path[-1, 0] == pytest.approx(0.75, abs=1e-6)


def test_correction_follows_the_input() -> None:
    """A weight whose input was 0 had no part in the mistake and stays."""
    found = correct(np.array([1.0, 1.0]), np.array([2.0, 0.0]), target=3.0, rate=0.1)

    np.testing.assert_allclose(found, [1.2, 1.0])


def test_practice_remembers_every_correction() -> None:
    """The path has the first weights and one more for every item of every round."""
    inputs = np.array([[1.0], [15.0], [60.0]])
    path = practise(np.zeros(1), inputs, targets=inputs[:, 0] * 2, rate=1e-4, rounds=30)

    assert path.shape == (91, 1)
    assert path[-1, 0] == pytest.approx(2, abs=1e-3)


def test_wrong_number_of_weights_is_refused() -> None:
    """Three inputs do not go with two weights."""
    with pytest.raises(ShapeError, match=r"\(4, 3\).*\(2,\)"):
        neuron(np.zeros((4, 3)), np.zeros(2))
