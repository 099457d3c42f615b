"""The engine: batches, padding, precisions, threads, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from objektiv.base.errors import BundleError, ModelError
from objektiv.base.seeds import generator
from objektiv.features.engine import HINTS
from objektiv.features.graph import FLOAT, UINT8, GraphBuilder
from objektiv.features.preprocess import add_preprocessing
from objektiv.shipping import session as module
from objektiv.shipping.session import LARGE, Network, Session, has_bf16, run_whole_graph
from objektiv.shipping.walk import cut, with_batch

MakeGraph = Callable[..., bytes]


@pytest.fixture
def graph(make_graph: MakeGraph) -> onnx.ModelProto:
    """The small graph behind the pixels."""
    model: onnx.ModelProto = onnx.ModelProto.FromString(make_graph())
    cut(model, size=32)
    return model


@pytest.fixture
def network(graph: onnx.ModelProto) -> Network:
    """The small network."""
    return Network(graph)


def _squares(count: int) -> NDArray[np.float32]:
    return generator(0, "squares").uniform(0, 255, (count, 32, 32, 3)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 4, 5, 15, 16, 17, 33])
def test_any_number_of_pictures_gives_the_rows_of_single_ones(network: Network, count: int) -> None:
    """Batching and padding change no row by more than 1e-5 and mix no order."""
    session = Session(network, precision="fp32")
    squares = _squares(count)
    alone = np.concatenate([session(squares[i : i + 1]).logits for i in range(count)])

    together = session(squares)

    assert together.logits.shape == together.probabilities.shape == (count, 3)
    np.testing.assert_allclose(together.logits, alone, atol=1e-5)
    assert count == 1 or np.ptp(alone, axis=0).min() > 1e-2  # rows that differ at all


def test_probabilities_are_the_softmax_of_the_logits(network: Network) -> None:
    """Both outputs stand in their place."""
    logits, probabilities, _ = Session(network, precision="fp32")(_squares(3))

    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(probabilities, raised / raised.sum(axis=1, keepdims=True), atol=1e-6)


def test_one_picture_compiles_no_batch(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single prediction does not wait for what it does not need."""
    sizes: list[int] = []
    original = with_batch

    def noted(model: onnx.ModelProto, batch: int) -> bytes:
        sizes.append(batch)
        return original(model, batch)

    monkeypatch.setattr(module, "with_batch", noted)
    session = Session(network, precision="fp32")
    session(_squares(1))
    session(_squares(2))
    assert sizes == [1]
    session(_squares(20))
    session(_squares(40))
    assert sizes == [1, LARGE]


def test_several_threads_get_their_own_answers(network: Network) -> None:
    """One session serves many threads without mixing them up."""
    session = Session(network, precision="fp32")
    squares = _squares(40)
    expected = session(squares).logits

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda i: session(squares[i : i + 1]).logits[0], range(40)))

    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_bf16_is_near_or_refused(network: Network) -> None:
    """A processor either computes in bf16, less exactly, or says that it cannot."""
    squares = _squares(8)
    exact = Session(network, precision="fp32")(squares).probabilities
    try:
        rough = Session(network, precision="bf16")(squares).probabilities
    except ModelError as error:
        assert not has_bf16()
        assert "does not compute in the precision" in str(error)
        return
    difference = np.abs(rough - exact).max()
    assert 0 < difference < 0.05


def test_bf16_leaves_the_head_in_32_bits(network: Network) -> None:
    """Only the backbone is computed in bf16: the head of its features is exact."""
    squares = _squares(8)
    rough = Session(network, precision="bf16")
    try:
        logits = rough(squares).logits
    except ModelError:
        pytest.skip("this processor does not compute in bf16")
    backbone, _ = rough._requests[LARGE]
    features = backbone.get_output_tensor(0).data[:8]
    head = {tuple(t.dims): numpy_helper.to_array(t) for t in network.graph.graph.initializer}

    exact = features @ head[16, 3] + head[3,]
    np.testing.assert_allclose(logits, exact, atol=1e-5)
    assert np.abs(features - _features(network, squares)).max() > 1e-4  # bf16 at all


def _features(network: Network, squares: NDArray[np.float32]) -> NDArray[np.float32]:
    backbone, _ = module._split(network.read(LARGE).clone())
    request = module.request(backbone, "fp32")
    request.infer([np.concatenate([squares, squares])])
    features: NDArray[np.float32] = request.get_output_tensor(0).data[: len(squares)].copy()
    return features


def test_a_graph_without_features_runs_whole(graph: onnx.ModelProto) -> None:
    """A network that is no backbone with a head is run in one piece."""
    for node in graph.graph.node:
        for names in (node.input, node.output):
            names[:] = ["joined" if name == "features" else name for name in names]
    squares = _squares(2)
    session = Session(Network(graph), precision="bf16")
    try:
        session(squares)
    except ModelError:
        pytest.skip("this processor does not compute in bf16")
    assert len(session._requests[1]) == 1


def test_a_precision_the_engine_does_not_give_is_refused(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What OpenVINO silently replaces (f16 by f32 on a CPU) is told, not used."""
    monkeypatch.setitem(HINTS, "bf16", "f16")
    with pytest.raises(ModelError, match="bf16 asked, f32 given.*--precision fp32"):
        Session(network, precision="bf16")(_squares(1))


def test_the_whole_graph_takes_pictures_of_any_size(make_graph: MakeGraph) -> None:
    """The graph as it ships runs one picture after the other."""
    pictures = [np.full((h, w, 3), 90, np.uint8) for h, w in ((1, 1), (20, 30), (500, 3))]

    logits, probabilities, _ = run_whole_graph(make_graph(), pictures)

    assert logits.shape == probabilities.shape == (3, 3)
    np.testing.assert_allclose(probabilities[0], probabilities[1], atol=1e-6)  # one flat grey


def test_a_network_openvino_refuses_is_a_bundle_error(graph: onnx.ModelProto) -> None:
    """A graph whose shapes do not fit ends in our error, without OpenVINO's source paths."""
    tensor = next(t for t in graph.graph.initializer if list(t.dims) == [16, 3])
    tensor.dims[:] = [3, 16]
    with pytest.raises(BundleError, match="OpenVINO refuses model.onnx") as caught:
        Session(Network(graph), precision="fp32")(_squares(1))
    assert ".cpp" not in str(caught.value)


def test_a_network_that_would_fill_the_memory_is_refused() -> None:
    """Two long vectors that multiply to a terabyte are found before anything is computed."""
    graph = GraphBuilder()
    image = graph.input("image", UINT8, ["height", "width", 3])
    pixels = add_preprocessing(graph, image, size=32, fit="crop")
    row = graph.constant(np.zeros((1, 1, 1, 500_000), np.float32))
    column = graph.constant(np.zeros((1, 1, 500_000, 1), np.float32))
    mean = graph.add("ReduceMean", [pixels], keepdims=1)
    wide = graph.add("Mul", [graph.add("Add", [mean, row]), graph.add("Add", [mean, column])])
    total = graph.add("ReduceMax", [wide], keepdims=0)
    logits = graph.add("Reshape", [total, graph.ints(1, 1)], output="logits")
    graph.add("Softmax", [logits], output="probabilities")
    for name in ("logits", "probabilities"):
        graph.output(name, FLOAT, [1, 1])
    model = graph.model("bomb")
    cut(model, size=32)

    with pytest.raises(BundleError, match="size is open or too large"):
        Session(Network(model), precision="fp32")(_squares(1))
