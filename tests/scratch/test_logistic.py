"""Logistic regression, against the course's hours of study and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from objektiv.scratch.descent import finite_differences
from objektiv.scratch.linear import with_ones
from objektiv.scratch.logistic import fit, newton_step, penalised_cost, probability
from objektiv.scratch.shapes import ShapeError

HOURS = np.array([[50.0], [60], [70], [20], [10], [30]])
PASSED = np.array([1.0, 1, 1, 0, 0, 0])


def test_hours_of_study() -> None:
    """44 hours pass; 35 fail with 0.9992, where the thesis prints 0.9987 of an early stop."""
    weights, bias = fit(HOURS, PASSED, c=100_000)
    passes = probability(np.array([[44.0], [35.0]]), weights, bias=bias)

    assert passes[0] > 0.5
    assert 1 - passes[1] == pytest.approx(0.9992, abs=5e-5)
    assert 1 - passes[1] != pytest.approx(0.9987, abs=1e-4)


@pytest.mark.parametrize("c", [0.1, 1.0, 100_000.0])
def test_weights_are_those_of_scikit_learn(c: float) -> None:
    """Weights, bias and probabilities are scikit-learn's, whatever the penalty."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(60, 3)) * [1, 5, 0.2]
    answers = (inputs @ [1.0, -0.3, 2.0] + random.logistic(size=60) > 0).astype(float)
    weights, bias = fit(inputs, answers, c=c)
    theirs = LogisticRegression(C=c, tol=1e-10, max_iter=10_000).fit(inputs, answers)

    np.testing.assert_allclose(weights, theirs.coef_[0], rtol=1e-4)
    assert bias == pytest.approx(theirs.intercept_[0], rel=1e-4)
    np.testing.assert_allclose(
        probability(inputs, weights, bias=bias), theirs.predict_proba(inputs)[:, 1], atol=1e-5
    )


def test_optimum_is_flat() -> None:
    """Where the fit ends, the cost changes with no weight."""
    weights, bias = fit(HOURS, PASSED, c=1.0)
    both = np.append(weights, bias)
    ones = with_ones(HOURS)

    def cost() -> float:
        return penalised_cost(both, ones, targets=PASSED, c=1.0)

    np.testing.assert_allclose(finite_differences(cost, both), 0, atol=1e-6)
    np.testing.assert_allclose(newton_step(both, ones, targets=PASSED, c=1.0), 0, atol=1e-6)


def test_far_and_constant_inputs_pass() -> None:
    """Inputs in thousands, with an outlier and a constant column, still end at the optimum."""
    inputs = np.column_stack([np.arange(20.0) * 1000, np.full(20, 3.0)])
    inputs[-1, 0] = 1e6
    answers = np.tile([0.0, 1.0, 0.0, 1.0, 1.0], 4)
    weights, bias = fit(inputs, answers, c=10.0)

    assert probability(inputs, weights, bias=bias).mean() == pytest.approx(answers.mean(), abs=1e-6)


def test_answers_of_one_kind_are_refused() -> None:
    """Where all passed there is nothing to part."""
    with pytest.raises(ValueError, match="targets are 0 and 1, both of them"):
        fit(HOURS, np.ones(6))


def test_flat_inputs_are_refused() -> None:
    """Hours in a flat row are refused with both shapes."""
    with pytest.raises(ShapeError, match=r"\(6,\).*\(items, features\)"):
        fit(HOURS[:, 0], PASSED)
