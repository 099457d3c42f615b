"""The networks as ONNX give what Keras itself gives, with random weights and statistics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from objektiv.base.errors import ModelError
from objektiv.features.runtime import openvino
from objektiv.zoo.keras_graph import write_graph
from objektiv.zoo.table import KERAS
from tests.zoo import layers
from tests.zoo.keras_asking import ask_keras

CLOSE = 1e-4  # of the largest logit

FAST = ("MobileNetV2",)  # and the others with `-m slow`
OTHER_SIZES = (  # odd somewhere on the way down, where Keras pads by the size
    ("MobileNetV2", 150),
    ("EfficientNetB0", 135),
    ("NASNetMobile", 139),
    ("MobileNet", 150),
    ("ResNet50V2", 150),
    ("DenseNet121", 135),
    ("Xception", 150),
    ("InceptionV3", 160),
)


def _marked(name: str) -> Any:
    return name if name in FAST else pytest.param(name, marks=pytest.mark.slow)


def _largest_difference(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    assert ours.shape == theirs.shape
    assert theirs.std() > 0.05 * np.abs(theirs).max(), "the pictures must excite the network"
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def _run(graph: bytes, engine: str, inputs: NDArray[np.float32]) -> NDArray[Any]:
    if engine == "onnxruntime":
        session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        return np.asarray(session.run(["logits"], {"input": inputs})[0])
    core = openvino.Core()
    model = core.read_model(graph)
    model.reshape(inputs.shape)
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.asarray(compiled(inputs)["logits"])


@pytest.mark.parametrize("name", [_marked(name) for name in KERAS])
def test_logits_are_those_of_keras(name: str, tmp_path: Path) -> None:
    """Both engines give Keras' own logits of two pictures within 1e-4 of the largest."""
    ask_keras(tmp_path, "compare", name, tmp_path, KERAS.get(name).size)
    graph, found = (tmp_path / "network.onnx").read_bytes(), np.load(tmp_path / "keras.npz")

    for engine in ("openvino", "onnxruntime"):
        ours = _run(graph, engine, found["inputs"])
        assert _largest_difference(ours, found["logits"]) < CLOSE, engine


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), OTHER_SIZES)
def test_one_graph_holds_for_other_sizes(name: str, size: int, tmp_path: Path) -> None:
    """The graph of the native size gives, at another, what Keras gives when built for that."""
    ask_keras(tmp_path, "compare", name, tmp_path, size)
    graph = onnx.load_from_string((tmp_path / "network.onnx").read_bytes())
    for dimension in graph.graph.input[0].type.tensor_type.shape.dim[2:]:
        dimension.dim_value = size
    found = np.load(tmp_path / "keras.npz")

    for engine in ("openvino", "onnxruntime"):
        ours = _run(graph.SerializeToString(), engine, found["inputs"])
        assert _largest_difference(ours, found["logits"]) < CLOSE, engine


def test_an_unknown_layer_is_refused_by_its_name() -> None:
    """A network with a layer outside the list is refused, and the list is told."""
    with pytest.raises(ModelError, match="layer LSTM in 'lstm'.*Known: InputLayer, Rescaling"):
        write_graph(layers.chain(("LSTM", {})), padding_by_size=False)


def test_an_unknown_activation_is_refused_by_its_name() -> None:
    """A layer that applies an unknown function is refused."""
    chain = layers.chain(("Activation", {"activation": layers.linear("gelu")}))

    with pytest.raises(ModelError, match="activation gelu.*relu, silu, sigmoid"):
        write_graph(chain, padding_by_size=False)


def test_a_sloped_relu_is_refused() -> None:
    """A ReLU with a slope below zero, which no listed network has, is refused."""
    sloped = {"negative_slope": 0.1, "threshold": 0, "max_value": None}

    with pytest.raises(ModelError, match="a slope or threshold"):
        write_graph(layers.chain(("ReLU", sloped)), padding_by_size=False)


def test_arithmetic_on_pixels_is_told_and_not_written() -> None:
    """Rescaling and Normalization at the beginning become a factor and a summand a channel."""
    normalised = layers.with_weights([0.5, 0.4, 0.3], [0.25, 0.04, 0.01], 0)
    chain = layers.chain(
        ("Rescaling", {"scale": 1 / 255, "offset": 0.0}),
        ("Normalization", normalised),
        ("Flatten", {}),
    )

    _, ends = write_graph(chain, padding_by_size=False)

    assert np.allclose(255 * ends.multiply, [2, 5, 10])
    assert np.allclose(ends.add, [-1, -2, -3])


def test_arithmetic_on_pixels_behind_layers_is_refused() -> None:
    """A Rescaling in the middle of a network is no preprocessing."""
    chain = layers.chain(("Flatten", {}), ("Rescaling", {"scale": 2.0, "offset": 0.0}))

    with pytest.raises(ModelError, match="behind other layers"):
        write_graph(chain, padding_by_size=False)


def test_a_dense_layer_behind_flatten_reads_channels_first() -> None:
    """Weights for (h, w, C) are put in the order (C, h, w) that our maps have."""
    weight = np.arange(2 * 2 * 3 * 4, dtype=np.float32).reshape(12, 4)
    dense = layers.with_weights(weight, np.ones(4, np.float32), use_bias=True)
    chain = layers.chain(("Flatten", {"name": "flat"}), ("Dense", dense), size=2)

    graph, ends = write_graph(chain, padding_by_size=False)

    picture = np.random.default_rng(0).normal(size=(1, 2, 2, 3)).astype(np.float32)
    expected = picture.reshape(1, -1) @ weight + 1
    inputs = picture.transpose(0, 3, 1, 2).copy()
    for engine in ("openvino", "onnxruntime"):
        assert np.allclose(_run(graph.to_bytes("dense"), engine, inputs), expected, atol=1e-5)
    assert (ends.last_map, ends.final) == ("input", None)
