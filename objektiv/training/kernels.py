"""Convolutions, with their gradients, in the forms that a processor computes fast.

In: images with channels last, (n, h, w, channels), contiguous. Out: the same kind. A convolution
of 1 x 1 is a product of matrices; the gradient of a 5 x 5 depthwise kernel is put together from
two of 5 x 3, because oneDNN has fast code up to a width of 3 only and is twenty times slower
beyond; ReLU6 happens in place, and what it let through is read from its own result.
Figures: docs/lab_log.md.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

SIX = 6.0
WIDEST = 3  # columns of a depthwise kernel whose gradient oneDNN computes fast
SMALLEST = 1e-12  # of a variance that has a gradient: a channel without any has none

Zeros = tuple[int, int, int, int]  # left, right, above, below


class Window(NamedTuple):
    """How a kernel goes over an image."""

    stride: int
    zeros: Zeros  # added around the image


def pointwise(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, *, activation: bool
) -> torch.Tensor:
    """A convolution of 1 x 1, then ReLU6 where asked; weight (out, in), bias (out,)."""
    found: torch.Tensor = _Pointwise.apply(x, weight, bias, SIX if activation else None)
    return found


def depthwise(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    window: Window,
    *,
    activation: bool,
) -> torch.Tensor:
    """A convolution of each channel for itself, then ReLU6 where asked; weight (channels, 1, k,
    k)."""
    found: torch.Tensor = _Depthwise.apply(x, weight, bias, window, SIX if activation else None)
    return found


def pool(x: torch.Tensor) -> torch.Tensor:
    """Mean, maximum and standard deviation of each channel, (n, 3 x channels)."""
    found: torch.Tensor = _Pool.apply(x)
    return found


class _Pointwise(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        highest: float | None,
    ) -> torch.Tensor:
        rows = x.flatten(0, 2)
        y = rows @ weight.t()
        if bias is not None:
            y += bias  # faster than addmm, which writes the bias everywhere first
        if highest is not None:
            y.clamp_(0, highest)
        context.save_for_backward(x, weight, y if highest is not None else None)
        return y.view(*x.shape[:3], -1)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, y = context.saved_tensors
        if y is not None:
            y = y.view(*x.shape[:3], -1)
            gradient = torch.ops.aten.hardtanh_backward(gradient, y, 0.0, SIX)
        g = gradient.reshape(-1, len(weight))
        wants_x, wants_weight, wants_bias, _ = context.needs_input_grad
        return (
            (g @ weight).view(x.shape) if wants_x else None,
            g.t() @ x.flatten(0, 2) if wants_weight else None,
            g.sum(0) if wants_bias else None,
            None,
        )


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        window: Window,
        highest: float | None,
    ) -> torch.Tensor:
        left, right, above, below = window.zeros
        uneven = left != right or above != below
        padded = surrounded(x, window.zeros) if uneven else x
        padding = (0, 0) if uneven else (above, left)
        z = torch.conv2d(
            padded.permute(0, 3, 1, 2), weight, bias, window.stride, padding, 1, len(weight)
        )
        y = z.permute(0, 2, 3, 1)
        if highest is not None:
            y.clamp_(0, highest)
        context.save_for_backward(padded, weight, y if highest is not None else None)
        context.stride, context.padding = window.stride, padding
        context.inside = (above, left, *x.shape[1:3]) if uneven else None
        return y

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, y = context.saved_tensors
        stride, padding = context.stride, context.padding
        g = gradient
        if y is not None:
            g = torch.ops.aten.hardtanh_backward(gradient, y, 0.0, SIX)
        wants_x, wants_weight, wants_bias = context.needs_input_grad[:3]
        gx = gw = None
        if wants_x:
            gx = _backward(g, x, weight, stride, padding, 0)
            if context.inside is not None:
                above, left, height, width = context.inside
                gx = gx[:, above : above + height, left : left + width]
        if wants_weight:
            gw = _weight_gradient(g, x, weight, stride, padding)
        return gx, gw, g.sum((0, 1, 2)) if wants_bias else None, None, None


def _weight_gradient(
    g: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, stride: int, padding: tuple[int, int]
) -> torch.Tensor:
    width = weight.shape[3]
    if width <= WIDEST or x.device.type != "cpu":
        return _backward(g, x, weight, stride, padding, 1)
    # columns 0-2 and 2-4 of the kernel, each on the part of the picture that they see
    parts = []
    seen = stride * (g.shape[2] - 1) + WIDEST
    for first in (0, width - WIDEST):
        begin = first - padding[1]
        before, after = max(-begin, 0), max(begin + seen - x.shape[2], 0)
        window = x[:, :, max(begin, 0) : begin + seen - after]
        window = surrounded(window, (before, after, padding[0], padding[0]))
        part = weight[..., first : first + WIDEST]
        parts.append(_backward(g, window, part, stride, (0, 0), 1))
    return torch.cat([parts[0], parts[1][..., 2 * WIDEST - width :]], dim=3)


def surrounded(x: torch.Tensor, zeros: Zeros) -> torch.Tensor:
    """`x` with zeros left, right, above and below; torch's own writes all of it twice."""
    left, right, above, below = zeros
    n, height, width, channels = x.shape
    y = x.new_empty(n, above + height + below, left + width + right, channels)
    y[:, :above].zero_()
    y[:, above + height :].zero_()
    inner = y[:, above : above + height]
    inner[:, :, :left].zero_()
    inner[:, :, left + width :].zero_()
    inner[:, :, left : left + width].copy_(x)
    return y


def _backward(
    g: torch.Tensor,
    x: torch.Tensor,
    weight: torch.Tensor,
    stride: int,
    padding: tuple[int, int],
    which: int,
) -> torch.Tensor:
    """The gradient of x (0) or of the weight (1)."""
    found = torch.ops.aten.convolution_backward(
        g.permute(0, 3, 1, 2),
        x.permute(0, 3, 1, 2),
        weight,
        [len(weight)],
        [stride, stride],
        list(padding),
        [1, 1],
        False,
        [0, 0],
        len(weight),
        [which == 0, which == 1, False],
    )[which]
    return found.permute(0, 2, 3, 1) if which == 0 else found


class _Pool(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: torch.Tensor) -> torch.Tensor:
        places = x.flatten(1, 2)
        mean, maximum = places.mean(1), places.amax(1)
        variance = torch.sub(places, mean[:, None]).square_().mean(1)
        deviation = variance.sqrt()
        context.save_for_backward(x, mean, maximum, deviation)
        return torch.cat([mean, maximum, deviation], dim=1)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        x, mean, maximum, deviation = context.saved_tensors
        places = x.flatten(1, 2)
        g_mean, g_maximum, g_deviation = gradient.chunk(3, dim=1)
        factor = g_deviation / deviation.clamp_min(SMALLEST**0.5) / places.shape[1]
        factor = factor * (deviation > SMALLEST**0.5)
        constant = g_mean / places.shape[1] - mean * factor
        gx = torch.addcmul(constant[:, None], places, factor[:, None])
        highest = places.eq(maximum[:, None]).to(places.dtype)
        share = g_maximum / highest.sum(1)  # places that are equally high share
        return gx.addcmul_(highest, share[:, None]).view(x.shape)
