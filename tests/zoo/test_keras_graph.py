"""The networks as ONNX give what Keras itself gives, with random weights and statistics."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from objektiv.base.errors import ModelError
from objektiv.features.runtime import openvino
from objektiv.zoo.keras_graph import LAYERS, write_graph
from objektiv.zoo.table import KERAS
from tests.zoo.keras_asking import ask_keras

CLOSE = 1e-4  # of the largest logit

FAST = ("MobileNet", "MobileNetV2", "EfficientNetB0")  # and the others with `-m slow`
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


def _layer(kind: str, tensor: object, before: object = None, **options: Any) -> Any:
    """What the walk sees of a Keras layer: the name of its class and its attributes."""
    options = {"name": kind.lower(), "input": before, "output": tensor, **options}
    return type(kind, (SimpleNamespace,), {})(**options)


def _model(*layers: Any) -> Any:
    return SimpleNamespace(
        layers=list(layers),
        output=layers[-1].output,
        input_shape=(None, 32, 32, 3),
        output_shape=(None, 10),
    )


def test_an_unknown_layer_is_refused_by_its_name() -> None:
    """A network with a layer outside the list is refused, and the list is told."""
    first, second = object(), object()
    model = _model(_layer("InputLayer", first), _layer("LSTM", second, first))

    with pytest.raises(ModelError, match="layer LSTM in 'lstm'.*Known: InputLayer, Rescaling"):
        write_graph(model, padding_by_size=False)


def test_an_unknown_activation_is_refused_by_its_name() -> None:
    """A layer that applies an unknown function is refused."""
    first, second, third = object(), object(), object()
    gelu = SimpleNamespace(__name__="gelu")
    model = _model(
        _layer("InputLayer", first),
        _layer("Activation", second, first, activation=gelu),
        _layer("ReLU", third, second, negative_slope=0, threshold=0, max_value=None),
    )

    with pytest.raises(ModelError, match="activation gelu.*relu, silu, sigmoid"):
        write_graph(model, padding_by_size=False)


def test_a_sloped_relu_is_refused() -> None:
    """A ReLU with a slope below zero, which no listed network has, is refused."""
    first, second = object(), object()
    sloped = _layer("ReLU", second, first, negative_slope=0.1, threshold=0, max_value=None)

    with pytest.raises(ModelError, match="a slope or threshold"):
        write_graph(_model(_layer("InputLayer", first), sloped), padding_by_size=False)


def test_every_kind_of_layer_has_its_line() -> None:
    """The list names layers as Keras names their classes."""
    keras_layers = {"Conv2D", "DepthwiseConv2D", "SeparableConv2D", "BatchNormalization", "Dense"}

    assert keras_layers < set(LAYERS)
