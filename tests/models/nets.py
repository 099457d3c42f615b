"""Networks for tests: settings of every kind, weights that do something, and noise to look at."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.preprocess import PIXELS
from objektiv.models.layers import Layers, network
from objektiv.models.network import Network, initial
from objektiv.models.settings import NetworkSettings

SOFT = {"output": "softmax"}
# name: settings, classes, size
NETS: dict[str, tuple[dict[str, Any], int, int]] = {
    "simple": ({"filters": (4, 6, 8), "dropout": (0.2, 0.2, 0), "output": "sigmoid"}, 2, 21),
    "valid": ({"filters": (4,), "padding": "valid", "pool": 3, **SOFT}, 5, 28),
    "normed": ({"filters": (5, 4), "norm": "batch", "convolutions": 2, **SOFT}, 3, 13),
    "strides": ({"filters": (4, 3), "kernel": 4, "stride": 2, "pool": 1, **SOFT}, 3, 20),
    "valid strides": (
        {"filters": (4,), "kernel": 5, "stride": 3, "padding": "valid", **SOFT}, 3, 26
    ),
    "tanh": ({"filters": (3,), "activation": "tanh", "dense": (7, 6), **SOFT}, 3, 9),
    "linear": ({"filters": (3,), "activation": "linear", "dense": (), **SOFT}, 3, 9),
    "sigmoids": (
        {"filters": (), "dense": (50,), "activation": "sigmoid", "output": "sigmoid",
         "channels": "grey"}, 5, 28
    ),
    "raw grey": ({"filters": (4,), "channels": "grey", "rescale": "raw", **SOFT}, 5, 12),
}  # fmt: skip


def layers(name: str) -> tuple[Layers, int]:
    """The layers and the size of one of NETS."""
    settings, classes, size = NETS[name]
    return network(NetworkSettings(**settings), classes=classes), size


def weights(of: Layers, *, size: int) -> dict[str, NDArray[np.float32]]:
    """Weights of which none is 0 or 1, so that each plays its part."""
    state = initial(of, size=size, seed=3)
    for name, value in state.items():
        random = seeds.generator(0, "nets", name)
        if value.ndim == 1:
            less = 0.05 if "running" in name else 1  # so that signals stay as large
            state[name] = (less * random.uniform(0.2, 0.9, value.shape)).astype(np.float32)
    return state


def pixels(size: int, *, count: int = 6) -> NDArray[np.uint8]:
    """Noise, the first picture the darkest, uint8 (count, size, size, 3)."""
    random = seeds.generator(0, "pixels", size)
    noise = random.integers(0, 256, (count, size, size, 3))
    light = (np.arange(count) + 1)[:, None, None, None]
    return np.asarray(noise * light // count, np.uint8)


def graph(net: Network) -> bytes:
    """The network alone as ONNX, from PIXELS."""
    made = GraphBuilder()
    net.add(made, made.input(PIXELS, FLOAT, ["images", net.size, net.size, 3]))
    for output in ("logits", "probabilities"):
        made.output(output, FLOAT, ["images", len(net.classes)])
    return made.to_bytes("network")


def answers(net: Network, images: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Logits and probabilities of the network's graph."""
    session = onnxruntime.InferenceSession(graph(net), providers=["CPUExecutionProvider"])
    logits, probabilities = session.run(None, {PIXELS: images.astype(np.float32)})
    return np.asarray(logits), np.asarray(probabilities)


def named(name: str, **more: Any) -> Network:
    """One of NETS with weights."""
    of, size = layers(name)
    classes = tuple(f"class{n}" for n in range(of.classes))
    return Network(of, classes, size, weights(of, size=size), **more)
