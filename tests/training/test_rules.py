"""The optimizers in NumPy take the steps that Keras takes."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from objektiv.training.rules import Rules
from objektiv.training.settings import FitSettings, Optimizer
from tests.training.keras_steps import GRADIENTS, KERAS, RATES


@pytest.mark.parametrize("name", KERAS)
def test_steps_are_those_of_keras(name: str) -> None:
    """Four steps, the rate halved between, end where Keras ends."""
    momentum, expected = KERAS[name]
    rule = name.partition(" ")[0]
    decay = 0.01 if rule == "adamw" else 0.0
    settings = FitSettings.model_validate(
        {"optimizer": rule, "momentum": momentum, "weight_decay": decay}
    )
    weight = np.array([[1, 2, 3]], np.float32)
    rules = Rules([weight], settings)
    for rate, gradient in zip(RATES, GRADIENTS, strict=True):
        rules.step([np.array([gradient], np.float32)], rate)

    assert weight[0].tolist() == pytest.approx(expected, abs=2e-6)


def test_every_rule_is_held_against_keras() -> None:
    """No optimizer that can be chosen lacks a row of numbers."""
    assert {name.partition(" ")[0] for name in KERAS} == set(get_args(Optimizer))


def test_biases_do_not_decay() -> None:
    """Weight decay shrinks kernels only."""
    kernel, bias = np.ones((2, 2), np.float32), np.ones(2, np.float32)
    rules = Rules([kernel, bias], FitSettings(optimizer="sgd", weight_decay=0.5))
    rules.step([np.zeros_like(kernel), np.zeros_like(bias)], 0.1)

    assert kernel.flatten().tolist() == pytest.approx([0.95] * 4)
    assert bias.tolist() == [1.0, 1.0]
