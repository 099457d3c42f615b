"""Layers: Keras' sizes, and a clear word where nothing is left."""

from __future__ import annotations

import pytest

from objektiv.base.errors import SettingsError
from objektiv.models.kinds import Conv, Dense, Dropout, Flatten, Pool

SHAPE = (28, 30, 3)


def _conv(kernel: int, stride: int, padding: str) -> Conv:
    return Conv("conv1", 8, kernel, stride, padding, "relu", bias=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "expected"),
    [
        (3, 1, "same", (28, 30)),
        (3, 1, "valid", (26, 28)),
        (3, 2, "same", (14, 15)),
        (4, 3, "same", (10, 10)),
        (5, 3, "valid", (8, 9)),
        (28, 1, "valid", (1, 3)),
    ],
)
def test_convolutions_give_the_sizes_of_keras(
    kernel: int, stride: int, padding: str, expected: tuple[int, int]
) -> None:
    """Same divides by the stride and rounds up; valid counts the places that fit."""
    assert _conv(kernel, stride, padding).after(SHAPE) == (*expected, 8)


def test_pools_leave_the_rest_out() -> None:
    """What is less than a whole square at the edge is dropped."""
    assert Pool("pool1", 4).after(SHAPE) == (7, 7, 3)


def test_flatten_counts_and_dropout_changes_nothing() -> None:
    """Flatten gives the product of the sides, dropout the shape that it got."""
    assert Flatten("flatten").after(SHAPE) == (28 * 30 * 3,)
    assert Dropout("dropout1", 0.5).after(SHAPE) == SHAPE


def test_weights_have_the_layout_of_torch() -> None:
    """Filters stand first, then channels, then the sides; dense layers begin with their units."""
    weights = _conv(3, 1, "same").weights(SHAPE)

    assert weights.trained == {"conv1.weight": (8, 3, 3, 3), "conv1.bias": (8,)}
    assert Dense("dense1", 5, "relu").weights((9,)).trained["dense1.weight"] == (5, 9)


@pytest.mark.parametrize("layer", [_conv(29, 1, "valid"), Pool("conv1", 29)])
def test_too_small_an_image_is_refused_by_name(layer: Conv | Pool) -> None:
    """The layer that gets too little is named, with what it got and needs."""
    with pytest.raises(SettingsError, match=r"its layer conv1: 28 x 30 .* at least 29 x 29") as e:
        layer.after(SHAPE)
    assert "--size" in e.value.next
