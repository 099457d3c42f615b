"""EfficientNet-Lite0 in torch: the same network as the graph of `features.lite0`, to be trained.

In: the tensors of the weights package, or what a training made of them. Out: a module from images
(n, size, size, 3), RGB, 0 to 255, to the features of the graph, (n, 3,728), and its state under
the names and in the order of the package.
Source: as `features.lite0`; frozen batch normalisation as in Detectron (Girshick et al., 2018).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from objektiv.features.lite0 import BLOCK_WIDTHS, EPSILON, STAGES, STEM
from objektiv.features.quantise import SCALE
from objektiv.training.kernels import SIX, Window, depthwise, pointwise, pool, surrounded
from objektiv.training.trainable import Stage, State

MOMENTUM = 0.1  # share of a batch in the kept statistics; the package's 0.01 is for longer training
COUNTED = "num_batches_tracked"
CLASSIFIER = 2  # tensors behind the last convolution, for the classes of ImageNet
FEW = 16  # images that go through together where each stands for itself

Kernels = Mapping[nn.Module, tuple[torch.Tensor, torch.Tensor] | None]


class Convolution(nn.Module):
    """A convolution with its batch normalisation, and ReLU6 where asked, padded as TensorFlow does.

    Normalisation is live where it is trained, and part of the kernel where it is frozen.
    """

    def __init__(self, shape: tuple[int, ...], *, stride: int, activation: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(shape))
        self.scale, self.shift = (nn.Parameter(torch.empty(shape[0])) for _ in range(2))
        self.register_buffer("mean", torch.empty(shape[0]))
        self.register_buffer("variance", torch.empty(shape[0]))
        self.stride, self.activation = stride, activation
        self.groups = shape[0] if shape[1] == 1 else 1
        self.live = False

    @property
    def tensors(self) -> tuple[torch.Tensor, ...]:
        """In the order of the package."""
        return self.weight, self.scale, self.shift, self.mean, self.variance

    @property
    def follows(self) -> bool:
        """Whether it is normalised by its images; a stage that does not learn keeps its own."""
        return self.live and self.training and self.weight.requires_grad

    def kernel(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias with the kept statistics in them."""
        factor = self.scale * (self.variance + EPSILON).rsqrt()
        return self.weight * factor[:, None, None, None], self.shift - self.mean * factor

    def forward(
        self, x: torch.Tensor, kernel: tuple[torch.Tensor, torch.Tensor] | None
    ) -> torch.Tensor:
        """(n, h, w, channels in) to (n, h', w', channels out); a kernel has its bias with it."""
        weight, bias = kernel or (self.weight, None)
        bounded = self.activation and bias is not None
        height, width = (_zeros(n, weight.shape[2], self.stride) for n in x.shape[1:3])
        window = Window(self.stride, (*width, *height))
        if self.groups > 1:
            y = depthwise(x, weight, bias, window, activation=bounded)
        elif weight.shape[2] == 1:
            y = pointwise(x, weight.flatten(1), bias, activation=bounded)
        else:
            x = surrounded(x, window.zeros).permute(0, 3, 1, 2)
            y = torch.conv2d(x, weight, bias, self.stride).permute(0, 2, 3, 1)
            y = y.clamp(0, SIX) if bounded else y
        return y if kernel else self._normalised(y)

    def _normalised(self, y: torch.Tensor) -> torch.Tensor:
        """By its images."""
        y = functional.batch_norm(
            y.permute(0, 3, 1, 2),
            self.mean,
            self.variance,
            self.scale,
            self.shift,
            True,
            MOMENTUM,
            EPSILON,
        )
        if self.activation:
            y = functional.relu6(y, inplace=True)  # before the view: a view would be copied
        return y.permute(0, 2, 3, 1)


