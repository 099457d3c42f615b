"""Networks as lists of layers: the course's parameter counts are the truth."""

from __future__ import annotations

from typing import Any

import pytest

from objektiv.base.errors import SettingsError
from objektiv.models.layers import network, summary
from objektiv.models.settings import NetworkSettings

SIMPLE = {"filters": (32, 64, 128), "dropout": (0.3, 0.3, 0), "dense": (512, 512)}
MLP: dict[str, Any] = {"filters": (), "activation": "sigmoid", "channels": "grey"}
GREY: dict[str, Any] = {"padding": "valid", "channels": "grey", "dense": (), "output": "softmax"}


@pytest.mark.parametrize(
    ("settings", "classes", "size", "parameters"),
    [
        pytest.param(SIMPLE, 2, 150, 21_590_593, id="the course prints it"),
        pytest.param({**MLP, "dense": (16,)}, 2, 28, 784 * 16 + 16 + 16 + 1, id="784-16-1"),
        pytest.param(
            {**MLP, "dense": (50,), "output": "sigmoid"}, 5, 28, 785 * 50 + 51 * 5, id="784-50-5"
        ),
        pytest.param(
            {**GREY, "filters": (16,), "pool": 1}, 5, 28, 160 + (26 * 26 * 16 + 1) * 5, id="cnn-16"
        ),
        pytest.param(
            {**GREY, "filters": (16, 32), "pool": 1},
            5,
            28,
            160 + (9 * 16 + 1) * 32 + (24 * 24 * 32 + 1) * 5,
            id="cnn-16-32",
        ),
        pytest.param(
            {**GREY, "filters": (16, 32)},
            5,
            28,
            160 + (9 * 16 + 1) * 32 + (5 * 5 * 32 + 1) * 5,
            id="cnn-16-32-pool",
        ),
    ],
)
def test_parameters_are_those_of_the_course(
    settings: dict[str, Any], classes: int, size: int, parameters: int
) -> None:
    """The simple CNN's number is printed there; the thesis' follow from its layers."""
    table = summary(network(NetworkSettings(**settings), classes=classes), size=size)

    assert table.parameters == table.trainable == parameters


def test_the_simple_cnn_has_the_layers_of_the_course() -> None:
    """Layer by layer: three convolutions with pools, two dropouts between, 41,472 values."""
    table = summary(network(NetworkSettings(**SIMPLE), classes=2), size=150)

    names = [row.name for row in table.rows]
    assert (
        names
        == (
            "conv1 pool1 dropout1 conv2 pool2 dropout2 conv3 pool3 flatten dense1 dense_dropout1 "
            "dense2 dense_dropout2 output"
        ).split()
    )
    shapes = {row.name: row.shape for row in table.rows}
    assert shapes["conv1"] == (150, 150, 32)
    assert shapes["pool3"] == (18, 18, 128)
    assert shapes["flatten"] == (41_472,)
    assert shapes["output"] == (1,)


def test_normalisations_keep_half_of_their_numbers_from_training() -> None:
    """Of four numbers a channel, mean and variance follow the images without gradient."""
    settings = NetworkSettings(filters=(8,), norm="batch", dense=())
    table = summary(network(settings, classes=3), size=8)

    rows = {row.name: (row.parameters, row.trainable) for row in table.rows}
    assert rows["norm1"] == (32, 16)
    assert rows["conv1"] == (8 * 27, 8 * 27), "no bias before a normalisation"


@pytest.mark.parametrize(
    ("output", "classes", "ending", "units"),
    [
        ("auto", 2, "sigmoid", 1),
        ("auto", 3, "softmax", 3),
        ("softmax", 2, "softmax", 2),
        ("sigmoid", 2, "sigmoid", 1),
        ("sigmoid", 5, "sigmoid", 5),
    ],
)
def test_the_last_layer_follows_the_classes(
    output: str, classes: int, ending: str, units: int
) -> None:
    """Two classes are one sigmoid, more a softmax, unless told otherwise."""
    settings = NetworkSettings.model_validate({"output": output})
    made = network(settings, classes=classes)

    assert made.ending == ending
    assert summary(made, size=28).rows[-1].shape == (units,)


def test_one_dropout_stands_for_all_blocks() -> None:
    """A single share is used behind each block; an empty list means none."""
    kinds = [
        [layer.name for layer in network(settings, classes=2).layers if "dropout" in layer.name]
        for settings in (
            NetworkSettings(filters=(4, 4, 4), dropout=(0.1,), dense=()),
            NetworkSettings(filters=(4, 4, 4), dropout=(), dense=()),
        )
    ]

    assert kinds == [["dropout1", "dropout2", "dropout3"], []]


def test_too_many_pools_name_the_one_that_gets_nothing() -> None:
    """28 pixels can be halved four times; the fifth pool is refused by its name."""
    made = network(NetworkSettings(filters=(4,) * 5), classes=2)

    with pytest.raises(SettingsError, match=r"layer pool5: 1 x 1 pixels .* at least 2 x 2"):
        summary(made, size=28)


def test_nothing_has_no_preprocessing_of_its_own() -> None:
    """Only a pretrained network was trained with some preprocessing."""
    with pytest.raises(SettingsError, match="rescale network"):
        network(NetworkSettings(rescale="network"), classes=2)
