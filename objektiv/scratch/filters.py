"""Convolution: a small filter slides along a row or a picture and looks for its pattern.

In: a row or picture, and a filter. Out: how well the filter fits at each place.
The filter is not turned around, as in all libraries of networks. All places are laid side by
side (a view, not a copy) and multiplied at once: "im2col". The course's filter [+1 0 -1] answers
where bits change. One of the thesis' results is printed as all zeros; see the tests.
Try: `filter_row(np.array([0, 0, 1, 1, 0.0]), np.array([1.0, 0, -1]))`.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from objektiv.scratch.shapes import Array, ShapeError, has_axes


def size_after(size: int, kernel: int, *, padding: int = 0, stride: int = 1) -> int:
    """How many places a filter has: (size + 2 padding - kernel) // stride + 1.

    Raises:
        ValueError: stride or kernel below 1, or negative padding.
    """
    if stride < 1 or kernel < 1 or padding < 0:
        raise ValueError(
            f"kernel and stride are at least 1 and padding 0, not {kernel}, {stride}, {padding}"
        )
    if kernel > size + 2 * padding:
        raise ShapeError(
            "filter and input",
            first=f"the filter is {kernel} long",
            second=f"the input {size} with {padding} more at each end",
            mistake="too many poolings before it, or the channels stand last",
        )
    return (size + 2 * padding - kernel) // stride + 1


def pad(values: Array, padding: int, *, axes: int) -> Array:
    """`padding` zeros more at both ends of the last `axes` axes."""
    before = [(0, 0)] * (values.ndim - axes)
    return np.pad(values, before + [(padding, padding)] * axes)


def filter_row(row: Array, kernel: Array, *, padding: int = 0, stride: int = 1) -> Array:
    """Sums (places,) of row (length,) times filter (kernel,) at every place."""
    has_axes(row, "length", what="row")
    has_axes(kernel, "length", what="filter")
    size_after(len(row), len(kernel), padding=padding, stride=stride)
    places: Array = sliding_window_view(pad(row, padding, axes=1), len(kernel))
    return places[::stride] @ kernel


def places_of(pictures: Array, size: tuple[int, int], *, stride: int = 1) -> Array:
    """What a filter sees: (..., height, width) to (..., rows, columns, *size)."""
    for have, wanted in zip(pictures.shape[-2:], size, strict=True):
        size_after(have, wanted, stride=stride)
    places: Array = sliding_window_view(pictures, size, axis=(-2, -1))
    return places[..., ::stride, ::stride, :, :]


def filter_picture(picture: Array, kernel: Array, *, padding: int = 0, stride: int = 1) -> Array:
    """Sums (rows, columns) of picture (height, width) times filter at every place."""
    has_axes(picture, "height width", what="picture")
    has_axes(kernel, "height width", what="filter")
    high, wide = kernel.shape
    places = places_of(pad(picture, padding, axes=2), (high, wide), stride=stride)
    sums: Array = np.einsum("rchw,hw->rc", places, kernel)
    return sums
