"""What can be trained: the one shape behind which networks and fine-tuning look alike.

In: nothing. Out: the protocol that `training.fit` asks of a network. This file imports no torch
while it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

State = dict[str, NDArray[np.float32]]


class Stage(NamedTuple):
    """Parameters that are frozen, unfrozen and given a learning rate together."""

    name: str
    parameters: list[torch.nn.Parameter]


class Trainable(Protocol):
    """A network that `fit` can train; what it is afterwards is its state."""

    def module(self, seed: int) -> torch.nn.Module:
        """The network in torch, its weights drawn from `seed` or pretrained.

        It takes images (n, size, size, 3), uint8 or float32, RGB, 0 to 255, and gives logits
        (n, classes) of which the softmax is the probability. In `eval()` it draws nothing.
        """

    def stages(self, module: torch.nn.Module) -> list[Stage]:
        """Every parameter that may be trained, early stages first; the last is the head."""

    def state(self, module: torch.nn.Module) -> State:
        """What is kept and shipped, by name; copies that later steps leave alone."""

    def load(self, module: torch.nn.Module, state: Mapping[str, NDArray[np.float32]]) -> None:
        """Put a state back.

        Raises:
            ModelError: it is of another network.
        """
