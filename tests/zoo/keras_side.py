"""Keras' side of the tests, in a process of its own: Keras chooses its backend once a process.

In: a command, a name of Keras, a folder. Out: files in it (a graph, weights, and `keras.npz` with
inputs and Keras' logits), or numbers of parameters on standard output.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from objektiv.base import tensors
from objektiv.features.runtime import openvino
from objektiv.zoo import keras_process, keras_weights
from objektiv.zoo.keras_graph import write_graph
from objektiv.zoo.table import KERAS


def compare(name: str, folder: Path, size: int) -> None:
    """Keras' logits of two pictures, and the graph of the same network at its native size."""
    openvino.compile_model = functools.partial(  # Keras leaves the precision to the processor
        openvino.compile_model, config={"INFERENCE_PRECISION_HINT": "f32"}
    )
    row = KERAS.get(name)
    model, _ = keras_process.build(row, keras_process.RANDOM)
    graph, ends = write_graph(model, padding_by_size=row.family.padding_by_size)
    (folder / "network.onnx").write_bytes(graph.to_bytes(name))
    pictures = np.random.default_rng(1).normal(0, 1, (2, size, size, 3)).astype(np.float32)
    end = _logits(model if size == row.size else _at(name, size))
    logits = end.predict(pictures, verbose=0)
    inputs = (pictures * ends.multiply + ends.add).astype(np.float32)
    np.savez(folder / "keras.npz", inputs=inputs.transpose(0, 3, 1, 2), logits=logits)


def _at(name: str, size: int) -> Any:
    """The network for another size; the weights drawn are the same."""
    keras = keras_process.keras_on_openvino()
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3))
    keras_weights.draw(model, seed=0)
    return model


def _logits(model: Any) -> Any:
    """The network without its softmax."""
    keras = keras_process.keras_on_openvino()
    model.layers[-1].activation = keras.activations.linear
    return model


def count(names: list[str]) -> None:
    """Print the parameters of each network."""
    keras = keras_process.keras_on_openvino()
    for name in names:
        sys.stdout.write(f"{getattr(keras.applications, name)(weights=None).count_params()} ")


def count_frozen(name: str) -> None:
    """Print the parameters of the course's frozen recipe, and how many of them it trains."""
    keras = keras_process.keras_on_openvino()
    base = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(224, 224, 3)
    )
    base.trainable = False
    flat = keras.layers.Flatten()(base.output)
    model = keras.Model(base.input, keras.layers.Dense(1, activation="sigmoid")(flat))
    trainable = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    sys.stdout.write(f"{model.count_params()} {trainable}")


def save(name: str, folder: Path) -> None:
    """Write the network's weights in Keras' two layouts and ours, and the graph made from them."""
    row = KERAS.get(name)
    model, _ = keras_process.build(row, keras_process.RANDOM)
    model.save_weights(folder / "new.weights.h5")
    tensors.write(folder / "own.safetensors", {v.path: v.numpy() for v in model.weights}, {})
    with h5py.File(folder / "old.h5", "w") as file:  # Keras 3 reads this layout, and writes none
        layers = [layer for layer in model.layers if layer.weights]
        file.attrs["layer_names"] = [layer.name.encode() for layer in layers]
        for layer in layers:
            group = file.create_group(layer.name)
            ordered = layer.trainable_weights + layer.non_trainable_weights
            group.attrs["weight_names"] = [v.path.encode() for v in ordered]
            for variable in ordered:
                group[variable.path] = variable.numpy()
    graph, _ = write_graph(model, padding_by_size=row.family.padding_by_size)
    (folder / "network.onnx").write_bytes(graph.to_bytes(name))


if __name__ == "__main__":
    command, name, *rest = sys.argv[1:]
    if command == "compare":
        compare(name, Path(rest[0]), int(rest[1]))
    elif command == "save":
        save(name, Path(rest[0]))
    elif command == "count-frozen":
        count_frozen(name)
    else:
        count([name, *rest])
