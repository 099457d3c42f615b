"""Write what Keras says of our networks with the same weights: tests/models/keras_reference.npz.

In: Keras and torch (neither is needed to run the tests). Out: for each of NETS the probabilities
of its test pictures, and the numbers of all and of trainable parameters.
Try: `PYTHONPATH=. python scripts/make_keras_reference.py`.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.models.settings import NetworkSettings
from tests.models import nets

REFERENCE = Path(__file__).resolve().parents[1] / "tests" / "models" / "keras_reference.npz"
LUMA = np.array([[0.299], [0.587], [0.114]], np.float32)


def build(keras: Any, s: NetworkSettings, *, classes: int, size: int) -> Any:
    """A Sequential model as a course would write it."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((size, size, 1 if s.channels == "grey" else 3))])
    shares = s.dropout * len(s.filters) if len(s.dropout) == 1 else s.dropout
    for filters, share in zip(s.filters, shares, strict=True) if s.filters else ():
        for _ in range(s.convolutions):
            batch = s.norm == "batch"
            options = {"strides": s.stride, "padding": s.padding, "use_bias": not batch}
            activation = None if batch else s.activation
            model.add(layers.Conv2D(filters, s.kernel, activation=activation, **options))
            if batch:
                model.add(layers.BatchNormalization())
                model.add(layers.Activation(s.activation))
        if s.pool > 1:
            model.add(layers.MaxPooling2D(s.pool))
        model.add(layers.Dropout(share))
    model.add(layers.Flatten())
    for units in s.dense:
        model.add(layers.Dense(units, activation=s.activation))
        model.add(layers.Dropout(s.dense_dropout))
    units = 1 if s.output == "sigmoid" and classes == 2 else classes
    model.add(layers.Dense(units, activation=s.output))
    return model


def load(model: Any, state: dict[str, NDArray[np.float32]]) -> None:
    """Weights in the order of the layers, from torch's layout to Keras'."""
    turned = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}
    groups: dict[str, list[NDArray[np.float32]]] = {}
    for name, value in state.items():
        groups.setdefault(name.partition(".")[0], []).append(value.transpose(turned[value.ndim]))
    with_weights = [layer for layer in model.layers if layer.weights]
    for layer, values in zip(with_weights, groups.values(), strict=True):
        layer.set_weights(values)


def answer(keras: Any, name: str) -> tuple[NDArray[np.float32], list[int]]:
    """Probabilities of the pictures, and how many parameters there are, and trainable ones."""
    settings, classes, size = nets.NETS[name]
    s = NetworkSettings(**settings)
    model = build(keras, s, classes=classes, size=size)
    load(model, nets.weights(nets.layers(name)[0], size=size))
    pixels = nets.pixels(size).astype(np.float32)
    seen = pixels @ LUMA if s.channels == "grey" else pixels
    p = np.asarray(model.predict(seen / 255 if s.rescale == "unit" else seen, verbose=0))
    if s.output == "sigmoid":
        # One unit speaks of class 1; several are divided by their sum, as Keras' categorical
        # cross-entropy does.
        p = np.hstack([1 - p, p]) if p.shape[1] == 1 else p / p.sum(axis=1, keepdims=True)
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    return p, [int(model.count_params()), trainable]


def main(target: Path) -> None:
    """Ask Keras for each network."""
    os.environ["KERAS_BACKEND"] = "torch"  # Keras chooses once a process, when it is imported
    keras = importlib.import_module("keras")
    found: dict[str, Any] = {}
    for name in nets.NETS:
        found[name], found[f"{name} counts"] = answer(keras, name)
    np.savez(target, **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REFERENCE)
