"""Pooling forward and backward, against the course's table, finite differences and torch."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.scratch.pooling import MaxPool, MeanPool, Pool
from objektiv.scratch.shapes import ShapeError
from tests.scratch.checks import assert_slopes

KINDS = [MaxPool, MeanPool]
TABLE = np.array([[1.0, 4, 3, 12], [8, 9, 7, 4], [3, 9, 2, 1], [15, 13, 3, 7]])


def test_table_of_the_course() -> None:
    """2 x 2 max pooling of the course's table gives 9 12 / 15 7."""
    assert MaxPool(2).forward(TABLE[None, None])[0, 0].tolist() == [[9, 12], [15, 7]]


def test_mean_of_the_same_table() -> None:
    """The mean of each square, worked by hand."""
    assert MeanPool(2).forward(TABLE[None, None])[0, 0].tolist() == [[5.5, 6.5], [10, 3.25]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("size", "stride"), [(2, None), (2, 1), (3, 2)])
def test_slopes_by_finite_differences(kind: type[Pool], size: int, stride: int | None) -> None:
    """What pooling hands backward is how the cost changes, also where squares overlap."""
    assert_slopes(kind(size, stride=stride), np.random.default_rng(0).normal(size=(2, 2, 6, 5)))


@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, 2)])
def test_pooling_is_that_of_torch(size: int, stride: int | None) -> None:
    """Values and slopes are those of torch."""
    torch = pytest.importorskip("torch")
    inputs = np.random.default_rng(0).normal(size=(2, 3, 7, 8))
    for kind, name in zip(KINDS, ("max_pool2d", "avg_pool2d"), strict=True):
        x = torch.tensor(inputs, requires_grad=True)
        theirs = getattr(torch.nn.functional, name)(x, size, stride)
        theirs.sum().backward()
        layer = kind(size, stride=stride)

        np.testing.assert_allclose(layer.forward(inputs), theirs.detach().numpy(), atol=1e-12)
        np.testing.assert_allclose(layer.backward(np.ones(theirs.shape)), x.grad.numpy())


def test_small_shifts_inside_a_square_are_not_seen() -> None:
    """A bright pixel that moves within its square gives the same maximum."""
    before, after = np.zeros((1, 1, 4, 4)), np.zeros((1, 1, 4, 4))
    before[0, 0, 0, 0] = after[0, 0, 1, 1] = 1

    assert (MaxPool(2).forward(before) == MaxPool(2).forward(after)).all()


def test_equal_pixels_share_nothing() -> None:
    """Where several are the largest the first gets all, so that slopes are not counted twice."""
    layer = MaxPool(2)
    layer.forward(np.ones((1, 1, 2, 2)))

    assert layer.backward(np.ones((1, 1, 1, 1)))[0, 0].tolist() == [[1, 0], [0, 0]]


def test_pictures_without_channels_are_refused() -> None:
    """A table alone is refused with the axes that are wanted."""
    with pytest.raises(ShapeError, match=r"\(4, 4\).*items, channels, height, width"):
        MaxPool(2).forward(TABLE)
