"""Convolutions forward and backward, against finite differences and torch."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.scratch.convolution import Conv1D, Conv2D, put_back
from objektiv.scratch.filters import filter_picture, filter_row, places_of
from objektiv.scratch.shapes import ShapeError
from tests.scratch.checks import assert_slopes

STEPS = [(0, 1), (1, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize(("padding", "stride"), STEPS)
def test_slopes_by_finite_differences(padding: int, stride: int) -> None:
    """What a convolution hands backward is how the cost changes, in one and two dimensions."""
    random = np.random.default_rng(0)
    row = Conv1D(random.normal(size=(2, 3, 3)), padding=padding, stride=stride)
    picture = Conv2D(random.normal(size=(2, 2, 3, 2)), padding=padding, stride=stride)

    assert_slopes(row, random.normal(size=(2, 3, 6)))
    assert_slopes(picture, random.normal(size=(2, 2, 5, 4)))


@pytest.mark.parametrize(("padding", "stride"), STEPS)
def test_two_dimensions_are_those_of_torch(padding: int, stride: int) -> None:
    """Sums and slopes are those of torch's convolution."""
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(1)
    inputs, filters = random.normal(size=(3, 4, 9, 8)), random.normal(size=(5, 4, 3, 3))
    layer = Conv2D(filters, padding=padding, stride=stride)
    x, w = torch.tensor(inputs, requires_grad=True), torch.tensor(filters, requires_grad=True)
    theirs = torch.nn.functional.conv2d(x, w, padding=padding, stride=stride)
    ours = layer.forward(inputs)
    slope = random.normal(size=ours.shape)
    theirs.backward(torch.tensor(slope))

    np.testing.assert_allclose(ours, theirs.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(layer.backward(slope), x.grad.numpy(), atol=1e-12)
    np.testing.assert_allclose(layer.slopes["filters"], w.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize(("padding", "stride"), STEPS)
def test_one_dimension_is_that_of_torch(padding: int, stride: int) -> None:
    """Sums and slopes along rows are those of torch's convolution."""
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(1)
    inputs, filters = random.normal(size=(3, 4, 11)), random.normal(size=(5, 4, 3))
    layer = Conv1D(filters, padding=padding, stride=stride)
    x, w = torch.tensor(inputs, requires_grad=True), torch.tensor(filters, requires_grad=True)
    theirs = torch.nn.functional.conv1d(x, w, padding=padding, stride=stride)
    slope = random.normal(size=layer.forward(inputs).shape)
    theirs.backward(torch.tensor(slope))

    np.testing.assert_allclose(layer.forward(inputs), theirs.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(layer.backward(slope), x.grad.numpy(), atol=1e-12)
    np.testing.assert_allclose(layer.slopes["filters"][:, :, 0], w.grad.numpy(), atol=1e-12)


def test_layers_do_what_plain_filters_do() -> None:
    """One filter over one channel is the plain filter, and the bias is added."""
    random = np.random.default_rng(0)
    picture, row = random.normal(size=(6, 6)), random.normal(size=8)
    square, kernel = random.normal(size=(3, 3)), random.normal(size=3)
    layer = Conv2D(square[None, None], padding=1, stride=2)
    layer.weights["bias"][:] = 0.5

    np.testing.assert_allclose(
        layer.forward(picture[None, None])[0, 0],
        filter_picture(picture, square, padding=1, stride=2) + 0.5,
    )
    np.testing.assert_allclose(
        Conv1D(kernel[None, None], padding=1).forward(row[None, None])[0, 0],
        filter_row(row, kernel, padding=1),
    )


def test_put_back_counts_how_often_a_pixel_is_seen() -> None:
    """Ones laid back say at how many places each pixel was seen."""
    seen = np.ones_like(places_of(np.zeros((1, 1, 3, 3)), (2, 2)))

    assert put_back(seen, (1, 1, 3, 3))[0, 0].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


def test_channels_last_are_refused() -> None:
    """Pictures whose channels stand last are refused with both shapes and the way out."""
    layer = Conv2D(np.zeros((8, 3, 3, 3)))
    with pytest.raises(ShapeError, match=r"\(1, 9, 9, 3\).*\(8, 3, 3, 3\).*moveaxis\(x, -1, 1\)"):
        layer.forward(np.zeros((1, 9, 9, 3)))


def test_grey_pictures_without_channels_are_refused() -> None:
    """Grey pictures need their axis of one channel."""
    with pytest.raises(ShapeError, match=r"\(5, 9, 9\).*items, channels.*x\[:, np\.newaxis\]"):
        Conv2D(np.zeros((8, 1, 3, 3))).forward(np.zeros((5, 9, 9)))
    with pytest.raises(ShapeError, match=r"\(5, 9\).*items, channels, length"):
        Conv1D(np.zeros((8, 1, 3))).forward(np.zeros((5, 9)))
