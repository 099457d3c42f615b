"""Linear regression, against the course's worked numbers and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from objektiv.scratch.linear import line, plane, proportional, with_ones
from objektiv.scratch.shapes import ShapeError

MILLIMETRES, INCHES = np.array([1.0, 15, 60]), np.array([0.0393701, 0.590551, 2.3622])
CELSIUS, FAHRENHEIT = np.array([-10.0, 0, 20]), np.array([14.0, 32, 68])


def test_millimetres_to_inches() -> None:
    """Without a bias the coefficient is 0.03937; the thesis prints 1.8, which is a misprint."""
    weight = proportional(MILLIMETRES, INCHES)

    assert weight == pytest.approx(0.03937, abs=5e-7)
    assert weight != pytest.approx(1.8, abs=1)
    assert [round(weight * mm, 3) for mm in (120, 130)] == [4.724, 5.118]


def test_celsius_to_fahrenheit() -> None:
    """With a bias the slope is 1.8 and the intercept 32."""
    assert line(CELSIUS, FAHRENHEIT) == pytest.approx((1.8, 32))


def test_without_a_bias_celsius_is_wrong() -> None:
    """A line through the origin cannot give 32 at 0, whatever its slope."""
    assert proportional(CELSIUS, FAHRENHEIT) * CELSIUS != pytest.approx(FAHRENHEIT, abs=1)


@pytest.mark.parametrize("features", [1, 4])
def test_plane_is_that_of_scikit_learn(features: int) -> None:
    """Weights and bias of several inputs are those of scikit-learn."""
    random = np.random.default_rng(features)
    inputs = random.normal(50, 20, (30, features))
    targets = inputs @ np.arange(1.0, features + 1) + random.normal(0, 5, 30) - 7
    weights, bias = plane(inputs, targets)
    theirs = LinearRegression().fit(inputs, targets)

    np.testing.assert_allclose(weights, theirs.coef_)
    assert bias == pytest.approx(theirs.intercept_)
    if features == 1:
        assert (weights[0], bias) == pytest.approx(line(inputs[:, 0], targets))


def test_without_bias_is_that_of_scikit_learn() -> None:
    """The slope through the origin is that of scikit-learn without an intercept."""
    theirs = LinearRegression(fit_intercept=False).fit(CELSIUS[:, None], FAHRENHEIT)

    assert proportional(CELSIUS, FAHRENHEIT) == pytest.approx(theirs.coef_[0])


def test_ones_stand_last() -> None:
    """The column of the bias is behind the inputs."""
    assert with_ones(np.array([[3.0], [4.0]])).tolist() == [[3, 1], [4, 1]]


def test_column_beside_row_is_refused() -> None:
    """A column of inputs beside a flat row of targets is refused."""
    with pytest.raises(ShapeError, match=r"\(3, 1\).*\(3,\)"):
        line(CELSIUS[:, None], FAHRENHEIT)


def test_flat_inputs_of_a_plane_are_refused() -> None:
    """One feature without an axis of its own is refused."""
    with pytest.raises(ShapeError, match=r"\(3,\).*\(items, features\)"):
        plane(CELSIUS, FAHRENHEIT)
