"""Pooling: of each square of pixels only the largest value, or the mean, goes on.

In: pictures (items, channels, height, width). Out: smaller ones.
A pattern that moves by a pixel mostly stays in its square and so gives the same maximum: that
is why pooling makes a network tolerant of small shifts.
Try: `MaxPool(2).forward(np.arange(16.0).reshape(1, 1, 4, 4))`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from objektiv.scratch.convolution import put_back
from objektiv.scratch.filters import places_of
from objektiv.scratch.layers import Layer
from objektiv.scratch.shapes import Array, has_axes


class Pool(Layer):
    """Squares of `size` pixels, `stride` apart (side by side unless told otherwise).

    Pixels at the right and lower edge that fill no square are left out.
    """

    shape: tuple[int, ...]  # of the last inputs

    def __init__(self, size: int, *, stride: int | None = None) -> None:
        super().__init__()
        self.size, self.stride = size, size if stride is None else stride

    def squares(self, inputs: Array) -> Array:
        """(items, channels, height, width) to (items, channels, rows, columns, size x size)."""
        has_axes(inputs, "items channels height width", what="inputs")
        self.shape = inputs.shape
        places = places_of(inputs, (self.size, self.size), stride=self.stride)
        return places.reshape(*places.shape[:4], -1)

    def spread(self, slope: Array) -> Array:
        """Slopes (items, channels, rows, columns, size x size) back to the pixels."""
        squares = slope.reshape(*slope.shape[:4], self.size, self.size)
        return put_back(squares, self.shape, stride=self.stride)


class MaxPool(Pool):
    """The largest of each square."""

    winner: NDArray[np.intp]  # of the last forward, (items, channels, rows, columns, 1)

    def forward(self, inputs: Array, *, learning: bool = False) -> Array:
        """To (items, channels, rows, columns)."""
        squares = self.squares(inputs)
        self.winner = squares.argmax(axis=4)[..., np.newaxis]
        return np.take_along_axis(squares, self.winner, axis=4)[..., 0]

    def backward(self, slope: Array) -> Array:
        """All to the pixel that was the largest (the first, where several were)."""
        squares = np.zeros((*slope.shape, self.size**2), slope.dtype)
        np.put_along_axis(squares, self.winner, slope[..., np.newaxis], axis=4)
        return self.spread(squares)


class MeanPool(Pool):
    """The mean of each square."""

    def forward(self, inputs: Array, *, learning: bool = False) -> Array:
        """To (items, channels, rows, columns)."""
        means: Array = self.squares(inputs).mean(axis=4)
        return means

    def backward(self, slope: Array) -> Array:
        """An equal part to each pixel of the square."""
        share = slope[..., np.newaxis] / self.size**2
        return self.spread(np.repeat(share, self.size**2, axis=4))
