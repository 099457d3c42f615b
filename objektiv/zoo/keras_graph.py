"""Walk a network of keras.applications, layer by layer, into one ONNX graph.

In: a functional Keras model, channels last. Out: the same function, channels first and batch
normalisation folded, from `input` (n, 3, S, S) to `logits` (n, classes); tensors carry the names
of Keras' layers. LAYERS is all that is known; anything else is refused.
Try: `write_graph(keras.applications.MobileNetV2(weights=None), padding_by_size=True)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.zoo import keras_windows
from objektiv.zoo.keras_walk import (
    LINEAR,
    LOGITS,
    Floats,
    Walk,
    function_of,
    inputs_of,
    kind_of,
    unknown,
)

INPUT = "input"

Writer = Callable[[Walk, Any, list[str]], str]


@dataclass(frozen=True)
class Ends:
    """What the walk found at both ends of the network.

    The layers Rescaling and Normalization at its beginning are left out of the graph; they are
    `input = pixels * multiply + add`, one number a channel each.
    """

    last_map: str  # the tensor (n, C, h, w) that is averaged or flattened for the classes
    final: str | None  # its mean (n, C); None where the network flattens
    multiply: Floats
    add: Floats


def write_graph(model: Any, *, padding_by_size: bool) -> tuple[GraphBuilder, Ends]:
    """The graph of a Keras model with one input and one output, not yet checked.

    `padding_by_size` tells that the network pads with Keras' `correct_pad` before strides of 2.

    Raises:
        ModelError: a kind of layer, or an option of one, is not known.
    """
    walk = Walk(model, padding_by_size)
    size, classes = model.input_shape[1], model.output_shape[-1]
    walk.graph.input(INPUT, FLOAT, ["n", 3, size, size])
    walk.graph.output(LOGITS, FLOAT, ["n", classes])
    for layer in model.layers:
        for tensor in inputs_of(layer):
            walk.readers.setdefault(id(tensor), []).append(layer)
    for layer in model.layers:
        inputs = [walk.names[id(tensor)] for tensor in inputs_of(layer)]
        walk.names[id(layer.output)] = _write(walk, layer, inputs)
    return walk.graph, Ends(walk.last_map, walk.final, walk.multiply, walk.add)


def _write(walk: Walk, layer: Any, inputs: list[str]) -> str:
    kind = kind_of(layer)
    if kind not in LAYERS:
        raise unknown(layer, f"layer {kind}", ", ".join(LAYERS))
    if layer.name in walk.folded:
        return inputs[0]
    x = LAYERS[kind](walk, layer, inputs)
    if kind in WITH_ACTIVATION and function_of(layer) not in LINEAR:
        x = _apply(walk, layer, x)
    return x


def _apply(walk: Walk, layer: Any, x: str) -> str:
    """The activation of a layer."""
    function, name, graph = function_of(layer), walk.name(layer), walk.graph
    if function == "relu":
        walk.positive.add(name)
        return graph.add("Relu", [x], output=name)
    if function == "silu":
        return graph.add("Mul", [x, graph.add("Sigmoid", [x])], output=name)
    if function == "sigmoid":
        return graph.add("Sigmoid", [x], output=name)
    raise unknown(layer, f"activation {function}", f"relu, silu, sigmoid, {', '.join(LINEAR)}")


def _input(walk: Walk, layer: Any, inputs: list[str]) -> str:
    return INPUT


def _same(walk: Walk, layer: Any, inputs: list[str]) -> str:
    """Dropout does nothing at rest; what an Activation does is added by `_write`."""
    return inputs[0]


def _relu(walk: Walk, layer: Any, inputs: list[str]) -> str:
    name, graph = walk.name(layer), walk.graph
    if layer.negative_slope or layer.threshold:
        raise unknown(layer, "a slope or threshold", "ReLU with or without a maximum")
    walk.positive.add(name)
    if layer.max_value is None:
        return graph.add("Relu", inputs, output=name)
    ends = [graph.floats(0.0), graph.floats(float(layer.max_value))]
    return graph.add("Clip", [*inputs, *ends], output=name)


def _rescaling(walk: Walk, layer: Any, inputs: list[str]) -> str:
    return _before_input(walk, layer, inputs, np.asarray(layer.scale), np.asarray(layer.offset))


def _normalization(walk: Walk, layer: Any, inputs: list[str]) -> str:
    mean, variance, _ = (np.asarray(w, np.float64).ravel() for w in layer.get_weights())
    scale = 1 / np.maximum(np.sqrt(variance), EPSILON)
    return _before_input(walk, layer, inputs, scale, -mean * scale)


def _before_input(walk: Walk, layer: Any, inputs: list[str], multiply: Floats, add: Floats) -> str:
    if inputs != [INPUT]:
        raise unknown(layer, "arithmetic on pixels behind other layers", "at the beginning only")
    walk.multiply, walk.add = walk.multiply * multiply, walk.add * multiply + add
    return INPUT


def _batch_normalization(walk: Walk, layer: Any, inputs: list[str]) -> str:
    scale, shift = keras_windows.scale_and_shift(layer)
    x = walk.graph.add("Mul", [inputs[0], walk.graph.constant(_as_map(scale))])
    return walk.graph.add("Add", [x, walk.graph.constant(_as_map(shift))], output=walk.name(layer))


def _as_map(channels: Floats) -> NDArray[np.float32]:
    return channels.astype(np.float32).reshape(1, -1, 1, 1)


def _add(walk: Walk, layer: Any, inputs: list[str]) -> str:
    return _pairwise(walk, layer, "Add", inputs)


def _multiply(walk: Walk, layer: Any, inputs: list[str]) -> str:
    return _pairwise(walk, layer, "Mul", inputs)


def _pairwise(walk: Walk, layer: Any, operation: str, inputs: list[str]) -> str:
    x, *between, last = inputs
    for other in between:
        x = walk.graph.add(operation, [x, other])
    return walk.graph.add(operation, [x, last], output=walk.name(layer))


def _scaled_add(walk: Walk, layer: Any, inputs: list[str]) -> str:
    """InceptionResNetV2's own layer: x + y * scale."""
    scaled = walk.graph.add("Mul", [inputs[1], walk.graph.floats(float(layer.scale))])
    return walk.graph.add("Add", [inputs[0], scaled], output=walk.name(layer))


