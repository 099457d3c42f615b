"""A power law is found where there is one."""

from __future__ import annotations

import numpy as np

from objektiv.models.growth import SPEEDS, fit_power_law


def test_a_known_law_is_found_and_continued() -> None:
    """Errors made by a law give it back, and tell what ten times the images give."""
    images = np.array([20.0, 50, 100, 300, 1000])
    speed = float(SPEEDS[40])
    errors = np.stack([0.02 + 1.5 * images**-speed, 0.3 * images**-speed])
    law = fit_power_law(images, errors)

    np.testing.assert_allclose(law.speed, speed)
    np.testing.assert_allclose(law.floor, [0.02, 0.0], atol=1e-9)
    np.testing.assert_allclose(law.scale, [1.5, 0.3], rtol=1e-6)
    np.testing.assert_allclose(law.at(10_000)[0, 0], 0.02 + 1.5 * 10_000**-speed, rtol=1e-9)


def test_growing_errors_are_taken_as_flat() -> None:
    """More images never promise more errors."""
    images = np.array([10.0, 20, 40, 80])
    law = fit_power_law(images, np.array([[0.1, 0.12, 0.13, 0.15]]))

    assert law.scale[0] == 0
    np.testing.assert_allclose(law.at([10, 1000])[0], 0.125)


def test_agrees_with_scipy() -> None:
    """On noisy errors and weights the squared misses are near SciPy's least."""
    from scipy.optimize import curve_fit

    rng = np.random.default_rng(1)
    images = np.geomspace(20, 4000, 7)
    errors = 0.03 + 0.8 * images**-0.5 + rng.normal(0, 0.002, 7)
    weights = images

    def law(x: np.ndarray, floor: float, scale: float, speed: float) -> np.ndarray:
        return np.asarray(floor + scale * x**-speed)

    best, _ = curve_fit(
        law, images, errors, p0=(0.02, 1, 0.5), sigma=weights**-0.5, bounds=(0, [1, 100, 2])
    )
    own = fit_power_law(images, errors[None], weights).at(images)[0]
    misses = [(weights * (errors - told) ** 2).sum() for told in (own, law(images, *best))]

    assert misses[0] <= 1.02 * misses[1]
