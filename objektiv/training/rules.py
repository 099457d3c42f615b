"""The five optimizers in NumPy, for a single layer: the steps of `training.optimizers`, no torch.

In: weights, which are changed in place, and gradients. Out: nothing. Sources and numbers as there:
Keras 3.15 `optimizers/{sgd,adam,rmsprop,adagrad}.py`; the tests hold its steps.
Try: `Rules([weight], FitSettings(optimizer="sgd")).step([gradient], 0.1)`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from objektiv.training.settings import FitSettings

EPSILON = 1e-7
BETA1, BETA2 = 0.9, 0.999  # adam, adamw
RHO = 0.9  # rmsprop
FIRST = 0.1  # adagrad's sum of squares at the beginning

Array = NDArray[np.float32]


class Rules:
    """Moves weights by the rule that the settings name."""

    def __init__(self, weights: Sequence[Array], settings: FitSettings) -> None:
        self._weights, self._settings = weights, settings
        first = FIRST if settings.optimizer == "adagrad" else 0.0
        self._means = [np.zeros_like(w) for w in weights]  # or velocities
        self._squares = [np.full_like(w, first) for w in weights]
        self._steps = 0

    def step(self, gradients: Sequence[Array], rate: float) -> None:
        """One step of every weight; kernels decay before it, as Loshchilov and Hutter have it."""
        self._steps += 1
        for place, (weight, gradient) in enumerate(zip(self._weights, gradients, strict=True)):
            if self._settings.weight_decay and weight.ndim > 1:
                weight *= np.float32(1 - self._settings.weight_decay * rate)
            weight -= self._move(place, gradient, rate)

    def _move(self, place: int, gradient: Array, rate: float) -> Array:
        mean, square = self._means[place], self._squares[place]
        match self._settings.optimizer:
            case "sgd":
                return self._repeated(mean, np.float32(rate) * gradient)
            case "adam" | "adamw":
                mean += np.float32(1 - BETA1) * (gradient - mean)
                square += np.float32(1 - BETA2) * (gradient * gradient - square)
                corrected = math.sqrt(1 - BETA2**self._steps) / (1 - BETA1**self._steps)
                deviation = np.sqrt(square) + np.float32(EPSILON)
                return np.asarray(np.float32(rate * corrected) * mean / deviation, np.float32)
            case "rmsprop":
                square += np.float32(1 - RHO) * (gradient * gradient - square)
                return self._repeated(mean, self._scaled(gradient, square, rate))
            case "adagrad":
                square += gradient * gradient
                return self._scaled(gradient, square, rate)

    @staticmethod
    def _scaled(gradient: Array, square: Array, rate: float) -> Array:
        """Epsilon stands under the root, unlike adam's."""
        deviation = np.sqrt(square + np.float32(EPSILON))
        return np.asarray(np.float32(rate) * gradient / deviation, np.float32)

    def _repeated(self, velocity: Array, move: Array) -> Array:
        """With the share of the last step that momentum repeats."""
        if not self._settings.momentum:
            return move
        velocity *= np.float32(self._settings.momentum)
        velocity += move
        return velocity
