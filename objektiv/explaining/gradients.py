"""Heat by gradients: Grad-CAM and integrated gradients of any bundle, through Captum.

In: a cut graph and a square. Out: heat of the square. The graph is run in torch operation by
operation, so that no trained module is needed: what was shipped is what is differentiated. Needs
the extra torch.
Sources: Selvaraju et al., Grad-CAM, ICCV 2017; Sundararajan et al., Axiomatic attribution for deep
networks, ICML 2017.
Try: `Gradients(load("cells.objektiv").network.graph).integrated(square, direction)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx
import torch
from captum.attr import IntegratedGradients, LayerGradCam
from numpy.typing import NDArray
from torch import nn

from objektiv.base.errors import UsageError
from objektiv.explaining.pieces import LOGITS
from objektiv.explaining.settings import Method
from objektiv.explaining.torch_graph import TorchGraph, needed

STEPS = 32  # on the way from the grey picture
GREY = 127.5  # what every pixel of the picture is that integrated gradients begin at
BATCH = 8


class _Graph(nn.Module):
    """A cut graph up to its logits, as torch runs it; `last` is its last map, for Grad-CAM."""

    def __init__(self, model: onnx.ModelProto, last: str) -> None:
        super().__init__()
        self.last = nn.Identity()  # Captum wants a module whose output it can watch
        self._graph = TorchGraph(model, [LOGITS], through={last: self.last})

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self._graph(pixels)[LOGITS]


def last_map(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """The last map with more than one place that the logits are computed from.

    Not what pooling makes of it on the way: its squared distances from the mean are a map too.
    """
    maps = [
        node.output[0]
        for node in needed(model.graph, [LOGITS])
        if len(shape := shapes.get(node.output[0], ())) == 4
        and min(shape[2:]) > 1
        and node.op_type in ("Conv", "Clip", "Relu", "Add", "MaxPool", "Concat", "HardSwish")
    ]
    if not maps:
        raise UsageError(
            "this bundle's network has no map to look at",
            value="--method grad-cam",
            allowed="A convolutional network",
            next="take `--method occlusion`",
        )
    return str(maps[-1])


class Gradients:
    """A bundle's network in torch."""

    def __init__(
        self, model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]], last: str = ""
    ) -> None:
        """`shapes` of its tensors, as shipping/taps tells them; `last`, the map that Grad-CAM
        looks at, by default the last of all: a head may not read that one.

        Raises:
            UsageError: it has operations without a gradient, or no map.
        """
        self.module = _Graph(model, last or last_map(model, shapes)).eval()

    def score(self, direction: NDArray[np.float64]) -> Callable[[torch.Tensor], torch.Tensor]:
        """How much each logit counts, as one number a picture."""
        weights = torch.from_numpy(np.asarray(direction, np.float32))
        return lambda pixels: self.module(pixels) @ weights

    def heat(
        self, method: Method, square: NDArray[np.float32], direction: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Heat by the named method."""
        how = self.grad_cam if method == "grad-cam" else self.integrated
        return how(square, direction)

    def grad_cam(
        self, square: NDArray[np.float32], direction: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Grad-CAM of the last map (rows, columns), below zero too."""
        cam = LayerGradCam(self.score(direction), self.module.last)
        found = cam.attribute(torch.from_numpy(square[None]), relu_attributions=False)
        return np.asarray(found[0, 0].detach().numpy(), np.float32)

    def integrated(
        self, square: NDArray[np.float32], direction: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Integrated gradients (size, size), summed over colours, from a grey picture on."""
        pixels = torch.from_numpy(square[None])
        found = IntegratedGradients(self.score(direction)).attribute(
            pixels,
            baselines=torch.full_like(pixels, GREY),
            n_steps=STEPS,
            internal_batch_size=BATCH,
        )
        return np.asarray(found[0].sum(dim=-1).detach().numpy(), np.float32)
