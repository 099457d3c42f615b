"""Costs and their slopes, against scikit-learn and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_squared_error

from objektiv.scratch.activations import sigmoid, softmax
from objektiv.scratch.costs import BINARY_CROSS_ENTROPY, CROSS_ENTROPY, SQUARED_ERROR, Cost
from objektiv.scratch.descent import finite_differences
from objektiv.scratch.shapes import ShapeError, one_hot

RANDOM = np.random.default_rng(3)
LABELS = np.array([0, 2, 1, 2, 0])
SHARES = softmax(RANDOM.normal(size=(5, 3)))
ANSWERS = np.array([[1.0], [0.0], [0.0], [1.0], [1.0]])
CHANCES = sigmoid(RANDOM.normal(size=(5, 1)))
CASES = [
    pytest.param(SQUARED_ERROR, SHARES, RANDOM.normal(size=(5, 3)), id="squared error"),
    pytest.param(BINARY_CROSS_ENTROPY, CHANCES, ANSWERS, id="binary"),
    pytest.param(CROSS_ENTROPY, SHARES, one_hot(LABELS, 3), id="softmax"),
    pytest.param(
        CROSS_ENTROPY, sigmoid(RANDOM.normal(size=(5, 3))), one_hot(LABELS, 3), id="thesis"
    ),
]


def test_values_are_those_of_scikit_learn() -> None:
    """Each cost is scikit-learn's."""
    assert SQUARED_ERROR.value(CHANCES, ANSWERS) == pytest.approx(
        mean_squared_error(ANSWERS, CHANCES)
    )
    assert BINARY_CROSS_ENTROPY.value(CHANCES, ANSWERS) == pytest.approx(
        log_loss(ANSWERS[:, 0], CHANCES[:, 0])
    )
    assert CROSS_ENTROPY.value(SHARES, one_hot(LABELS, 3)) == pytest.approx(
        log_loss(LABELS, SHARES)
    )


def test_half_where_three_quarters_are_right() -> None:
    """The squared error of 0.5 for 0.75 is a sixteenth, as in the course."""
    assert SQUARED_ERROR.value(np.array([[0.5]]), np.array([[0.75]])) == 0.0625


def test_outputs_that_do_not_add_up_are_taken_as_shares() -> None:
    """Sigmoid outputs of 0.2 and 0.6 count as shares of a quarter and three quarters."""
    found = CROSS_ENTROPY.value(np.array([[0.2, 0.6]]), np.array([[0.0, 1.0]]))

    assert found == pytest.approx(-np.log(0.75))


@pytest.mark.parametrize(("cost", "outputs", "targets"), CASES)
def test_slopes_by_finite_differences(cost: Cost, outputs: np.ndarray, targets: np.ndarray) -> None:
    """Each slope is how fast the cost changes with an output."""
    outputs = outputs.copy()
    found = finite_differences(lambda: cost.value(outputs, targets), outputs)

    np.testing.assert_allclose(cost.slope(outputs, targets), found, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("cost", [BINARY_CROSS_ENTROPY, CROSS_ENTROPY], ids=["binary", "classes"])
def test_surely_wrong_is_dear_but_finite(cost: Cost) -> None:
    """A probability of 0 for what was right costs much, and not infinitely much."""
    outputs, targets = np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])

    assert 15 < cost.value(outputs, targets) < 20
    assert np.isfinite(cost.slope(outputs, targets)).all()


@pytest.mark.parametrize(("cost", "outputs", "targets"), CASES)
def test_flat_targets_are_refused(cost: Cost, outputs: np.ndarray, targets: np.ndarray) -> None:
    """Class numbers in a flat row beside a table of outputs are refused, by value and slope."""
    with pytest.raises(ShapeError, match="outputs and targets do not fit"):
        cost.value(outputs, targets[:, 0])
    with pytest.raises(ShapeError, match="one_hot"):
        cost.slope(outputs, targets[:, 0])
