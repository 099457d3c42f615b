"""Gradient descent and batches, against the course's parabola."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.scratch.costs import SQUARED_ERROR
from objektiv.scratch.descent import batches, descend, finite_differences
from objektiv.scratch.linear import plane, with_ones
from objektiv.scratch.shapes import ShapeError


def parabola_slope(x: float) -> float:
    """Slope of the course's x^2 - 4x + 5."""
    return 2 * x - 4


def test_path_on_the_parabola() -> None:
    """25 steps of 0.05 from 5 leave 3 x 0.9^k after k of them, as worked by hand."""
    path = descend(parabola_slope, 5.0, rate=0.05, steps=25)

    np.testing.assert_allclose(path, 2 + 3 * 0.9 ** np.arange(26))
    assert path[-1] == pytest.approx(2.2154, abs=5e-5)


@pytest.mark.parametrize(
    ("rate", "last"), [(0.5, 2.0), (1.0, -1.0), (1.1, 2 - 3 * 1.2**25)], ids=str
)
def test_steps_that_are_too_large(rate: float, last: float) -> None:
    """Half is there at once, 1 jumps to and fro for ever, and more flies away."""
    path = descend(parabola_slope, 5.0, rate=rate, steps=25)

    assert path[-1] == pytest.approx(last)


def test_descent_finds_the_direct_solution() -> None:
    """Walking down the squared error ends at the weights that are solved for directly."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(40, 2))
    targets = inputs @ [2.0, -1.0] + 0.5 + random.normal(0, 0.1, 40)
    ones = with_ones(inputs)
    path = descend(
        lambda w: ones.T @ SQUARED_ERROR.slope(ones @ w, targets), np.zeros(3), rate=0.1, steps=500
    )
    weights, bias = plane(inputs, targets)

    assert path.shape == (501, 3)
    np.testing.assert_allclose(path[-1], [*weights, bias], rtol=1e-6)


def test_finite_differences_put_values_back() -> None:
    """The slope of x^2 y is (2xy, x^2), and the values are as they were."""
    values = np.array([[3.0, 2.0]])
    found = finite_differences(lambda: float(values[0, 0] ** 2 * values[0, 1]), values)

    np.testing.assert_allclose(found, [[12, 9]], rtol=1e-8)
    assert values.tolist() == [[3, 2]]


def test_batches_are_all_items_once() -> None:
    """An epoch has each item once, in another order each time, the last batch what is left."""
    random = np.random.default_rng(0)
    first, second = (list(batches(10, 4, random=random)) for _ in range(2))

    assert [len(rows) for rows in first] == [4, 4, 2]
    assert sorted(np.concatenate(first)) == list(range(10))
    assert np.concatenate(first).tolist() != np.concatenate(second).tolist()


def test_empty_batches_are_refused() -> None:
    """A batch of no item is refused."""
    with pytest.raises(ValueError, match="at least one item, not 0"):
        list(batches(10, 0, random=np.random.default_rng(0)))


def test_slope_of_another_shape_is_refused() -> None:
    """A slope must have the shape of the place."""
    with pytest.raises(ShapeError, match=r"place and slope.*\(2,\).*\(2, 1\)"):
        descend(lambda x: x[:, None], np.zeros(2), rate=0.1, steps=1)