def _zeros(length: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


class Lite0(nn.Module):
    """All convolutions in the order of the package, and what is pooled between them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.ModuleList([Convolution((STEM, 3, 3, 3), stride=2, activation=True)])
        self.stages = nn.ModuleList()
        channels = STEM
        for stage in STAGES:
            blocks = nn.ModuleList()
            for number in range(stage.blocks):
                stride = stage.stride if number == 0 else 1
                wide = channels * stage.expansion
                block = nn.ModuleList()
                if stage.expansion > 1:
                    block.append(Convolution((wide, channels, 1, 1), stride=1, activation=True))
                shape = (wide, 1, stage.kernel, stage.kernel)
                block.append(Convolution(shape, stride=stride, activation=True))
                shape = (stage.channels, wide, 1, 1)
                block.append(Convolution(shape, stride=1, activation=False))
                blocks.append(block)
                channels = stage.channels
            self.stages.append(blocks)
        shape = (BLOCK_WIDTHS["final"], channels, 1, 1)
        self.final = nn.ModuleList([Convolution(shape, stride=1, activation=True)])

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(n, size, size, 3) to (n, 3,728)."""
        kernels = {c: None if c.follows else c.kernel() for c in self._convolutions()}
        if None in kernels.values():  # images are normalised by one another
            return self._features(pixels, kernels)
        # a few at a time stay in the processor's cache
        few = FEW if pixels.device.type == "cpu" else len(pixels)
        return torch.cat([self._features(some, kernels) for some in pixels.split(few)])

    def _features(self, pixels: torch.Tensor, kernels: Kernels) -> torch.Tensor:
        def run(convolutions: Iterable[nn.Module], x: torch.Tensor) -> torch.Tensor:
            for convolution in convolutions:
                x = convolution(x, kernels[convolution])
            return x

        x = run(self.stem, pixels.float() * SCALE - 1)
        pooled = [pool(x)]
        for blocks in self.stages:
            for block in blocks:
                y = run(block, x)
                x = x + y if x.shape == y.shape else y
            pooled.append(pool(x))
        pooled.append(run(self.final, x).mean((1, 2)))
        return torch.cat(pooled, dim=1)

    def parts(self) -> dict[str, list[Convolution]]:
        """The convolutions of each block of features, early ones first."""
        modules = [self.stem, *self.stages, self.final]
        return {
            name: [m for m in part.modules() if isinstance(m, Convolution)]
            for name, part in zip(BLOCK_WIDTHS, modules, strict=True)
        }

    def set_live(self, *, live: bool) -> None:
        """Whether batch normalisation learns and follows the images."""
        for convolution in self._convolutions():
            convolution.live = live
            for parameter in (convolution.scale, convolution.shift):
                parameter.requires_grad_(live)

    def learning(self) -> list[Stage]:
        """What may be trained of each block."""
        found = []
        for name, part in self.parts().items():
            trained = [[c.weight, c.scale, c.shift] if c.live else [c.weight] for c in part]
            found.append(Stage(name, [p for one in trained for p in one]))
        return found

    def arrays(self, like: Mapping[str, NDArray[Any]]) -> State:
        """The state under the package's names; `like` has them, and the classifier."""
        tensors = [t.detach() for c in self._convolutions() for t in c.tensors]
        names = [name for name in like if not name.endswith(COUNTED)]
        # copies in C order: torch's may lie channels last, and training goes on in them
        own = [np.array(t.float().cpu().numpy(), order="C") for t in tensors]
        rest = [np.array(like[name], np.float32) for name in names[-CLASSIFIER:]]
        return dict(zip(names, [*own, *rest], strict=True))

    @torch.no_grad()
    def load(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take the tensors of a state of this network."""
        names = [name for name in state if not name.endswith(COUNTED)][:-CLASSIFIER]
        tensors = (t for c in self._convolutions() for t in c.tensors)
        for tensor, name in zip(tensors, names, strict=True):
            if tuple(tensor.shape) != state[name].shape:
                raise ValueError(f"{name} has the shape {state[name].shape}")
            tensor.copy_(torch.from_numpy(np.array(state[name], np.float32)))

    def _convolutions(self) -> Iterator[Convolution]:
        return (c for part in self.parts().values() for c in part)
