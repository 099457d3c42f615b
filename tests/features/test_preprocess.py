"""The preprocessing inside the graph against a dense float64 reference, in two engines."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from PIL import Image

from objektiv.base.errors import SettingsError
from objektiv.base.seeds import generator
from objektiv.data.images import to_square
from objektiv.data.settings import Fit
from objektiv.features.graph import FLOAT, UINT8, GraphBuilder
from objektiv.features.preprocess import FITS, PIXELS, add_preprocessing
from objektiv.features.runtime import openvino

SIZES = (32, 127, 384)
SHAPES = [  # height, width
    *[(1, 1), (1, 500), (500, 1), (1, 2), (2, 1), (3, 7), (28, 28), (29, 28)],
    *[(60, 400), (399, 61), (147, 133), (223, 225), (384, 32), (301, 400)],
]
LARGE = [(3000, 2000)]
THIN = [(3000, 1), (5, 5000)]  # products of 64-bit size under `crop`


def _graph(size: int, fit: str) -> bytes:
    graph = GraphBuilder()
    image = graph.input("image", UINT8, ["height", "width", 3])
    graph.output(add_preprocessing(graph, image, size=size, fit=fit), FLOAT, [1, size, size, 3])
    data: bytes = graph.model("preprocessing").SerializeToString()
    return data


class _Engines:
    """One graph in ONNX Runtime and OpenVINO."""

    def __init__(self, size: int, fit: str) -> None:
        data = _graph(size, fit)
        core = openvino.Core()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # more would wait for each other on a busy machine
        self._session = onnxruntime.InferenceSession(data, options)
        self._model = core.compile_model(
            core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
        )

    def __call__(self, image: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        plain = self._session.run([PIXELS], {"image": image})[0]
        return {"onnxruntime": np.asarray(plain), "openvino": self._model(image)[PIXELS]}


@cache
def _engines(size: int, fit: str) -> _Engines:
    return _Engines(size, fit)


def _axis(length: int, height: int, width: int, size: int, fit: str) -> NDArray[np.float64]:
    """The specification, word for word: the dense matrix (size, length) of one axis."""
    new = size
    if fit != "stretch":
        measure = max(height, width) if fit == "letterbox" else min(height, width)
        new = max(1, (2 * length * size + measure) // (2 * measure))
    j = np.clip(np.arange(size) - (size - new) // 2, 0, new - 1)
    scale = length / new
    distance = np.abs(np.arange(length) + 0.5 - (j[:, None] + 0.5) * scale)
    weight = np.maximum(0, 1 - distance / max(scale, 1))
    matrix: NDArray[np.float64] = weight / weight.sum(axis=1, keepdims=True)
    return matrix


def _reference(image: NDArray[np.uint8], size: int, fit: str) -> NDArray[np.float64]:
    height, width = image.shape[:2]
    rows, columns = (_axis(n, height, width, size, fit) for n in (height, width))
    lower = (rows @ image.reshape(height, -1).astype(np.float64)).reshape(size, width, 3)
    square: NDArray[np.float64] = columns @ lower
    return square[None]


def _noise(height: int, width: int) -> NDArray[np.uint8]:
    """Black and white pixels: the hardest picture, every error of place is an error of 255."""
    random = generator(0, "noise", height, width)
    return random.integers(0, 2, (height, width, 3), np.uint8) * np.uint8(255)


def _assert_near(image: NDArray[np.uint8], size: int, fit: Fit) -> None:
    """Both engines and the NumPy version, within 1e-3 grey levels of the reference."""
    expected = _reference(image, size, fit)
    found = _engines(size, fit)(image) | {"numpy": to_square(image, size=size, fit=fit)[None]}
    for engine, pixels in found.items():
        assert pixels.shape == (1, size, size, 3), engine
        assert pixels.dtype == np.float32, engine
        worst = np.abs(pixels - expected).max()
        assert worst <= 1e-3, (engine, image.shape, worst)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", SIZES)
def test_graph_and_numpy_compute_the_specified_filter(size: int, fit: Fit) -> None:
    """On odd sizes both engines and `data.images.to_square` are the dense float64 filter."""
    for shape in SHAPES:
        _assert_near(_noise(*shape), size, fit)


@pytest.mark.parametrize("fit", FITS)
def test_large_and_thin_pictures_keep_the_accuracy(fit: Fit) -> None:
    """Neither 3000 x 2000 pixels nor 3000 x 1 lose accuracy to 32-bit floats or integers."""
    for shape in LARGE + THIN:
        _assert_near(_noise(*shape), 96, fit)


def test_lengths_round_half_up_in_both_engines() -> None:
    """A side that falls exactly on a half pixel is rounded up, as whole numbers say."""
    size = 32
    halves = [(64, 2 * k + 1) for k in range(31)]  # width * size / 64 = k + 1/2
    for height, width in halves:
        image = np.zeros((height, width, 3), np.uint8)
        image[:, 0] = 255  # a bright left edge, repeated to the left
        new = (width * size * 2 + 64) // 128
        left = (size - new) // 2
        for engine, pixels in _engines(size, "letterbox")(image).items():
            row = pixels[0, size // 2, :, 0]
            assert np.all(row[: left + 1] == row[0]), (engine, width)
            assert new == 1 or row[left + 1] < row[left], (engine, width)


@pytest.mark.parametrize("shape", [(40, 30), (300, 200), (97, 203)])
def test_the_filter_is_that_of_pillow(shape: tuple[int, int]) -> None:
    """`stretch` is within one grey level of Pillow's BILINEAR, which rounds to whole levels."""
    image = _noise(*shape)
    expected = np.asarray(Image.fromarray(image).resize((128, 128), Image.Resampling.BILINEAR))
    for pixels in _engines(128, "stretch")(image).values():
        assert np.abs(pixels[0] - expected.astype(np.float32)).max() <= 1.0 + 1e-3


def test_a_flat_picture_stays_flat() -> None:
    """Every row of the filter sums to 1: a grey of 200 stays 200 everywhere, border included."""
    image = np.full((123, 45, 3), 200, np.uint8)
    for fit in FITS:
        for pixels in _engines(33, fit)(image).values():
            assert np.abs(pixels - 200).max() < 1e-4


def test_an_unknown_fit_is_refused_with_the_near_name() -> None:
    """A misspelt fit names the allowed ones and the nearest."""
    graph = GraphBuilder()
    image = graph.input("image", UINT8, ["height", "width", 3])
    with pytest.raises(SettingsError, match=r"leterbox.*letterbox, stretch, crop.*did you mean"):
        add_preprocessing(graph, image, size=32, fit="leterbox")


def test_a_size_below_one_is_refused() -> None:
    """A square of 0 pixels is refused before a node is written."""
    graph = GraphBuilder()
    image = graph.input("image", UINT8, ["height", "width", 3])
    with pytest.raises(SettingsError, match="from 1 on are allowed"):
        add_preprocessing(graph, image, size=0, fit="crop")
