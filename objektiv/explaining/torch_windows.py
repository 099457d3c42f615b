"""Convolutions, pools and borders of ONNX as functions of torch.

In: an operation's settings and its tensors. Out: its tensor. ONNX may add other borders before a
map than behind it, as TensorFlow does, so they are added by themselves.
Try: `conv({"auto_pad": b"SAME_UPPER"}, torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3))`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Options = Mapping[str, Any]

SAME = (b"SAME_UPPER", b"SAME_LOWER")


def _borders(options: Options, sides: Sequence[int], kernel: Sequence[int]) -> list[int]:
    """Pixels added before and after, last axis first, as torch wants them."""
    strides = options.get("strides", [1] * len(kernel))
    dilations = options.get("dilations", [1] * len(kernel))
    how = options.get("auto_pad", b"NOTSET")
    pads = options.get("pads", [0] * 2 * len(kernel))
    found: list[int] = []
    for axis in reversed(range(len(kernel))):
        before, after = pads[axis], pads[axis + len(kernel)]
        if how in SAME:
            width = (kernel[axis] - 1) * dilations[axis] + 1
            steps = -(-sides[axis] // strides[axis])
            whole = max((steps - 1) * strides[axis] + width - sides[axis], 0)
            before = (whole + (how == b"SAME_LOWER")) // 2
            after = whole - before
        found += [before, after]
    return found


def conv(options: Options, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A convolution over one axis or two; `x` (n, channels, ...)."""
    kernel = weight.shape[2:]
    ones = [1] * len(kernel)
    padded = functional.pad(x, _borders(options, x.shape[2:], kernel))
    function = functional.conv1d if len(kernel) == 1 else functional.conv2d
    strides, dilations = options.get("strides", ones), options.get("dilations", ones)
    return function(padded, weight, bias, strides, 0, dilations, options.get("group", 1))


def _more(options: Options, x: Tensor) -> list[int]:
    """Borders of a pool; where it rounds up, also what the last window lacks."""
    kernel = options["kernel_shape"]
    borders = _borders(options, x.shape[2:], kernel)
    if options.get("ceil_mode"):
        strides = options.get("strides", [1] * len(kernel))
        for place, axis in enumerate(reversed(range(len(kernel)))):
            side = x.shape[2 + axis] + borders[2 * place] + borders[2 * place + 1]
            borders[2 * place + 1] += -(side - kernel[axis]) % strides[axis]
    return borders


def max_pool(options: Options, x: Tensor) -> Tensor:
    """The largest value under each window of `x` (n, channels, height, width)."""
    kernel = options["kernel_shape"]
    padded = functional.pad(x, _more(options, x), value=float("-inf"))
    ones = [1] * len(kernel)
    strides, dilations = options.get("strides", ones), options.get("dilations", ones)
    return functional.max_pool2d(padded, kernel, strides, dilation=dilations)


def average_pool(options: Options, x: Tensor) -> Tensor:
    """The mean under each window, of what lies inside unless told otherwise."""
    kernel, borders = options["kernel_shape"], _more(options, x)
    strides = options.get("strides", [1] * len(kernel))
    total = functional.avg_pool2d(functional.pad(x, borders), kernel, strides)
    if options.get("count_include_pad"):
        return total
    inside = functional.pad(torch.ones_like(x[:1, :1]), borders)
    return total / functional.avg_pool2d(inside, kernel, strides)


def pad(
    options: Options,
    x: Tensor,
    pads: Tensor,
    value: Tensor | None = None,
    axes: Tensor | None = None,
) -> Tensor:
    """More places at the ends of any axes; below 0 takes them away."""
    told = pads.tolist()
    along = list(range(x.ndim)) if axes is None else [axis % x.ndim for axis in axes.tolist()]
    borders = [0] * 2 * x.ndim
    for place, axis in enumerate(along):
        at = 2 * (x.ndim - 1 - axis)
        borders[at : at + 2] = [told[place], told[place + len(along)]]
    mode = options.get("mode", b"constant").decode()
    if mode == "constant":
        return functional.pad(x, borders, value=0.0 if value is None else value.item())
    return functional.pad(x, borders[:4], mode={"edge": "replicate"}.get(mode, mode))
