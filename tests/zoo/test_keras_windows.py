"""Padding, pools and convolutions against sums written out in NumPy, without Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from objektiv.base.errors import ModelError
from objektiv.features.runtime import openvino
from objektiv.zoo.keras_graph import write_graph
from objektiv.zoo.keras_windows import scale_and_shift
from tests.zoo import layers

Layer = tuple[str, dict[str, Any]]
END: list[Layer] = [("Flatten", {"name": "flat"})]


def _computed(
    *chain: Layer, size: int, numbers: int, by_size: bool = False
) -> tuple[Any, list[Any], list[str]]:
    """Inputs (2, 3, size, size) below 0, what both engines make of them, and the operations."""
    network = layers.chain(*chain, *END, size=size, channels=numbers)
    graph, _ = write_graph(network, padding_by_size=by_size)
    model = graph.model("windows")
    data = model.SerializeToString()
    inputs = np.random.default_rng(size).uniform(-1.5, -0.5, (2, 3, size, size)).astype(np.float32)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    results = [session.run(None, {"input": inputs})[0], np.asarray(compiled(inputs)[0])]
    return inputs, results, [node.op_type for node in model.graph.node]


def _windows(
    x: NDArray[Any], pads: list[tuple[int, int]], over: Callable[..., Any]
) -> NDArray[Any]:
    """Windows of 3 x 3 at a stride of 2 over `x` with zeros around it, flattened."""
    padded = np.pad(x, [(0, 0), (0, 0), *pads])
    views = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return np.asarray(over(views[:, :, ::2, ::2], axis=(-2, -1))).reshape(len(x), -1)


def _pool(kind: str, padding: str = "valid") -> Layer:
    return (kind, {"pool_size": (3, 3), "strides": (2, 2), "padding": padding})


def _zeros(*pads: tuple[int, int]) -> Layer:
    return ("ZeroPadding2D", {"padding": pads})


@pytest.mark.parametrize(("kind", "over"), [("Max", np.max), ("Average", np.mean)])
@pytest.mark.parametrize(("size", "by_size"), [(8, False), (9, False), (8, True), (9, True)])
def test_pools_count_the_zeros_around(kind: str, over: Any, size: int, by_size: bool) -> None:
    """Zeros that Keras puts around a map of negative numbers are part of the edge windows."""
    pads, side = [(size % 2, 1)] * 2 if by_size else [(1, 1)] * 2, -(-size // 2)

    inputs, results, _ = _computed(
        _zeros(*pads),
        _pool(f"{kind}Pooling2D"),
        size=size,
        numbers=3 * side * side,
        by_size=by_size,
    )

    expected = _windows(inputs, pads, over)
    assert expected.max() > _windows(inputs, [(0, 0)] * 2, over).max() + 0.1, "zeros must count"
    for result in results:
        assert np.allclose(result, expected, atol=1e-6)


def test_same_padding_of_pools_counts_only_what_is_inside() -> None:
    """Padding "same" neither raises the largest number nor thins the mean at the edges."""
    for kind, over in (("Max", np.nanmax), ("Average", np.nanmean)):
        inputs, results, _ = _computed(_pool(f"{kind}Pooling2D", "same"), size=8, numbers=48)

        around = np.pad(inputs, [(0, 0), (0, 0), (0, 1), (0, 1)], constant_values=np.nan)
        expected = _windows(around, [(0, 0), (0, 0)], over)
        for result in results:
            assert np.allclose(result, expected, atol=1e-6), kind


def test_zeros_before_a_convolution_are_its_own() -> None:
    """A convolution takes over the zeros, and the normalisation that alone reads it."""
    random = np.random.default_rng(3)
    kernel, bias = random.normal(size=(3, 3, 3, 5)), random.normal(size=5)
    statistics = random.uniform(0.5, 2, (4, 5))
    normalised = layers.with_weights(*statistics, scale=True, center=True, epsilon=1e-3)
    convolution = layers.with_weights(
        kernel,
        bias,
        kernel_size=(3, 3),
        strides=(2, 2),
        padding="valid",
        groups=1,
        use_bias=True,
    )

    inputs, results, operations = _computed(
        _zeros((1, 1), (1, 1)),
        ("Conv2D", convolution),
        ("BatchNormalization", normalised),
        size=9,
        numbers=125,
    )

    gamma, beta, mean, variance = statistics
    padded = np.pad(inputs, [(0, 0), (0, 0), (1, 1), (1, 1)])
    views = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))[:, :, ::2, ::2]
    sums = np.einsum("ncyxhw,hwco->noyx", views, kernel) + bias[:, None, None]
    scaled = (sums - mean[:, None, None]) / np.sqrt(variance + 1e-3)[:, None, None]
    expected = scaled * gamma[:, None, None] + beta[:, None, None]
    assert operations == ["Conv", "Flatten"]
    for result in results:
        assert np.allclose(result, expected.reshape(2, -1), atol=1e-4)


def test_zeros_and_cropping_shift_a_map() -> None:
    """Zeros at the end and a row cut off at the beginning move the map by one, as in NASNet."""
    inputs, results, operations = _computed(
        _zeros((0, 1), (0, 1)), ("Cropping2D", {"cropping": ((1, 0), (1, 0))}), size=5, numbers=75
    )

    expected = np.zeros_like(inputs)
    expected[:, :, :-1, :-1] = inputs[:, :, 1:, 1:]
    assert operations == ["Pad", "Slice", "Flatten"]
    for result in results:
        assert np.array_equal(result, expected.reshape(2, -1))


def test_padding_that_does_not_follow_the_size_is_refused() -> None:
    """Where padding should be Keras' `correct_pad` and is not, the walk stops."""
    chain = layers.chain(_zeros((1, 1), (1, 1)), _pool("MaxPooling2D"), size=8)

    with pytest.raises(ModelError, match=r"padding \(\(1, 1\), \(1, 1\)\).*correct_pad"):
        write_graph(chain, padding_by_size=True)


def test_dilation_is_refused() -> None:
    """A convolution with holes, which no listed network has, is refused."""
    options = {"kernel_size": (3, 3), "strides": (1, 1), "padding": "same", "groups": 1}
    weights = layers.with_weights(np.zeros((3, 3, 3, 4)), dilation_rate=(2, 2), **options)

    with pytest.raises(ModelError, match=r"dilation \(2, 2\) in 'conv2d'"):
        write_graph(layers.chain(("Conv2D", weights)), padding_by_size=False)


def test_a_normalisation_without_scale_or_centre_keeps_its_statistics() -> None:
    """InceptionV3 has no gamma: y = (x - mean) / deviation + beta."""
    options = layers.with_weights([2.0], [3.0], [4.0], scale=False, center=True, epsilon=0.0)
    layer = layers.chain(("BatchNormalization", options)).layers[1]

    scale, shift = scale_and_shift(layer)

    assert scale.tolist() == [0.5] and shift.tolist() == [0.5]
