"""Shapes that do not fit are told with both shapes and the usual mistake."""

from __future__ import annotations

import re

import numpy as np
import pytest

from objektiv.scratch.shapes import ShapeError, has_axes, joins, one_hot, same_rows, same_shape


def test_shape_error_is_a_value_error() -> None:
    """Who knows nothing of this package catches ValueError."""
    assert issubclass(ShapeError, ValueError)


def test_flat_and_column_are_refused() -> None:
    """A flat row beside a column is refused with both shapes, and the mistake is named."""
    with pytest.raises(ShapeError) as found:
        same_shape(np.zeros(3), np.zeros((3, 1)), what="outputs and targets")

    words = "outputs and targets", "(3,)", "(3, 1)", "usual mistake", "flat row"
    assert [word for word in words if word not in str(found.value)] == []


def test_other_number_of_items_is_refused() -> None:
    """Inputs and targets of different numbers of items are refused with both shapes."""
    with pytest.raises(ShapeError, match=r"\(4, 2\).*\(3,\).*usual mistake: .*inputs\.T"):
        same_rows(np.zeros((4, 2)), np.zeros(3))


def test_single_item_is_refused() -> None:
    """One item where a batch is wanted is refused with the axes that are wanted."""
    with pytest.raises(ShapeError, match=r"\(784,\).*\(items, features\).*np\.newaxis"):
        has_axes(np.zeros(784), "items features", what="inputs")


@pytest.mark.parametrize("inputs", [np.zeros((4, 3)), np.float64(1)], ids=["features", "number"])
def test_inner_numbers_must_agree(inputs: np.ndarray) -> None:
    """Inputs and weights whose inner numbers differ are refused with both shapes."""
    with pytest.raises(ShapeError, match=re.escape(f"{inputs.shape}") + r".*\(2, 5\).*must agree"):
        joins(inputs, np.zeros((2, 5)), axis=-1)


def test_one_hot_has_a_column_a_class() -> None:
    """Each row is 1 in the column of its class and 0 elsewhere."""
    assert one_hot(np.array([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize("labels", [[1, 2, 3], [-1, 0], [[0, 1]], [0.5, 1.0], ["a"]])
def test_labels_outside_the_classes_are_refused(labels: list[int]) -> None:
    """Labels that count from 1, are negative, names or no flat row are refused."""
    with pytest.raises(ShapeError, match="usual mistake: labels count from 1"):
        one_hot(np.array(labels), 3)
