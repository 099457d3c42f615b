"""Keras layers that slide a window over a map, as ONNX nodes: convolutions, pools, padding.

In: a Walk, a Keras layer and the names of its inputs. Out: the name of its output.
Weights (height, width, in, out) become (out, in, height, width); a batch normalisation that alone
reads a convolution is folded into it. Where Keras pads by the size ("same", and `correct_pad`
before a stride of 2), ONNX's SAME_UPPER pads alike, so the graph holds for every size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.features.graph import GraphBuilder
from objektiv.zoo.keras_walk import LINEAR, Floats, Padding, Walk, function_of, kind_of, unknown

CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D")
POOLS = ("MaxPooling2D", "AveragePooling2D")
TO_THE_END = 1 << 20  # of a Slice: beyond any picture, and what the walk of networks allows


def conv2d(walk: Walk, layer: Any, inputs: list[str]) -> str:
    """A convolution of all or of groups of channels."""
    kernel = _channels_first(layer.get_weights()[0])
    options = {"group": layer.groups, **_window(walk, layer, layer.kernel_size)}
    return _convolution(walk, layer, inputs[0], kernel, options)


def depthwise_conv2d(walk: Walk, layer: Any, inputs: list[str]) -> str:
    """A convolution of each channel by itself."""
    kernel = _depthwise(layer.get_weights()[0])
    options = {"group": layer.input.shape[-1], **_window(walk, layer, layer.kernel_size)}
    return _convolution(walk, layer, inputs[0], kernel, options)


def separable_conv2d(walk: Walk, layer: Any, inputs: list[str]) -> str:
    """A convolution of each channel by itself, then one of 1 x 1 over all channels."""
    depthwise, pointwise = layer.get_weights()[:2]
    weight = walk.graph.constant(_depthwise(depthwise).astype(np.float32))
    options = {"group": layer.input.shape[-1], **_window(walk, layer, layer.kernel_size)}
    name = f"{layer.name}/depthwise"
    x = walk.graph.add("Conv", [inputs[0], weight], output=name, **options)
    options = {"kernel_shape": [1, 1]}
    return _convolution(walk, layer, x, _channels_first(pointwise), options)


def _convolution(walk: Walk, layer: Any, x: str, kernel: Floats, options: dict[str, Any]) -> str:
    bias = np.asarray(layer.get_weights()[-1] if layer.use_bias else np.zeros(len(kernel)))
    linear = function_of(layer) in LINEAR
    after = walk.only_reader(layer, "BatchNormalization") if linear else None
    if after is not None:
        scale, shift = scale_and_shift(after)
        kernel, bias = kernel * scale[:, None, None, None], bias * scale + shift
        walk.folded.add(after.name)
    inputs = [x, *(walk.graph.constant(v.astype(np.float32)) for v in (kernel, bias))]
    name = walk.name(after or layer) if linear else f"{layer.name}/linear"
    return walk.graph.add("Conv", inputs, output=name, **options)


def scale_and_shift(layer: Any) -> tuple[Floats, Floats]:
    """A batch normalisation at rest as y = x * scale + shift, one number a channel each."""
    weights = iter(np.asarray(w, np.float64) for w in layer.get_weights())
    gamma = next(weights) if layer.scale else np.float64(1)
    beta = next(weights) if layer.center else np.float64(0)
    mean, variance = weights
    scale = gamma / np.sqrt(variance + layer.epsilon)
    return scale, beta - mean * scale


def _channels_first(kernel: NDArray[np.float32]) -> Floats:
    return np.asarray(kernel, np.float64).transpose(3, 2, 0, 1)


def _depthwise(kernel: NDArray[np.float32]) -> Floats:
    height, width, channels, times = kernel.shape
    turned = np.asarray(kernel, np.float64).transpose(2, 3, 0, 1)
    return turned.reshape(channels * times, 1, height, width)


def _window(walk: Walk, layer: Any, kernel: tuple[int, int]) -> dict[str, Any]:
    """Kernel, strides and padding as ONNX names them."""
    if tuple(getattr(layer, "dilation_rate", (1, 1))) != (1, 1):
        raise unknown(layer, f"dilation {layer.dilation_rate}", "dilation 1")
    options: dict[str, Any] = {"kernel_shape": list(kernel), "strides": list(layer.strides)}
    before = walk.padding.get(id(layer.input))
    if layer.padding == "same" or (before and before.pads is None):
        return options | {"auto_pad": "SAME_UPPER"}
    return options | {"pads": list(before.pads)} if before and before.pads else options


def zero_padding2d(walk: Walk, layer: Any, inputs: list[str]) -> str:
    """Zeros around the map, left to the convolutions and pools that read it.

    A Pad before a MaxPool would be wrong in ONNX Runtime 1.31: it fuses the two, and the pool's own
    padding is minus infinity.
    """
    (top, bottom), (left, right) = layer.padding
    readers = walk.readers_of(layer)
    if not {kind_of(reader) for reader in readers} <= {*CONVOLUTIONS, *POOLS}:
        amounts = walk.graph.ints(0, 0, top, left, 0, 0, bottom, right)
        return walk.graph.add("Pad", [inputs[0], amounts], output=walk.name(layer))
    if any(reader.padding != "valid" for reader in readers):
        raise unknown(layer, "zeros before padding of another kind", "padding once")
    by_size = walk.padding_by_size and all(reader.strides == (2, 2) for reader in readers)
    if by_size:
        _check_by_size(layer, readers)
    walk.padding[id(layer.output)] = Padding(None if by_size else (top, left, bottom, right))
    return inputs[0]


def _check_by_size(layer: Any, readers: list[Any]) -> None:
    """The padding is what `correct_pad` gives: as SAME_UPPER for a stride of 2."""
    for reader in readers:
        for axis in (0, 1):
            half = _kernel(reader)[axis] // 2
            odd = layer.input.shape[1 + axis] % 2
            if layer.padding[axis] != (half - 1 + odd, half):
                raise unknown(layer, f"padding {layer.padding}", "as Keras' correct_pad gives")


def _kernel(layer: Any) -> tuple[int, int]:
    height, width = layer.pool_size if kind_of(layer) in POOLS else layer.kernel_size
    return height, width


def cropping2d(walk: Walk, layer: Any, inputs: list[str]) -> str:
    """Rows and columns cut off."""
    (top, bottom), (left, right) = layer.cropping
    graph = walk.graph
    ends = [-cut or TO_THE_END for cut in (bottom, right)]
    parts = [graph.ints(top, left), graph.ints(*ends), graph.ints(2, 3)]
    return graph.add("Slice", [inputs[0], *parts], output=walk.name(layer))


def max_pooling2d(walk: Walk, layer: Any, inputs: list[str]) -> str:
    """The largest number of each window; zeros count where Keras put them around the map."""
    graph, options = walk.graph, _window(walk, layer, layer.pool_size)
    if id(layer.input) not in walk.padding or inputs[0] in walk.positive:
        return graph.add("MaxPool", inputs, output=walk.name(layer), **options)
    largest = graph.add("MaxPool", inputs, **options)  # around the map it sees minus infinity
    edge = graph.add("Less", [_share_inside(graph, inputs[0], options), graph.floats(0.99)])
    with_zero = graph.add("Relu", [largest])
    return graph.add("Where", [edge, with_zero, largest], output=walk.name(layer))


def _share_inside(graph: GraphBuilder, x: str, options: dict[str, Any]) -> str:
    """How much of each window lies on the map (n, 1, h, w), 1 where all of it does."""
    first_channel = graph.add("Slice", [x, graph.ints(0), graph.ints(1), graph.ints(1)])
    zeros = graph.add("Mul", [first_channel, graph.floats(0.0)])
    ones = graph.add("Add", [zeros, graph.floats(1.0)])
    return graph.add("AveragePool", [ones], count_include_pad=1, **options)


def average_pooling2d(walk: Walk, layer: Any, inputs: list[str]) -> str:
    """The mean of each window: over what is inside for "same", over zeros too where Keras put
    them."""
    options = _window(walk, layer, layer.pool_size)
    zeros = int(id(layer.input) in walk.padding)
    name = walk.name(layer)
    return walk.graph.add("AveragePool", inputs, output=name, count_include_pad=zeros, **options)
