"""Smoothing is a mean over noise, the same for the same square."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from objektiv.explaining.attack_settings import AttackSettings
from objektiv.explaining.smoothing import Smoothed
from objektiv.explaining.subject import of_bundle
from objektiv.shipping.bundle import Bundle
from tests.explaining.small import drawn


def test_hardly_any_noise_gives_the_models_own_answer(bundles: Callable[[str], Bundle]) -> None:
    """With noise near 0 the mean is the answer itself, and it is repeated to the last bit."""
    subject = of_bundle(bundles("probe"))
    squares = subject.squares([drawn(1), drawn(2)])
    smoothed = Smoothed(subject, AttackSettings(defend=0.001, copies=3))

    found = smoothed.probabilities(squares)

    np.testing.assert_allclose(found, subject.probabilities(squares), atol=1e-3)
    np.testing.assert_array_equal(found, smoothed.probabilities(squares))
    np.testing.assert_allclose(np.exp(smoothed.logits(squares)), found, rtol=1e-4)


def test_noise_changes_the_answer_and_probabilities_still_sum_to_1(
    bundles: Callable[[str], Bundle],
) -> None:
    """Strong noise is seen by the model."""
    subject = of_bundle(bundles("probe"))
    squares = subject.squares([drawn(1)])

    found = Smoothed(subject, AttackSettings(defend=40, copies=4)).probabilities(squares)

    assert float(found.sum()) == pytest.approx(1, abs=1e-5)
    assert np.abs(found - subject.probabilities(squares)).max() > 1e-4


def test_the_oracle_knows_of_the_noise(bundles: Callable[[str], Bundle]) -> None:
    """Its gradient is a mean over noise drawn anew, not that of the plain model."""
    torch = pytest.importorskip("torch", reason="needs objektiv[torch]")
    torch.set_num_threads(1)
    subject = of_bundle(bundles("frozen"))
    squares = subject.squares([drawn(1)])
    labels = subject.called(subject.probabilities(squares))
    oracle = Smoothed(subject, AttackSettings(defend=30)).oracle()

    _, first = oracle(squares, labels)
    _, second = oracle(squares, labels)

    assert first.shape == squares.shape
    assert not np.array_equal(first, second)
