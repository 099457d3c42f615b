"""Randomised smoothing: a model's mean answer to noisy copies of a picture, as a defence.

In: a Subject and AttackSettings. Out: a Smoothed that answers like a Subject, `copies` times as
slowly. Its oracle knows of the noise, as an attacker must be thought to: the gradient is the mean
over noise drawn anew at each step (Athalye, Carlini, Wagner 2018, arXiv:1802.00420).
Source: Cohen, Rosenfeld, Kolter (2019, arXiv:1902.02918); ours takes the mean of the probabilities
and promises no radius.
Try: `Smoothed(subject, AttackSettings(defend=8)).probabilities(squares)`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.explaining.attack_settings import AttackSettings
from objektiv.explaining.attacks import Floats, Labels, Oracle
from objektiv.explaining.subject import Subject

DRAWN = 4  # copies of each square whose gradients are averaged in each step
SMALLEST = 1e-30  # of a probability that has a logarithm


class Smoothed:
    """A model behind noise; the same square always gets the same answer."""

    def __init__(self, subject: Subject, settings: AttackSettings) -> None:
        self.subject, self._settings = subject, settings

    def probabilities(self, squares: Floats) -> Floats:
        """The mean over noisy copies, (n, classes)."""
        total = np.zeros((len(squares), len(self.subject.classes)), np.float64)
        for number in range(self._settings.copies):
            random = seeds.generator(self._settings.seed, "smoothing", number)
            noise = random.normal(0, self._settings.defend, squares.shape[1:])
            total += self.subject.probabilities(_noisy(squares, noise))
        return np.asarray(total / self._settings.copies, np.float32)

    def logits(self, squares: Floats) -> Floats:
        """The logarithm of the mean probabilities."""
        return np.log(np.maximum(self.probabilities(squares), SMALLEST))

    def called(self, probabilities: Floats) -> NDArray[np.int64]:
        """As of the subject."""
        return self.subject.called(probabilities)

    def oracle(self) -> Oracle:
        """Losses and gradients, each the mean over DRAWN noisy copies drawn anew."""
        plain = self.subject.oracle()
        random = seeds.generator(self._settings.seed, "attack on smoothing")

        def mean(squares: Floats, labels: Labels) -> tuple[Floats, Floats]:
            losses = np.zeros(len(squares), np.float32)
            gradient = np.zeros_like(squares)
            for _ in range(DRAWN):
                noise = random.normal(0, self._settings.defend, squares.shape)
                loss, slope = plain(_noisy(squares, noise), labels)
                losses += loss / DRAWN
                gradient += slope / DRAWN
            return losses, gradient

        return mean


def _noisy(squares: Floats, noise: NDArray[np.float64]) -> Floats:
    return np.clip(squares + noise, 0, 255).astype(np.float32)
