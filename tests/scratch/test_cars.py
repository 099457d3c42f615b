"""Fuel consumption of real cars, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor

from objektiv.scratch.cars import LITRES, Scale, cars, consumption, scale_of
from objektiv.scratch.network import Plan
from objektiv.scratch.shapes import ShapeError

PLAN = Plan(rate=0.2, batch=294, epochs=1000)  # all at once: no noise of batches


def test_cars_are_in_metric_units() -> None:
    """The first, a Chevrolet Chevelle Malibu of 18 mpg, 130 hp and 3,504 lb, in our units."""
    inputs, litres = cars()

    assert inputs.shape == (392, 3)
    np.testing.assert_allclose(inputs[0], [8, 96.94, 1589.4], rtol=1e-4)
    assert litres[0] == pytest.approx(13.0675, abs=1e-3)
    assert 5 < litres.min() < litres.max() < 27
    assert set(inputs[:, 0]) == {3, 4, 5, 6, 8}


def test_net_is_as_good_as_that_of_scikit_learn() -> None:
    """On every fourth car, held out, 3-3-1 explains what scikit-learn's net does, and a plane."""
    inputs, litres = cars()
    test = np.arange(len(litres)) % 4 == 0
    found = consumption(inputs[~test], litres[~test], plan=PLAN)
    ours = r2_score(litres[test], found.litres(inputs[test]))
    column = litres[~test, np.newaxis]
    scales = scale_of(inputs[~test]), scale_of(column)
    theirs = MLPRegressor(
        hidden_layer_sizes=(3,), activation="logistic", solver="lbfgs", alpha=0, random_state=0
    )
    theirs.set_params(max_iter=2000).fit(scales[0].of(inputs[~test]), scales[1].of(column)[:, 0])
    outputs = scales[1].back(theirs.predict(scales[0].of(inputs[test]))[:, np.newaxis])
    plane = LinearRegression().fit(inputs[~test], litres[~test]).score(inputs[test], litres[test])

    assert found.net.parameters() == 16
    assert ours == pytest.approx(r2_score(litres[test], outputs), abs=0.04)
    assert ours == pytest.approx(plane, abs=0.03)  # litres are nearly a plane in kW and kg
    assert ours > 0.76
    assert found.history[-1] < found.history[0] / 2


def test_net_bends_where_a_plane_cannot() -> None:
    """In miles per gallon, the reciprocal of litres, the net explains more than any plane."""
    inputs, litres = cars()
    miles, test = LITRES / litres, np.arange(len(litres)) % 4 == 0
    found = consumption(inputs[~test], miles[~test], plan=PLAN)
    plane = LinearRegression().fit(inputs[~test], miles[~test]).score(inputs[test], miles[test])

    assert r2_score(miles[test], found.litres(inputs[test])) > plane + 0.03


def test_scale_goes_there_and_back() -> None:
    """Scaled values have mean 0 and standard deviation 1, and come back."""
    values = np.array([[1.0, 100.0], [3.0, 500.0], [8.0, 600.0]])
    scale = scale_of(values)

    np.testing.assert_allclose(scale.of(values).mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scale.of(values).std(axis=0), 1)
    np.testing.assert_allclose(scale.back(scale.of(values)), values)


def test_other_columns_are_refused() -> None:
    """Two columns do not go with the scale of three."""
    with pytest.raises(ShapeError, match=r"\(5, 2\).*\(3,\)"):
        Scale(np.zeros(3), np.ones(3)).of(np.zeros((5, 2)))
    with pytest.raises(ShapeError, match=r"\(5,\).*\(items, columns\)"):
        scale_of(np.zeros(5))
