"""What the walk knows of a network before it writes a node."""

from __future__ import annotations

from typing import Any

from objektiv.zoo.keras_walk import Walk, function_of, inputs_of, kind_of
from tests.zoo import layers


def _walk(model: Any) -> Walk:
    walk = Walk(model, padding_by_size=False)
    for layer in model.layers:
        for tensor in inputs_of(layer):
            walk.readers.setdefault(id(tensor), []).append(layer)
    return walk


def test_the_last_tensor_before_a_softmax_is_called_logits() -> None:
    """Reshape, dropout and softmax at the end are passed; layers before keep their names."""
    softmax = {"activation": layers.linear("softmax")}
    model = layers.chain(
        ("ReLU", {}), ("Conv2D", {}), ("Reshape", {}), ("Dropout", {}), ("Activation", softmax)
    )
    walk = _walk(model)

    names = [walk.name(layer) for layer in model.layers]

    assert names == ["first", "relu", *["logits"] * 4]


def test_a_layer_s_only_reader_is_found_by_kind() -> None:
    """A convolution that a normalisation and another layer read has no only reader."""
    model = layers.chain(("Conv2D", {}), ("BatchNormalization", {}))
    walk = _walk(model)
    convolution, normalisation = model.layers[1:]

    assert walk.only_reader(convolution, "BatchNormalization") is normalisation
    assert walk.only_reader(convolution, "ReLU") is None
    walk.readers[id(convolution.output)].append(normalisation)
    assert walk.only_reader(convolution, "BatchNormalization") is None


def test_a_layer_is_known_by_its_class_and_function() -> None:
    """Kind, activation and inputs are read off the layer, one input or several."""
    layer = layers.chain(("Add", {"input": [1, 2], "activation": layers.linear("silu")})).layers[1]

    assert (kind_of(layer), function_of(layer), inputs_of(layer)) == ("Add", "silu", [1, 2])
