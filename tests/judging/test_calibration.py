"""Temperatures are the best there are, and the reliability curve agrees with the error."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
import sklearn.calibration
import sklearn.metrics
from numpy.typing import NDArray

from objektiv.base.errors import DataError
from objektiv.judging.calibration import fit_temperature, reliability, softmax
from objektiv.judging.metrics import calibration_error
from objektiv.judging.predictions import Predictions


def drawn(seed: int, *, items: int, classes: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits and labels drawn from their softmax, so that temperature 1 is right."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (items, classes))
    noise = rng.gumbel(size=(items, classes))
    return logits, (logits + noise).argmax(axis=1)


def predictions_of(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], *, group_size: int = 1
) -> Predictions:
    """Predictions without anything but labels, probabilities and groups."""
    items, classes = probabilities.shape
    return Predictions(
        ids=tuple(map(str, range(items))),
        hashes=("",) * items,
        parts=("test",) * items,
        folds=(None,) * items,
        groups=tuple(str(i // group_size) for i in range(items)),
        labels=labels,
        classes=tuple(f"c{k}" for k in range(classes)),
        logits=np.log(np.maximum(probabilities, 1e-12)),
        probabilities=probabilities,
    )


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_softmax_is_that_of_scipy(temperature: float) -> None:
    """Softmax agrees with scipy's and does not overflow."""
    logits = np.random.default_rng(0).normal(0, 300, (50, 4))
    expected = scipy.special.softmax(logits / temperature, axis=1)

    np.testing.assert_allclose(softmax(logits, temperature=temperature), expected, atol=1e-12)


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("sureness", [0.5, 1.0, 3.0])
def test_temperature_is_the_best_of_a_fine_grid(classes: int, sureness: float) -> None:
    """No temperature of a grid has a lower log loss, by scikit-learn, than the fitted one."""
    logits, labels = drawn(1, items=400, classes=classes)
    logits = logits * sureness
    fitted = fit_temperature(logits, labels)

    def loss(t: float) -> float:
        return float(sklearn.metrics.log_loss(labels, scipy.special.softmax(logits / t, axis=1)))

    grid = np.geomspace(0.05, 20, 121)
    best = grid[np.argmin([loss(t) for t in grid])]

    assert loss(fitted) <= loss(best) + 1e-9
    assert fitted == pytest.approx(best, rel=0.05)


def test_temperature_undoes_what_made_a_head_too_sure() -> None:
    """Logits made three times too large get a temperature near three."""
    logits, labels = drawn(2, items=4000, classes=3)

    assert fit_temperature(3 * logits, labels) == pytest.approx(3, rel=0.06)


def test_temperature_stays_within_its_ends() -> None:
    """A head that never errs, or knows nothing, gets the end of the range, not 0 or infinity."""
    right = np.eye(3)[[0, 1, 2] * 5]
    labels = np.array([0, 1, 2] * 5)

    assert fit_temperature(right, labels) == pytest.approx(0.05, rel=1e-3)
    assert fit_temperature(-right, labels) == pytest.approx(20, rel=1e-3)


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (np.zeros((0, 2)), np.zeros(0, dtype=int), r"logits \(0, 2\)"),
        (np.zeros((3, 2)), np.zeros(2, dtype=int), r"logits \(3, 2\), labels \(2,\)"),
        (np.array([[0, np.nan]]), np.zeros(1, dtype=int), "1 rows of logits are not finite"),
        (np.zeros((2, 2)), np.array([0, 2]), "labels from 0 to 2, 2 classes"),
    ],
)
def test_bad_logits_are_refused(
    logits: NDArray[np.float64], labels: NDArray[np.int64], message: str
) -> None:
    """Logits that cannot give a temperature are refused with their shapes or values."""
    with pytest.raises(DataError, match=message):
        fit_temperature(logits, labels)


def test_curve_is_that_of_scikit_learn() -> None:
    """For two classes the points agree with scikit-learn's calibration curve of the confidence."""
    rng = np.random.default_rng(3)
    sure = rng.uniform(0.5, 1, 1000)
    labels = (rng.random(1000) > sure).astype(np.int64)
    points = reliability(predictions_of(np.stack([sure, 1 - sure], axis=1), labels), bins=10)
    expected = sklearn.calibration.calibration_curve(labels == 0, sure, n_bins=10)

    np.testing.assert_allclose([b.accuracy.estimate for b in points if b.accuracy], expected[0])
    np.testing.assert_allclose([b.confidence for b in points if b.confidence], expected[1])


def test_curve_and_error_agree() -> None:
    """The gaps of the curve, weighted by items, are the expected calibration error."""
    logits, labels = drawn(4, items=500, classes=4)
    p = predictions_of(softmax(1.7 * logits), labels)
    gaps = [
        b.items * abs(b.accuracy.estimate - b.confidence)
        for b in reliability(p)
        if b.accuracy and b.confidence
    ]

    assert calibration_error(p) == pytest.approx(sum(gaps) / 500)


def test_empty_bins_hold_nothing() -> None:
    """A bin without items has no mean and no accuracy, and centres are evenly spaced."""
    p = predictions_of(np.array([[0.97, 0.03]] * 4), np.zeros(4, dtype=np.int64))
    points = reliability(p, bins=5)

    assert [b.items for b in points] == [0, 0, 0, 0, 4]
    assert (points[0].confidence, points[0].accuracy) == (None, None)
    np.testing.assert_allclose([b.centre for b in points], [0.1, 0.3, 0.5, 0.7, 0.9])


def test_intervals_of_the_curve_regard_groups() -> None:
    """The same items in groups have wider intervals than alone, whose method is Wilson's."""
    rng = np.random.default_rng(5)
    probabilities = np.full((200, 2), [0.75, 0.25])
    labels = (rng.random(200) > 0.75).astype(np.int64)
    alone, grouped = (
        next(b.accuracy for b in reliability(p) if b.accuracy)
        for p in (
            predictions_of(probabilities, labels),
            predictions_of(probabilities, labels, group_size=20),
        )
    )

    assert (alone.method, alone.groups, grouped.groups) == ("Wilson", None, 10)
    assert grouped.high - grouped.low > 1.1 * (alone.high - alone.low)
