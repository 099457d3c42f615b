"""The optimizers take the steps that Keras takes."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs objektiv[torch]")

from objektiv.training.optimizers import RULES, Rules
from objektiv.training.settings import FitSettings

GRADIENTS = ([0.5, -2.0, 1e-8], [0.3, 1.0, -1e-8], [-0.4, 0.5, 2e-8], [0.1, -0.1, 0.0])
RATES = (0.1, 0.1, 0.05, 0.05)
# Weights 1, 2, 3 after these gradients, by Keras 3.15.1 on TensorFlow with its defaults
# (AdamW with a weight decay of 0.01).
KERAS = {
    "sgd": (0.0, [0.934999942779541, 2.080000162124634, 3.0]),
    "sgd momentum": (0.9, [0.7797499895095825, 2.374300003051758, 3.0]),
    "adam": (0.0, [0.7776708006858826, 2.1334826946258545, 2.9993600845336914]),
    "adamw": (0.0, [0.7749758362770081, 2.127261161804199, 2.990370512008667]),
    "rmsprop": (0.0, [0.5849926471710205, 2.138998508453369, 2.9999969005584717]),
    "rmsprop momentum": (0.9, [-0.3898554742336273, 2.6241934299468994, 2.9999916553497314]),
    "adagrad": (0.0, [0.8896759748458862, 2.0458433628082275, 3.0]),
}


@pytest.mark.parametrize("name", KERAS)
def test_steps_are_those_of_keras(name: str) -> None:
    """Four steps, the rate halved between, end where Keras ends; a gradient of 1e-8 shows where
    epsilon stands."""
    momentum, expected = KERAS[name]
    rule = name.partition(" ")[0]
    decay = 0.01 if rule == "adamw" else 0.0
    settings = FitSettings(optimizer=rule, momentum=momentum, weight_decay=decay)
    weight = torch.nn.Parameter(torch.tensor([[1.0, 2.0, 3.0]]))
    optimizer = Rules([[weight]], settings)
    for rate, gradient in zip(RATES, GRADIENTS, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        weight.grad = torch.tensor([gradient])
        optimizer.step()

    assert weight.detach()[0].tolist() == pytest.approx(expected, abs=2e-6)


def test_every_rule_is_held_against_keras() -> None:
    """No optimizer that can be chosen lacks a row of numbers."""
    assert {name.partition(" ")[0] for name in KERAS} == set(RULES)


def test_biases_do_not_decay() -> None:
    """Weight decay shrinks kernels only."""
    kernel = torch.nn.Parameter(torch.ones(2, 2))
    bias = torch.nn.Parameter(torch.ones(2))
    optimizer = Rules([[kernel, bias]], FitSettings(optimizer="sgd", weight_decay=0.5))
    optimizer.param_groups[0]["lr"] = 0.1
    for weight in (kernel, bias):
        weight.grad = torch.zeros_like(weight)
    optimizer.step()

    assert kernel.flatten().tolist() == pytest.approx([0.95] * 4)
    assert bias.tolist() == [1.0, 1.0]


def test_frozen_group_does_not_count_steps() -> None:
    """Adam's correction of a stage begins when the stage begins to learn."""
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = Rules([[weight]], FitSettings())
    optimizer.step()
    frozen = optimizer.param_groups[0]["steps"]
    weight.grad = torch.ones(2)
    optimizer.step()

    assert (frozen, optimizer.param_groups[0]["steps"]) == (0, 1)
    assert weight.tolist() == pytest.approx([1 - 1e-3] * 2, abs=1e-6)
