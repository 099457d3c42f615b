"""A pretrained network and the probe behind it, trained on together.

In: the network's tensors and a Probe on its blocks. Out: a Trainable that begins with the probe's
own logits, and of what it learnt the parts that ship: new tensors of the network and a new Probe.
Try: `FineTuned(read_state("efficientnet-lite0"), probe, batch_norm="frozen")`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from objektiv.base.errors import ModelError
from objektiv.features.graph import GraphBuilder
from objektiv.features.lite0 import BLOCK_WIDTHS, add_lite0
from objektiv.models.model import Probe
from objektiv.models.pooled import Pooled
from objektiv.training.lite0 import Lite0
from objektiv.training.trainable import Stage, State

HEAD = ("head.weights", "head.bias")  # beside the package's names
SHORTEST = 1e-12  # of a block, as the Probe has it


class FineTuned:
    """EfficientNet-Lite0 with a Probe's head, as `fit` wants it."""

    def __init__(
        self,
        network: Mapping[str, NDArray[Any]],
        probe: Probe,
        *,
        batch_norm: Literal["trained", "frozen"],
    ) -> None:
        """Begin at `network` and `probe`, whose blocks are the network's.

        Raises:
            ModelError: the probe reads other blocks too, such as colours.
        """
        if not set(probe.blocks) <= set(BLOCK_WIDTHS):
            raise ModelError(
                "fine-tuning begins at a probe on the network alone",
                value=", ".join(probe.blocks),
                allowed=f"Its blocks are {', '.join(BLOCK_WIDTHS)}",
                next="fit the probe with `choose.fit_network`",
            )
        self._network, self._probe, self._live = network, probe, batch_norm == "trained"

    def module(self, seed: int) -> nn.Module:
        """See Trainable; nothing is drawn."""
        made = _Module(self._probe)
        made.network.load(self._network)
        made.network.set_live(self._live)
        return made.to(memory_format=torch.channels_last)

    def stages(self, module: nn.Module) -> list[Stage]:
        """See Trainable: stem, seven stages, final, head."""
        module = _own(module)
        return [*module.network.learning(), Stage("head", list(module.head.parameters()))]

    def state(self, module: nn.Module) -> State:
        """See Trainable."""
        module = _own(module)
        head = (module.head.weight.T, module.head.bias)
        values = [np.array(p.detach().float().cpu().numpy(), order="C") for p in head]
        return {
            **module.network.arrays(self._network),
            **dict(zip(HEAD, values, strict=True)),
        }

    def load(self, module: nn.Module, state: Mapping[str, NDArray[np.float32]]) -> None:
        """See Trainable."""
        module = _own(module)
        network, probe = self._parts(state)
        module.network.load(network)
        with torch.no_grad():
            module.head.weight.copy_(torch.from_numpy(np.array(probe.weights.T)))
            module.head.bias.copy_(torch.from_numpy(np.array(probe.bias)))

    def shipped(self, state: Mapping[str, NDArray[np.float32]], *, size: int) -> Pooled:
        """The whole model of a state, with temperature 1."""
        network, probe = self._parts(state)
        return Pooled(probe, BLOCK_WIDTHS, partial(_add, network), size)

    def _parts(self, state: Mapping[str, NDArray[np.float32]]) -> tuple[State, Probe]:
        """The tensors of the network, in the package's order, and the head.

        Raises:
            ModelError: the state is of another network.
        """
        names = [name for name in self._network if not name.endswith("num_batches_tracked")]
        shapes = {name: self._network[name].shape for name in names}
        head = (self._probe.weights.shape, self._probe.bias.shape)
        shapes |= dict(zip(HEAD, head, strict=True))
        found = {name: array.shape for name, array in state.items()}
        if found != shapes:
            unlike = sorted(n for n in {*found, *shapes} if found.get(n) != shapes.get(n))
            raise ModelError(
                "the weights are of another network",
                value=", ".join(unlike[:3]),
                allowed=f"{len(shapes)} tensors of EfficientNet-Lite0 and its head are taken",
                next="train again in a new folder",
            )
        weights, bias = (np.asarray(state[name]) for name in HEAD)
        probe = Probe(self._probe.classes, self._probe.blocks, weights, bias, temperature=1.0)
        return {name: np.asarray(state[name]) for name in names}, probe


def _add(network: State, graph: GraphBuilder, pixels: str) -> None:
    add_lite0(graph, pixels, network)


class _Module(nn.Module):
    """Network, blocks of length 1, one linear map."""

    def __init__(self, probe: Probe) -> None:
        super().__init__()
        self.network = Lite0()
        self.head = nn.Linear(*probe.weights.shape)
        with torch.no_grad():
            weights = np.array(probe.weights.T / probe.temperature, np.float32)
            self.head.weight.copy_(torch.from_numpy(weights))
            bias = np.array(probe.bias / probe.temperature, np.float32)
            self.head.bias.copy_(torch.from_numpy(bias))
        self._blocks = probe.blocks

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        features = self.network(pixels)
        parts = dict(zip(BLOCK_WIDTHS, features.split([*BLOCK_WIDTHS.values()], 1), strict=True))
        blocks = [functional.normalize(parts[name], dim=1, eps=SHORTEST) for name in self._blocks]
        logits: torch.Tensor = self.head(torch.cat(blocks, dim=1))
        return logits


def _own(module: nn.Module) -> _Module:
    if not isinstance(module, _Module):
        raise TypeError(f"{type(module).__name__} was not made here")
    return module
