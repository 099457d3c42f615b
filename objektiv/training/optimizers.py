"""The five optimizers with Keras' meaning: where epsilon stands, what momentum repeats.

In: groups of parameters, each with its share of the learning rate. Out: an optimizer of torch.
torch's own place epsilon and momentum elsewhere, so that a recipe's numbers would mean other
steps. Sources: Keras 3.15 `optimizers/{sgd,adam,rmsprop,adagrad}.py`; the tests hold its steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from objektiv.training.settings import FitSettings, Optimizer

EPSILON = 1e-7  # all four that have one
BETA1, BETA2 = 0.9, 0.999  # adam, adamw
RHO = 0.9  # rmsprop
FIRST = 0.1  # adagrad's sum of squares at the beginning

Tensors = list[torch.Tensor]
Rule = Callable[["Rules", dict[str, Any], Tensors, Tensors], None]


class Rules(torch.optim.Optimizer):
    """Moves every weight that has a gradient by one of RULES."""

    def __init__(self, groups: Sequence[Sequence[torch.nn.Parameter]], settings: FitSettings):
        """A group a stage; its rate is set before each step as `lr`."""
        defaults = {"lr": settings.learning_rate, "steps": 0}
        super().__init__([{"params": list(group)} for group in groups], defaults)
        self._rule = RULES[settings.optimizer]
        self._decay, self._momentum = settings.weight_decay, settings.momentum

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of every group."""
        told = None
        if closure is not None:
            with torch.enable_grad():
                told = closure()
        for group in self.param_groups:
            weights = [p for p in group["params"] if p.grad is not None]
            if not weights:
                continue  # frozen: its steps are not counted
            group["steps"] += 1
            kernels = [p for p in weights if p.ndim > 1]
            if self._decay and kernels:
                torch._foreach_mul_(kernels, 1 - self._decay * group["lr"])
            self._rule(self, group, weights, [p.grad for p in weights])
        return told

    def kept(self, name: str, weights: Tensors, *, first: float = 0.0) -> Tensors:
        """What the rule keeps beside each weight."""
        for weight in weights:
            if name not in self.state[weight]:
                self.state[weight][name] = torch.full_like(weight, first)
        return [self.state[weight][name] for weight in weights]

    @property
    def momentum(self) -> float:
        """Share of the last step that is repeated."""
        return self._momentum


def _sgd(own: Rules, group: dict[str, Any], weights: Tensors, gradients: Tensors) -> None:
    if not own.momentum:
        torch._foreach_add_(weights, gradients, alpha=-group["lr"])
        return
    velocities = own.kept("velocity", weights)
    torch._foreach_mul_(velocities, own.momentum)
    torch._foreach_add_(velocities, gradients, alpha=-group["lr"])
    torch._foreach_add_(weights, velocities)


def _adam(own: Rules, group: dict[str, Any], weights: Tensors, gradients: Tensors) -> None:
    means, squares = own.kept("mean", weights), own.kept("square", weights)
    torch._foreach_lerp_(means, gradients, 1 - BETA1)
    torch._foreach_mul_(squares, BETA2)
    torch._foreach_addcmul_(squares, gradients, gradients, 1 - BETA2)
    deviations = torch._foreach_sqrt(squares)
    torch._foreach_add_(deviations, EPSILON)
    corrected = math.sqrt(1 - BETA2 ** group["steps"]) / (1 - BETA1 ** group["steps"])
    torch._foreach_addcdiv_(weights, means, deviations, -group["lr"] * corrected)


def _rmsprop(own: Rules, group: dict[str, Any], weights: Tensors, gradients: Tensors) -> None:
    squares = own.kept("square", weights)
    torch._foreach_mul_(squares, RHO)
    torch._foreach_addcmul_(squares, gradients, gradients, 1 - RHO)
    deviations = torch._foreach_add(squares, EPSILON)  # under the root, unlike adam's
    torch._foreach_sqrt_(deviations)
    if not own.momentum:
        torch._foreach_addcdiv_(weights, gradients, deviations, -group["lr"])
        return
    velocities = own.kept("velocity", weights)
    torch._foreach_mul_(velocities, own.momentum)
    torch._foreach_addcdiv_(velocities, gradients, deviations, group["lr"])
    torch._foreach_sub_(weights, velocities)


def _adagrad(own: Rules, group: dict[str, Any], weights: Tensors, gradients: Tensors) -> None:
    squares = own.kept("square", weights, first=FIRST)
    torch._foreach_addcmul_(squares, gradients, gradients, 1.0)
    deviations = torch._foreach_add(squares, EPSILON)
    torch._foreach_sqrt_(deviations)
    torch._foreach_addcdiv_(weights, gradients, deviations, -group["lr"])


RULES: dict[Optimizer, Rule] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adam,  # with a weight decay, which every rule applies as Loshchilov and Hutter do
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
}

# Numbers kept beside each weight, for an estimate of memory; momentum may take one less.
KEPT: dict[Optimizer, int] = {"sgd": 1, "adam": 2, "adamw": 2, "rmsprop": 2, "adagrad": 1}
