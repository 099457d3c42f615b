"""A network from nothing with its weights: checked, counted, and written into the graph that ships.

In: Layers, the size of its images and its state. Out: `logits` and `probabilities` in ONNX, from
the tensor `pixels`. The state is a mapping from the names of `Layers.weights` to float32 arrays in
torch's layout: filters (out, in, height, width), dense (out, in), whose inputs stand in the order
of Flatten. Dropout leaves no trace, and each normalisation goes into the convolution before it.
Try: `initial(layers, size=28, seed=0)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.base.errors import ModelError
from objektiv.data.images import LUMA
from objektiv.features.graph import GraphBuilder
from objektiv.models.kinds import BatchNorm, Conv, Dense, Ending, Flatten, Layer, Pool
from objektiv.models.layers import Layers

Floats = NDArray[np.float32]
State = Mapping[str, Floats]

EPSILON = 1e-3  # of batch normalisation; Keras' default, not PyTorch's 1e-5


def initial(layers: Layers, *, size: int, seed: int) -> dict[str, Floats]:
    """Weights to begin with, as Keras draws them unless told otherwise.

    Filters and dense layers: uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio,
    2010); biases 0; normalisations do nothing yet. The same seed gives the same numbers.
    """
    weights = layers.weights(size)
    state = {}
    for name, shape in (weights.trained | weights.counted).items():
        if len(shape) > 1:
            places = int(np.prod(shape[2:]))
            limit = np.sqrt(6 / ((shape[0] + shape[1]) * places))
            random = seeds.generator(seed, "weights", name)
            state[name] = random.uniform(-limit, limit, shape).astype(np.float32)
        else:
            ones = name.endswith((".weight", ".running_var"))
            state[name] = np.full(shape, float(ones), np.float32)
    return state


def check(layers: Layers, state: State, *, size: int) -> None:
    """Refuse a state of another network.

    Raises:
        ModelError: names or shapes differ; the first difference is named.
    """
    weights = layers.weights(size)
    wanted = {name: shape for part in weights for name, shape in part.items()}
    found = {name: value.shape for name, value in state.items()}
    if found == wanted:
        return
    name = next(n for n in (*wanted, *found) if wanted.get(n) != found.get(n))
    raise ModelError(
        "these weights are of another network",
        value=f"{name}: {found.get(name, 'missing')}",
        allowed=f"{name}: {wanted.get(name, 'no such weights')}",
        next="give the settings that the weights were trained with, or train again",
    )


@dataclass(frozen=True, eq=False)
class Network:
    """Layers with weights, for images of `size` pixels a side; a temperature divides its logits."""

    layers: Layers
    classes: tuple[str, ...]
    size: int
    state: State
    temperature: float = 1.0

    def __post_init__(self) -> None:
        check(self.layers, self.state, size=self.size)

    def add(self, graph: GraphBuilder, pixels: str) -> None:
        """Append the network behind `pixels`, float32 (images, size, size, 3), RGB, 0 to 255.

        Adds `logits` and `probabilities`, both (images, classes).
        """
        z = _Writer(graph, self).write(pixels)
        add_answers(graph, z, self.layers.ending, self)


class _Answering(Protocol):
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def temperature(self) -> float: ...


def add_answers(graph: GraphBuilder, z: str, ending: Ending, model: _Answering) -> None:
    """Append `logits` and `probabilities`, (images, classes), behind what the last layer gives."""
    if ending == "sigmoid":
        if len(model.classes) == 2:
            z = graph.add("Concat", [graph.add("Mul", [z, graph.floats(0.0)]), z], axis=1)
        else:  # log(sigmoid(z)) = -softplus(-z)
            turned = graph.add("Mul", [z, graph.floats(-1.0)])
            soft = graph.add("Softplus", [turned])
            z = graph.add("Mul", [soft, graph.floats(-1.0)])
    logits = graph.add("Div", [z, graph.floats(model.temperature)], output="logits")
    graph.add("Softmax", [logits], output="probabilities", axis=1)


class _Writer:
    """One layer after the other: convolutions want channels first, Flatten wants them last."""

    def __init__(self, graph: GraphBuilder, network: Network) -> None:
        self._graph, self._network = graph, network
        self._channels_first = False

    def write(self, pixels: str) -> str:
        """From pixels to what the last layer gives, before softmax or sigmoid."""
        layers = self._network.layers
        x = pixels
        if layers.channels == 1:
            brightness = self._graph.constant(np.array(LUMA, np.float32)[:, None])
            x = self._graph.add("MatMul", [x, brightness])
        if layers.scale != 1:
            x = self._graph.add("Mul", [x, self._graph.floats(layers.scale)])
        following = (*layers.layers[1:], None)
        for layer, after in zip(layers.layers, following, strict=True):
            x = self._one(layer, after, x)
        return x

    def _one(self, layer: Layer, after: Layer | None, x: str) -> str:
        match layer:
            case Conv():
                norm = after if isinstance(after, BatchNorm) else None
                return self._convolution(layer, norm, self._turned(x, channels_first=True))
            case Pool(side=side):
                options: dict[str, Any] = {"kernel_shape": [side, side], "strides": [side, side]}
                return self._graph.add("MaxPool", [self._turned(x, channels_first=True)], **options)
            case Flatten():
                return self._graph.add("Flatten", [self._turned(x, channels_first=False)], axis=1)
            case Dense():
                inputs = [x, *map(self._stored, (f"{layer.name}.weight", f"{layer.name}.bias"))]
                x = self._graph.add("Gemm", inputs, transB=1)
                return x if after is None else self._active(layer.activation, x)
        return x  # dropout, and a normalisation that is in its convolution already

    def _convolution(self, layer: Conv, norm: BatchNorm | None, x: str) -> str:
        state = self._network.state
        weight = state[f"{layer.name}.weight"]
        bias = state[f"{layer.name}.bias"] if layer.bias else np.zeros(layer.filters, np.float32)
        if norm:
            weight, bias = _folded(weight, bias, state, norm.name)
        options: dict[str, Any] = {
            "kernel_shape": [layer.kernel, layer.kernel],
            "strides": [layer.stride, layer.stride],
            "auto_pad": "SAME_UPPER" if layer.padding == "same" else "VALID",
        }
        inputs = [x, self._graph.constant(weight), self._graph.constant(bias)]
        y = self._graph.add("Conv", inputs, **options)
        return self._active(norm.activation if norm else layer.activation, y)

    def _active(self, activation: str, x: str) -> str:
        if activation == "linear":
            return x
        return self._graph.add(
            {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}[activation], [x]
        )

    def _turned(self, x: str, *, channels_first: bool) -> str:
        if self._channels_first == channels_first:
            return x
        self._channels_first = channels_first
        perm = [0, 3, 1, 2] if channels_first else [0, 2, 3, 1]
        return self._graph.add("Transpose", [x], perm=perm)

    def _stored(self, name: str) -> str:
        return self._graph.constant(self._network.state[name].astype(np.float32))


def _folded(weight: Floats, bias: Floats, state: State, norm: str) -> tuple[Floats, Floats]:
    """Filters and bias that do what the convolution and the normalisation behind it do."""
    parts = ("weight", "bias", "running_mean", "running_var")
    scale, shift, mean, variance = (state[f"{norm}.{part}"].astype(np.float64) for part in parts)
    factor = scale / np.sqrt(variance + EPSILON)
    folded = (weight * factor[:, None, None, None]).astype(np.float32)
    return folded, (shift + (bias - mean) * factor).astype(np.float32)
