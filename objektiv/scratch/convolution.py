"""Layers of filters: many at once, over all channels, forward and backward.

In: pictures (items, channels, height, width) or rows (items, channels, length). Out: for each
filter how well it fits at each place; and, backward, slopes.
Try: `Conv2D(he((8, 1, 3, 3), random=np.random.default_rng(0)), padding=1)`.
"""

from __future__ import annotations

import numpy as np

from objektiv.scratch.filters import pad, places_of
from objektiv.scratch.layers import Layer
from objektiv.scratch.shapes import Array, ShapeError, has_axes


def put_back(slope: Array, shape: tuple[int, ...], *, stride: int = 1) -> Array:
    """The reverse of `places_of`: (items, channels, rows, columns, *size) added up to `shape`.

    A pixel that was seen at several places gets the sum of their slopes.
    """
    rows, columns, high, wide = slope.shape[2:]
    back = np.zeros(shape, slope.dtype)
    for i in range(high):
        for j in range(wide):
            down = slice(i, i + stride * rows, stride)
            right = slice(j, j + stride * columns, stride)
            back[:, :, down, right] += slope[..., i, j]
    return back


class Conv2D(Layer):
    """Filters (filters, channels, height, width) with a bias each."""

    places: Array  # of the last forward: (items, channels, rows, columns, height, width)
    shape: tuple[int, ...]  # of its inputs, padded

    def __init__(self, filters: Array, *, padding: int = 0, stride: int = 1) -> None:
        super().__init__()
        has_axes(filters, "filters channels height width", what="filters")
        bias = np.zeros(len(filters), filters.dtype)
        self.weights = {"filters": filters.copy(), "bias": bias}
        self.padding, self.stride = padding, stride

    def forward(self, inputs: Array, *, learning: bool = False) -> Array:
        """Pictures (items, channels, height, width) to sums (items, filters, rows, columns)."""
        has_axes(inputs, "items channels height width", what="inputs")
        filters = self.weights["filters"]
        if inputs.shape[1] != filters.shape[1]:
            raise ShapeError(
                "inputs and filters",
                first=f"the inputs are {inputs.shape}",
                second=f"the filters {filters.shape}",
                mistake="the second number of both is that of the channels and must agree; "
                "pictures with the channels last need np.moveaxis(x, -1, 1)",
            )
        padded = pad(inputs, self.padding, axes=2)
        self.shape = padded.shape
        size = (filters.shape[2], filters.shape[3])
        self.places = places_of(padded, size, stride=self.stride)
        # (items, rows, columns, filters): one matrix product for all places
        sums = np.tensordot(self.places, filters, axes=([1, 4, 5], [1, 2, 3]))
        return np.moveaxis(sums + self.weights["bias"], 3, 1)

    def backward(self, slope: Array) -> Array:
        """From slope (items, filters, rows, columns) to (items, channels, height, width).

        A filter's weight meets one pixel at each place: its slope is the sum of pixel x slope.
        A pixel's slope is the sum of weight x slope over all filters and places that saw it.
        """
        filters = self.weights["filters"]
        self.slopes["filters"] = np.tensordot(slope, self.places, axes=([0, 2, 3], [0, 2, 3]))
        self.slopes["bias"] = slope.sum(axis=(0, 2, 3))
        # (items, rows, columns, channels, height, width), then the channels second
        seen = np.moveaxis(np.tensordot(slope, filters, axes=([1], [0])), 3, 1)
        back = put_back(seen, self.shape, stride=self.stride)
        bottom, right = (size - self.padding for size in self.shape[2:])
        return back[:, :, self.padding : bottom, self.padding : right]


class Conv1D(Layer):
    """Filters (filters, channels, kernel) along rows: pictures that are one pixel high."""

    def __init__(self, filters: Array, *, padding: int = 0, stride: int = 1) -> None:
        super().__init__()
        has_axes(filters, "filters channels kernel", what="filters")
        self.flat = Conv2D(filters[:, :, np.newaxis], stride=stride)
        self.weights, self.slopes = self.flat.weights, self.flat.slopes
        self.padding = padding

    def forward(self, inputs: Array, *, learning: bool = False) -> Array:
        """Rows (items, channels, length) to sums (items, filters, places)."""
        has_axes(inputs, "items channels length", what="inputs")
        padded = pad(inputs, self.padding, axes=1)
        return self.flat.forward(padded[:, :, np.newaxis])[:, :, 0]

    def backward(self, slope: Array) -> Array:
        """From slope (items, filters, places) to (items, channels, length)."""
        back = self.flat.backward(slope[:, :, np.newaxis])[:, :, 0]
        return back[:, :, self.padding : back.shape[2] - self.padding]
