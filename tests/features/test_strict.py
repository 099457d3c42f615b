"""The strict walk lets through what networks need; its refusals are tested on bundles and stores.

(tests/shipping/test_walk.py spoils a bundle's graph in every way; tests/features/test_store.py does
so with a stored network.)
"""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from objektiv.base.errors import ModelError
from objektiv.base.seeds import generator
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.runtime import openvino
from objektiv.features.strict import LARGEST_INTEGER, Source, check_rules, light, walk
from tests.features.brought import EXAMPLES


def _refused(happened: str, *, value: object, allowed: str) -> ModelError:
    return ModelError(happened, value=value, allowed=allowed, next="nothing")


SOURCE = Source(file="a.onnx", only="Plain numbers", refused=_refused)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_networks_bring_computes_alike_in_both_engines(name: str) -> None:
    """Each operation passes the walk; OpenVINO and ONNX Runtime agree on it within 1e-5."""
    graph = GraphBuilder()
    y = EXAMPLES[name](graph, graph.input("x", FLOAT, [1, 4, 6, 6]))
    graph.output(y, FLOAT, ["n", "c", "h", "w"])
    data = graph.to_bytes(name)

    check_rules(walk(data, SOURCE), SOURCE)

    x = generator(0, "x").normal(0, 1, (1, 4, 6, 6)).astype(np.float32)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"x": x})
    core = openvino.Core()
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    found = core.compile_model(core.read_model(data), "CPU", options)({"x": x})[0]
    assert np.abs(np.asarray(expected)).max() > 0.01
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("number", [LARGEST_INTEGER + 1, -(2**63), 2**63 - 1])
def test_a_whole_number_that_is_too_large_is_refused(number: int) -> None:
    """Padding or a shape of so many pixels would fill the memory."""
    graph = GraphBuilder()
    x = graph.input("x", FLOAT, [1, 4, 6, 6])
    graph.add("Reshape", [x, graph.constant(np.array([1, number], np.int64), "shape")], output="y")
    data = _unchecked(graph)

    with pytest.raises(ModelError, match=r"holds a whole number that is too large: 'shape'"):
        walk(data, SOURCE)


def test_a_slice_may_go_to_the_end() -> None:
    """The largest whole number means the end there, and fills no memory."""
    graph = GraphBuilder()
    x = graph.input("x", FLOAT, [1, 4, 6, 6])
    end = graph.constant(np.array([2**63 - 1], np.int64))
    y = graph.add("Slice", [x, graph.ints(1), end, graph.ints(2)])
    graph.output(y, FLOAT, [1, 4, 5, 6])

    assert len(walk(graph.to_bytes("slice"), SOURCE).graph.node) == 1


def _unchecked(graph: GraphBuilder) -> bytes:
    """The bytes of a graph that onnx's own checker would refuse as well."""
    made = onnx.helper.make_graph(
        graph._nodes, "g", graph._inputs, [], [*graph._constants.values()]
    )
    opset = onnx.helper.make_opsetid("", 18)
    data: bytes = onnx.helper.make_model(
        made, opset_imports=[opset], ir_version=10
    ).SerializeToString()
    return data


def test_large_arrays_are_shown_by_their_shape_alone() -> None:
    """The light copy of a graph holds its nodes and small constants, and no weights."""
    graph = GraphBuilder()
    weight = graph.constant(np.ones((8, 4, 3, 3), np.float32), "weight")
    small = graph.constant(np.ones(8, np.float32), "bias")
    y = graph.add("Conv", [graph.input("x", FLOAT, [1, 4, 6, 6]), weight, small])
    graph.output(y, FLOAT, [1, 8, 4, 4])

    found = light(graph.model("conv"))

    assert [t.name for t in found.graph.initializer] == ["bias"]
    assert [i.name for i in found.graph.input] == ["x", "weight"]
    assert len(found.graph.node) == 1
