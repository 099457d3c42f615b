"""Filters over rows and pictures, against the course's worked pictures and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from objektiv.scratch.filters import filter_picture, filter_row, pad, places_of, size_after
from objektiv.scratch.shapes import ShapeError

EDGE = np.array([[1.0, 0, -1]] * 3)
# Picture and filter of V. Dumoulin and F. Visin, arXiv 1603.07285, whose results the course shows.
PICTURE = np.array(
    [[3.0, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]
)
FILTER = np.array([[0.0, 1, 2], [2, 2, 0], [0, 1, 2]])


def test_filter_of_the_course() -> None:
    """A 3 x 3 filter over a 5 x 5 picture gives 12 12 17 / 10 17 19 / 9 6 14."""
    assert filter_picture(PICTURE, FILTER).tolist() == [[12, 12, 17], [10, 17, 19], [9, 6, 14]]


def test_padding_and_stride_of_the_course() -> None:
    """With padding 1 and stride 2 the same filter gives 6 17 3 / 8 17 13 / 6 4 4."""
    found = filter_picture(PICTURE, FILTER, padding=1, stride=2)

    assert found.tolist() == [[6, 17, 3], [8, 17, 13], [6, 4, 4]]


def test_result_that_is_printed_as_zeros() -> None:
    """The thesis prints all zeros where 2 -2 -2 / 3 -3 -3 / 3 -3 -3 is right, a misprint."""
    # a picture of ours that gives these numbers: the thesis' own is not at hand
    picture = np.array([[0.0, 0, 0, 0, 0]] + [[1.0, 0, 0, 1, 1]] * 4)
    found = filter_picture(picture, EDGE)

    assert found.tolist() == [[2, -2, -2], [3, -3, -3], [3, -3, -3]]
    assert found.any()


def test_vertical_edge() -> None:
    """The edge filter answers at a vertical edge, and not where all is the same."""
    picture = np.array([[1.0, 1, 1, 0, 0, 0]] * 4)

    assert filter_picture(picture, EDGE).tolist() == [[0, 3, 3, 0]] * 2
    assert not filter_picture(np.ones((5, 5)), EDGE).any()


def test_bits() -> None:
    """[+1 0 -1] is -1 where bits begin, +1 where they end, and 0 elsewhere."""
    bits = np.array([0.0, 0, 0, 1, 1, 1, 0, 0])

    assert filter_row(bits, np.array([1.0, 0, -1])).tolist() == [0, -1, -1, 0, 1, 1]


@pytest.mark.parametrize(("padding", "stride"), [(0, 1), (1, 1), (2, 1), (1, 2), (0, 3)])
def test_filters_are_those_of_scipy(padding: int, stride: int) -> None:
    """Sums are SciPy's cross-correlation, in one and two dimensions."""
    random = np.random.default_rng(0)
    row, kernel = random.normal(size=11), random.normal(size=4)
    picture, square = random.normal(size=(9, 7)), random.normal(size=(3, 2))

    np.testing.assert_allclose(
        filter_row(row, kernel, padding=padding, stride=stride),
        np.correlate(np.pad(row, padding), kernel)[::stride],
    )
    np.testing.assert_allclose(
        filter_picture(picture, square, padding=padding, stride=stride),
        signal.correlate2d(np.pad(picture, padding), square, "valid")[::stride, ::stride],
    )


@pytest.mark.parametrize(
    ("size", "kernel", "padding", "stride", "places"),
    [(5, 3, 0, 1, 3), (5, 3, 1, 1, 5), (5, 3, 1, 2, 3), (28, 3, 0, 1, 26), (6, 2, 0, 2, 3)],
)
def test_sizes(size: int, kernel: int, padding: int, stride: int, places: int) -> None:
    """The number of places is that of the formula, and of what comes out."""
    found = filter_row(np.zeros(size), np.zeros(kernel), padding=padding, stride=stride)

    assert size_after(size, kernel, padding=padding, stride=stride) == places == len(found)


def test_places_are_a_view() -> None:
    """What a filter sees is laid out without a copy."""
    assert np.shares_memory(places_of(PICTURE, (3, 3)), PICTURE)
    assert places_of(np.zeros((2, 4, 9, 9)), (3, 2), stride=2).shape == (2, 4, 4, 4, 3, 2)


def test_padding_is_zeros_around() -> None:
    """Only the last axes get zeros on both sides."""
    found = pad(np.ones((1, 2, 2)), 1, axes=2)

    assert found[0].tolist() == [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert pad(np.ones((3, 2)), 2, axes=1).shape == (3, 6)


def test_filter_larger_than_picture_is_refused() -> None:
    """A filter that has no place is refused with both sizes."""
    with pytest.raises(ShapeError, match="7 long, the input 5 with 0 more.*too many poolings"):
        filter_picture(PICTURE, np.zeros((3, 7)))
    with pytest.raises(ShapeError, match=r"\(5, 5\).*\(length\)"):
        filter_row(PICTURE, np.zeros(3))


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(0, 1, 0), (3, 0, 0), (3, 1, -1)])
def test_senseless_numbers_are_refused(kernel: int, stride: int, padding: int) -> None:
    """A filter of nothing, a stride of 0 and negative padding are refused."""
    with pytest.raises(ValueError, match="kernel and stride are at least 1 and padding 0"):
        size_after(5, kernel, stride=stride, padding=padding)
