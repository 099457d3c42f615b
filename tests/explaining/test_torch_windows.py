"""Borders are those of TensorFlow, where a graph asks for them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs objektiv[torch]")

from objektiv.explaining.torch_windows import conv, max_pool, pad  # noqa: E402


def test_same_upper_adds_the_odd_pixel_behind() -> None:
    """Five pixels, a kernel of 2, a step of 1: the last window reaches out, the first does not."""
    x = torch.arange(1.0, 6.0).reshape(1, 1, 1, 5)
    weight = torch.ones(1, 1, 1, 2)

    upper = conv({"auto_pad": b"SAME_UPPER"}, x, weight)
    lower = conv({"auto_pad": b"SAME_LOWER"}, x, weight)

    assert upper.flatten().tolist() == [3, 5, 7, 9, 5]
    assert lower.flatten().tolist() == [1, 3, 5, 7, 9]


def test_a_pool_never_takes_a_border_for_the_largest() -> None:
    """Below zero the border of a pool does not win."""
    x = torch.full((1, 1, 2, 2), -3.0)

    found = max_pool({"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}, x)

    assert found.flatten().tolist() == [-3.0]


def test_borders_may_be_cut_away() -> None:
    """A border below 0 takes places away."""
    x = torch.arange(4.0).reshape(1, 1, 1, 4)

    found = pad({}, x, torch.tensor([0, 0, 0, -1, 0, 0, 0, 1]))

    assert found.flatten().tolist() == [1, 2, 3, 0]
