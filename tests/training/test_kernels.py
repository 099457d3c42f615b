"""Fast forms of convolutions against torch's own, values and gradients."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs objektiv[torch]")

import torch
from torch.nn import functional

from objektiv.training import kernels

CLOSE = {"rtol": 1e-3, "atol": 1e-4}


def _agree(own: torch.Tensor, expected: torch.Tensor, *pairs: tuple[torch.Tensor, ...]) -> None:
    """Values, then gradients of every pair of leaves."""
    torch.testing.assert_close(own, expected, **CLOSE)
    seed = torch.randn_like(expected)
    own.backward(seed)
    expected.backward(seed)
    for a, b in pairs:
        torch.testing.assert_close(a.grad, b.grad, **CLOSE)


def _twice(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = 2 * torch.randn(*shape)
    return x.clone().requires_grad_(), x.clone().requires_grad_()


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("side", [4, 7, 16])
@pytest.mark.parametrize("activation", [False, True])
def test_depthwise(kernel: int, stride: int, side: int, activation: bool) -> None:  # noqa: FBT001
    """Any kernel, stride and side gives what torch gives on the picture with zeros around."""
    torch.manual_seed(0)
    before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
    zeros = (before, after, before, after)
    (x, x2), (w, w2), (b, b2) = (
        _twice(3, side, side, 16),
        _twice(16, 1, kernel, kernel),
        _twice(16),
    )
    window = kernels.Window(stride, zeros)
    own = kernels.depthwise(x, w, b, window, activation=activation)
    y = functional.conv2d(functional.pad(x2.permute(0, 3, 1, 2), zeros), w2, b2, stride, groups=16)
    expected = (y.clamp(0, 6) if activation else y).permute(0, 2, 3, 1)

    _agree(own, expected, (x, x2), (w, w2), (b, b2))


@pytest.mark.parametrize("activation", [False, True])
def test_pointwise(activation: bool) -> None:  # noqa: FBT001
    """A product of matrices is a convolution of 1 x 1."""
    torch.manual_seed(0)
    (x, x2), (w, w2), (b, b2) = _twice(3, 5, 5, 8), _twice(12, 8), _twice(12)
    own = kernels.pointwise(x, w, b, activation=activation)
    y = functional.linear(x2, w2, b2)

    _agree(own, y.clamp(0, 6) if activation else y, (x, x2), (w, w2), (b, b2))


def test_pool() -> None:
    """Mean, maximum and deviation, and their gradients where the maximum stands alone."""
    torch.manual_seed(0)
    x, x2 = _twice(3, 5, 4, 8)
    deviation = x2.var((1, 2), correction=0).sqrt()
    expected = torch.cat([x2.mean((1, 2)), x2.amax((1, 2)), deviation], dim=1)

    _agree(kernels.pool(x), expected, (x, x2))


def test_pool_of_a_flat_picture() -> None:
    """Without any deviation its gradient is 0, and equal maxima share theirs."""
    x = torch.ones(1, 2, 2, 1, requires_grad=True)
    kernels.pool(x).backward(torch.tensor([[4.0, 8.0, 5.0]]))

    torch.testing.assert_close(x.grad, torch.full((1, 2, 2, 1), 3.0))
