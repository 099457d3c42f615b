"""The optimizers take the steps that Keras takes."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs objektiv[torch]")

from objektiv.training.optimizers import RULES, Rules
from objektiv.training.settings import FitSettings
from tests.training.keras_steps import GRADIENTS, KERAS, RATES


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
