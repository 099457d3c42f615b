"""Shapes that must fit together, and a message that shows both when they do not.

In: arrays. Out: nothing, or a ShapeError with both shapes and the usual mistake.
An array of shape (3, 2) has 3 rows and 2 columns; here a row is an item (a car, a picture) and a
column one thing that is known about it. Whatever the other files hold raises ShapeError where
shapes do not fit. Start reading here.
Try: `same_shape(np.zeros(3), np.zeros((3, 1)), what="outputs and targets")`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]


class ShapeError(ValueError):
    """Two shapes that do not go together."""

    def __init__(self, what: str, *, first: str, second: str, mistake: str) -> None:
        super().__init__(f"{what} do not fit: {first}, {second}. The usual mistake: {mistake}.")


def same_shape(first: Array, second: Array, *, what: str) -> None:
    """Refuse two arrays of different shapes.

    NumPy would stretch them: (n,) less (n, 1) is (n, n), and a cost of n x n differences looks
    quite reasonable.
    """
    if np.shape(first) != np.shape(second):
        raise ShapeError(
            what,
            first=f"the first is {np.shape(first)}",
            second=f"the second {np.shape(second)}",
            mistake="one of them is a flat row of numbers (n,) and the other a column (n, 1), "
            "or class numbers were given where one column a class is wanted (see `one_hot`)",
        )


def same_rows(inputs: Array, targets: Array) -> None:
    """Refuse inputs and targets of different numbers of items."""
    if len(inputs) != len(targets):
        raise ShapeError(
            "inputs and targets",
            first=f"the inputs are {np.shape(inputs)}",
            second=f"the targets {np.shape(targets)}",
            mistake="inputs stand with items in columns (write inputs.T), or only one of the two "
            "was cut into training and test",
        )


def has_axes(values: Array, axes: str, *, what: str) -> None:
    """Refuse values of another number of axes than `axes` has words: "items channels length"."""
    names = axes.split()
    if np.ndim(values) != len(names):
        raise ShapeError(
            f"{what} and what takes them",
            first=f"they are {np.shape(values)}",
            second=f"wanted is ({', '.join(names)})",
            mistake="a single item was given instead of a batch (write x[np.newaxis]), the axis of "
            "channels is missing (x[:, np.newaxis]), or pictures were not flattened",
        )


def joins(inputs: Array, weights: Array, *, axis: int) -> None:
    """Refuse inputs whose numbers along `axis` are not as many as the weights have rows."""
    if np.ndim(inputs) == 0 or np.shape(inputs)[axis] != np.shape(weights)[0]:
        raise ShapeError(
            "inputs and weights",
            first=f"the inputs are {np.shape(inputs)}",
            second=f"the weights {np.shape(weights)}",
            mistake="inputs are (items, features) and weights (features, nodes): the inner two "
            "numbers must agree; a flat row of one feature needs x[:, np.newaxis]",
        )


def one_hot(labels: NDArray[np.integer[Any]], classes: int) -> Array:
    """Class numbers (n,) as (n, classes): 1 in the column of the class, 0 elsewhere.

    Raises:
        ShapeError: not a flat row of whole numbers, or one is outside 0 to classes - 1.
    """
    labels = np.asarray(labels)
    whole = labels.ndim == 1 and labels.dtype.kind in "iu"
    if not whole or (len(labels) and not 0 <= labels.min() <= labels.max() < classes):
        largest = f", up to {labels.max()}" if whole else f" of {labels.dtype}"
        raise ShapeError(
            "labels and classes",
            first=f"the labels are {labels.shape}{largest}",
            second=f"the classes {classes}, counted from 0",
            mistake="labels count from 1, are one-hot already, or are names",
        )
    table: Array = np.eye(classes)[labels]
    return table
