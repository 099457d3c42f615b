"""Layers as a module of torch that can be trained.

In: Layers and the size of the images. Out: a Trainable: its module takes images (n, size, size,
3), uint8 or float32, RGB, 0 to 255, and gives logits (n, classes), the same as the graph that
`models.network` writes. Weights begin as Keras draws them.
Try: `FromNothing(layers, size=28).module(seed=0)`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from objektiv.data.images import LUMA
from objektiv.models.kinds import BatchNorm, Conv, Dense, Dropout, Flatten, Pool, Shape
from objektiv.models.layers import Layers
from objektiv.models.network import EPSILON, check, initial
from objektiv.training.trainable import Stage, State

# The share of the new images: Keras calls it 0.9. Its default 0.99 has seen half of what it needs
# after 70 steps, and judges a first epoch of 80 by chance; docs/lab_log.md
MOMENTUM = 0.1


class FromNothing:
    """A network that learns from nothing, as `fit` wants it."""

    def __init__(self, layers: Layers, *, size: int) -> None:
        layers.weights(size)  # raises where the images are too small
        self._layers, self._size = layers, size

    def module(self, seed: int) -> nn.Module:
        """See Trainable."""
        made = _Module(self._layers, self._size)
        self.load(made, initial(self._layers, size=self._size, seed=seed))
        return made.to(memory_format=torch.channels_last)

    def stages(self, module: nn.Module) -> list[Stage]:
        """See Trainable; each layer that learns is one."""
        parameters = dict(module.named_parameters())
        found = []
        for layer, shape in self._layers.walk(self._size):
            if names := layer.weights(shape).trained:
                found.append(Stage(layer.name, [parameters[name] for name in names]))
        return found

    def state(self, module: nn.Module) -> State:
        """See Trainable."""
        values = module.state_dict()
        weights = self._layers.weights(self._size)
        names = [*weights.trained, *weights.counted]
        # a copy in C order: torch's may lie channels last, and training goes on in it
        return {n: np.array(values[n].detach().float().cpu().numpy(), order="C") for n in names}

    def load(self, module: nn.Module, state: Mapping[str, NDArray[np.float32]]) -> None:
        """See Trainable."""
        check(self._layers, state, size=self._size)
        values = {name: torch.from_numpy(np.array(value)) for name, value in state.items()}
        module.load_state_dict(values, strict=False)  # torch's count of batches is no weight


class _Module(nn.Sequential):
    """The layers one after the other, on pixels in 0..255."""

    def __init__(self, layers: Layers, size: int) -> None:
        super().__init__(OrderedDict(_steps(layers, size)))
        self._ending, self._classes, self._scale = layers.ending, layers.classes, layers.scale
        self._grey = layers.channels == 1

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = pixels.float()
        if self._grey:
            x = x @ x.new_tensor(LUMA)[:, None]
        # channels first in name; in memory they stay last, as they came
        z = super().forward((x * self._scale).permute(0, 3, 1, 2))
        if self._ending == "softmax":
            return z
        if self._classes == 2:
            return torch.cat([torch.zeros_like(z), z], dim=1)
        return functional.logsigmoid(z)


class _Flatten(nn.Module):
    """Row by row, pixel by pixel, channel by channel."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


def _steps(layers: Layers, size: int) -> Iterator[tuple[str, nn.Module]]:
    """Modules by name; what has weights is called as its layer.

    An activation before a pool comes after it: all of them rise, so the largest stays the largest,
    and a quarter of the values is left to reckon.
    """
    following = (*layers.layers[1:], None)
    waiting: Conv | BatchNorm | None = None
    for (layer, shape), after in zip(layers.walk(size), following, strict=True):
        match layer:
            case Conv():
                yield from _convolution(layer, shape)
            case BatchNorm():
                yield layer.name, nn.BatchNorm2d(shape[2], eps=EPSILON, momentum=MOMENTUM)
            case Pool(side=side):
                yield layer.name, nn.MaxPool2d(side)
            case Dropout(share=share):
                yield layer.name, nn.Dropout(share)
            case Flatten():
                yield layer.name, _Flatten()
            case Dense():
                yield layer.name, nn.Linear(shape[0], layer.units)
        if isinstance(layer, Conv | BatchNorm) and isinstance(after, Pool):
            waiting = layer
        elif isinstance(layer, Conv | BatchNorm | Dense) and after is not None:
            yield from _activation(layer.name, layer.activation)  # the last one is the loss's
        elif isinstance(layer, Pool) and waiting:
            yield from _activation(waiting.name, waiting.activation)
            waiting = None


def _convolution(layer: Conv, shape: Shape) -> Iterator[tuple[str, nn.Module]]:
    """With zeros around the picture as Keras adds them: an odd one at the right and below."""
    before, after = [0, 0], [0, 0]
    if layer.padding == "same":
        for axis, n in enumerate(shape[:2]):
            places = layer.after(shape)[axis]
            total = max((places - 1) * layer.stride + layer.kernel - n, 0)
            before[axis], after[axis] = total // 2, total - total // 2
    if before != after:
        pads = (before[1], after[1], before[0], after[0])
        yield f"{layer.name}_zeros", nn.ZeroPad2d(pads)
    yield (
        layer.name,
        nn.Conv2d(
            shape[2],
            layer.filters,
            layer.kernel,
            stride=layer.stride,
            padding=tuple(before) if before == after else 0,
            bias=layer.bias,
        ),
    )


def _activation(name: str, activation: str) -> Iterator[tuple[str, nn.Module]]:
    if activation == "relu":
        yield f"{name}_relu", nn.ReLU(inplace=True)
    elif activation == "tanh":
        yield f"{name}_tanh", nn.Tanh()
    elif activation == "sigmoid":
        yield f"{name}_sigmoid", nn.Sigmoid()
