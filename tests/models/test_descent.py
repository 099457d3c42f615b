"""L-BFGS for many problems at once ends where SciPy's does for each alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from objektiv.models.descent import Loss, descend

Floats = NDArray[np.float32]
COUNT, COLUMNS = 6, 9


def _targets() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(4)
    places = rng.normal(size=(COUNT, COLUMNS, 2)).astype(np.float32)
    steepness = np.exp(rng.normal(scale=2, size=places.shape)).astype(np.float32)
    return places, steepness


def _value(at: NDArray[np.floating], to: Floats, steep: Floats) -> NDArray[np.float64]:
    return np.asarray((steep * np.log(np.cosh(at - to))).sum(axis=(-1, -2)), np.float64)


def _narrow(asked: list[int]) -> Callable[[NDArray[np.int64]], Loss]:
    places, steepness = _targets()

    def narrow(rows: NDArray[np.int64]) -> Loss:
        asked.append(len(rows))
        to, steep = places[rows], steepness[rows]
        return lambda at: (_value(at, to, steep), steep * np.tanh(at - to))

    return narrow


def test_every_problem_ends_where_scipy_ends() -> None:
    """Problems of very different steepness, solved side by side, each at its own minimum."""
    places, steepness = _targets()
    asked: list[int] = []
    start = np.zeros(places.shape, np.float32)
    found = descend(_narrow(asked), start, limit=np.full(COUNT, 1e-5, np.float32), rounds=500)
    theirs = [
        minimize(
            lambda at, n=n: _value(at.reshape(COLUMNS, 2), places[n], steepness[n]),
            np.zeros(COLUMNS * 2),
            tol=1e-12,
        ).fun
        for n in range(COUNT)
    ]

    assert _value(found, places, steepness) == pytest.approx(theirs, abs=1e-5)
    assert _value(start, places, steepness).min() > 1


def test_problems_that_have_arrived_are_put_aside() -> None:
    """The loss is asked of fewer and fewer problems, and all of them are answered."""
    places, _ = _targets()
    asked: list[int] = []
    limit = np.full(COUNT, 1e-4, np.float32)
    limit[:4] = 1e6  # these have arrived before they begin
    found = descend(_narrow(asked), np.zeros(places.shape, np.float32), limit=limit, rounds=500)

    assert asked[:2] == [6, 2]
    assert (found[:4] == 0).all()
    assert found[4:] == pytest.approx(places[4:], abs=0.05)


def test_no_more_rounds_than_allowed() -> None:
    """One round moves, but does not arrive."""
    places, steepness = _targets()
    start, limit = np.zeros(places.shape, np.float32), np.full(COUNT, 1e-6, np.float32)
    one = descend(_narrow([]), start, limit=limit, rounds=1)
    before, after = _value(start, places, steepness), _value(one, places, steepness)

    assert (after < before).all()
    assert after.max() > 0.1
