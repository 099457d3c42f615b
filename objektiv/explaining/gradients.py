"""Heat by gradients: Grad-CAM and integrated gradients of any bundle, through Captum.

In: a cut graph and a square. Out: heat of the square. The graph is run in torch operation by
operation, so that no trained module is needed: what was shipped is what is differentiated. Needs
the extra torch, and a graph in floats: 8-bit numbers have no gradient.
Sources: Selvaraju et al., Grad-CAM, ICCV 2017; Sundararajan et al., Axiomatic attribution for deep
networks, ICML 2017.
Try: `Gradients(load("cells.objektiv").network.graph).integrated(square, direction)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import torch
from captum.attr import IntegratedGradients, LayerGradCam
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from objektiv.base.errors import UsageError
from objektiv.explaining.pieces import LOGITS
from objektiv.explaining.settings import Method
from objektiv.features.preprocess import PIXELS

STEPS = 32  # on the way from the grey picture
GREY = 127.5  # what every pixel of the picture is that integrated gradients begin at
BATCH = 8

Options = Mapping[str, Any]


def _axes(values: list[torch.Tensor], options: Options) -> tuple[int, ...]:
    return tuple(int(a) for a in values[1].tolist()) if len(values) > 1 else (2, 3)


def _keeps(options: Options) -> bool:
    return bool(options.get("keepdims", 1))


def _windowed(
    x: torch.Tensor, options: Options, kernel: tuple[int, ...], *, fill: float
) -> torch.Tensor:
    """With the edges that a convolution or pool wants around it."""
    how, strides = options.get("auto_pad", b"NOTSET"), options.get("strides", [1, 1])
    top, left, bottom, right = options.get("pads", [0, 0, 0, 0])
    if how in (b"SAME_UPPER", b"SAME_LOWER"):
        whole = [
            max((-(-side // step) - 1) * step + (k - 1) * d + 1 - side, 0)
            for side, step, k, d in zip(
                x.shape[2:], strides, kernel, options.get("dilations", [1, 1]), strict=True
            )
        ]
        extra = how == b"SAME_LOWER"
        top, left = ((pad + extra) // 2 for pad in whole)
        bottom, right = whole[0] - top, whole[1] - left
    return functional.pad(x, (left, right, top, bottom), value=fill)


def _convolution(values: list[torch.Tensor], options: Options) -> torch.Tensor:
    x, weight = values[:2]
    x = _windowed(x, options, tuple(weight.shape[2:]), fill=0.0)
    return functional.conv2d(
        x,
        weight,
        values[2] if len(values) > 2 else None,
        stride=tuple(options.get("strides", [1, 1])),
        dilation=tuple(options.get("dilations", [1, 1])),
        groups=options.get("group", 1),
    )


def _largest(values: list[torch.Tensor], options: Options) -> torch.Tensor:
    kernel = tuple(options["kernel_shape"])
    x = _windowed(values[0], options, kernel, fill=-torch.inf)
    return functional.max_pool2d(x, kernel, stride=tuple(options.get("strides", [1, 1])))


def _gemm(values: list[torch.Tensor], options: Options) -> torch.Tensor:
    weight = values[1].T if options.get("transB") else values[1]
    product = values[0] @ weight
    return product + values[2] if len(values) > 2 else product


def _slice(values: list[torch.Tensor], options: Options) -> torch.Tensor:
    x, starts, ends, axes = values[:4]
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist(), strict=True):
        x = x.narrow(axis, start, min(end, x.shape[axis]) - start)
    return x


def _cast(values: list[torch.Tensor], options: Options) -> torch.Tensor:
    integer = options["to"] in (onnx.TensorProto.INT64, onnx.TensorProto.INT32)
    return values[0].long() if integer else values[0].float()


def _clip(values: list[torch.Tensor], options: Options) -> torch.Tensor:
    return torch.clamp(values[0], *values[1:])


def _reshape(values: list[torch.Tensor], options: Options) -> torch.Tensor:
    x = values[0]
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(values[1].tolist())])


def _deviation(values: list[torch.Tensor], options: Options) -> torch.Tensor:
    return torch.sqrt(values[0].clamp_min(1e-12))  # its slope at 0 has no end


RUN: dict[str, Callable[[list[torch.Tensor], Options], torch.Tensor]] = {
    "Abs": lambda v, o: v[0].abs(),
    "Add": lambda v, o: v[0] + v[1],
    "Cast": _cast,
    "Clip": _clip,
    "Concat": lambda v, o: torch.cat(v, dim=o["axis"]),
    "Conv": _convolution,
    "Div": lambda v, o: v[0] / v[1],
    "Exp": lambda v, o: v[0].exp(),
    "Flatten": lambda v, o: v[0].flatten(o.get("axis", 1)),
    "Gather": lambda v, o: v[0].index_select(o.get("axis", 0), v[1].reshape(-1)),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda v, o: v[0].mean(dim=(2, 3), keepdim=True),
    "Greater": lambda v, o: v[0] > v[1],
    "HardSigmoid": lambda v, o: (o.get("alpha", 0.2) * v[0] + o.get("beta", 0.5)).clamp(0, 1),
    "HardSwish": lambda v, o: functional.hardswish(v[0]),
    "Log": lambda v, o: v[0].log(),
    "MatMul": lambda v, o: v[0] @ v[1],
    "Max": lambda v, o: torch.maximum(v[0], v[1]),
    "MaxPool": _largest,
    "Mul": lambda v, o: v[0] * v[1],
    "ReduceL2": lambda v, o: v[0].norm(dim=_axes(v, o), keepdim=_keeps(o)),
    "ReduceMax": lambda v, o: v[0].amax(dim=_axes(v, o), keepdim=_keeps(o)),
    "ReduceMean": lambda v, o: v[0].mean(dim=_axes(v, o), keepdim=_keeps(o)),
    "ReduceMin": lambda v, o: v[0].amin(dim=_axes(v, o), keepdim=_keeps(o)),
    "ReduceSum": lambda v, o: v[0].sum(dim=_axes(v, o), keepdim=_keeps(o)),
    "Relu": lambda v, o: v[0].relu(),
    "Reshape": _reshape,
    "Sigmoid": lambda v, o: v[0].sigmoid(),
    "Slice": _slice,
    "Softmax": lambda v, o: v[0].softmax(dim=o.get("axis", -1)),
    "Softplus": lambda v, o: functional.softplus(v[0]),
    "Sqrt": _deviation,
    "Sub": lambda v, o: v[0] - v[1],
    "Tanh": lambda v, o: v[0].tanh(),
    "Transpose": lambda v, o: v[0].permute(o["perm"]),
    "Unsqueeze": lambda v, o: v[0].unsqueeze(int(v[1])),
}


class _Graph(nn.Module):
    """A cut graph up to its logits, as torch runs it; `last` is its last map, for Grad-CAM."""

    def __init__(self, model: onnx.ModelProto, last: str) -> None:
        super().__init__()
        self._nodes = _needed(model.graph)
        unknown = sorted({node.op_type for node in self._nodes} - set(RUN))
        if unknown:
            raise UsageError(
                "this bundle's network has operations without a gradient here",
                value=", ".join(unknown[:5]),
                allowed="Networks in floats, of the kinds that objektiv trains and Lite0",
                next="take `--method occlusion`, or export the run with `--precision fp32`",
            )
        self._numbers = {
            tensor.name: torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy())
            for tensor in model.graph.initializer
        }
        self._last_name = last
        self.last = nn.Identity()  # Captum wants a module whose output it can watch

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        values = {PIXELS: pixels}
        for node in self._nodes:
            given = [values[n] if n in values else self._numbers[n] for n in node.input if n]
            options = {o.name: onnx.helper.get_attribute_value(o) for o in node.attribute}
            found = RUN[node.op_type](given, options)
            values[node.output[0]] = (
                self.last(found) if node.output[0] == self._last_name else found
            )
        return values[LOGITS]


def _needed(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    wanted, found = {LOGITS}, []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            found.append(node)
            wanted.update(node.input)
    return found[::-1]


def last_map(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """The last map with more than one place that the logits are computed from.

    Not what pooling makes of it on the way: its squared distances from the mean are a map too.
    """
    maps = [
        node.output[0]
        for node in _needed(model.graph)
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