def _concatenate(walk: Walk, layer: Any, inputs: list[str]) -> str:
    if layer.axis not in (-1, 3):
        raise unknown(layer, f"axis {layer.axis}", "the axis of channels")
    return walk.graph.add("Concat", inputs, output=walk.name(layer), axis=1)


def _global_average(walk: Walk, layer: Any, inputs: list[str]) -> str:
    """The mean map (n, C, 1, 1) and, flat, (n, C); unread nodes vanish from the graph."""
    graph, flat = walk.graph, walk.name(layer)
    mean = graph.add("ReduceMean", [inputs[0], graph.ints(2, 3)], output=f"{flat}/map", keepdims=1)
    graph.add("Flatten", [mean], output=flat, axis=1)
    walk.maps[flat] = mean
    walk.last_map, walk.final = inputs[0], flat
    return flat


def _reshape(walk: Walk, layer: Any, inputs: list[str]) -> str:
    """Keras' networks reshape only between (n, C) and (n, 1, 1, C)."""
    target = tuple(layer.output.shape[1:])
    if len(target) == 3 and target[:2] == (1, 1) and inputs[0] in walk.maps:
        return walk.maps[inputs[0]]
    if len(target) == 1 and inputs[0] == LOGITS:
        return inputs[0]
    raise unknown(layer, f"shape {target}", "(C,) and (1, 1, C)")


def _flatten(walk: Walk, layer: Any, inputs: list[str]) -> str:
    name = walk.graph.add("Flatten", inputs, output=walk.name(layer), axis=1)
    walk.flats[name] = tuple(layer.input.shape[1:])
    walk.last_map = inputs[0]
    return name


def _dense(walk: Walk, layer: Any, inputs: list[str]) -> str:
    weight = layer.get_weights()[0]
    if inputs[0] in walk.flats:  # Keras flattens (h, w, C), we flatten (C, h, w)
        shape = walk.flats[inputs[0]]
        weight = weight.reshape(*shape, -1).transpose(2, 0, 1, 3).reshape(weight.shape)
    return _gemm(walk, layer, inputs[0], weight.T)


def _conv2d(walk: Walk, layer: Any, inputs: list[str]) -> str:
    if inputs[0] not in walk.maps:
        return keras_windows.conv2d(walk, layer, inputs)
    return _gemm(walk, layer, inputs[0], layer.get_weights()[0][0, 0].T)  # MobileNet's last layer


def _gemm(walk: Walk, layer: Any, x: str, weight: NDArray[np.float32]) -> str:
    bias = layer.get_weights()[1] if layer.use_bias else np.zeros(len(weight), np.float32)
    inputs = [x, walk.graph.constant(weight), walk.graph.constant(bias)]
    linear = function_of(layer) in LINEAR
    name = walk.name(layer) if linear else f"{layer.name}/linear"
    return walk.graph.add("Gemm", inputs, output=name, transB=1)


EPSILON = 1e-7  # Keras' smallest deviation of a Normalization

WITH_ACTIVATION = ("Activation", "Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense")

LAYERS: dict[str, Writer] = {
    "InputLayer": _input,
    "Rescaling": _rescaling,
    "Normalization": _normalization,
    "Conv2D": _conv2d,
    "DepthwiseConv2D": keras_windows.depthwise_conv2d,
    "SeparableConv2D": keras_windows.separable_conv2d,
    "BatchNormalization": _batch_normalization,
    "Activation": _same,
    "ReLU": _relu,
    "Dropout": _same,
    "ZeroPadding2D": keras_windows.zero_padding2d,
    "Cropping2D": keras_windows.cropping2d,
    "MaxPooling2D": keras_windows.max_pooling2d,
    "AveragePooling2D": keras_windows.average_pooling2d,
    "GlobalAveragePooling2D": _global_average,
    "Add": _add,
    "Multiply": _multiply,
    "CustomScaleLayer": _scaled_add,
    "Concatenate": _concatenate,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Dense": _dense,
}
