"""The builder writes checked graphs and leaves out what no output needs."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from objektiv.features.graph import FLOAT, GraphBuilder, count_numbers


def _sum_graph() -> GraphBuilder:
    graph = GraphBuilder()
    x = graph.input("x", FLOAT, ["n", 3])
    graph.add("Mul", [x, graph.constant(np.full(5000, 2.0, np.float32)[:1], "unused")])
    graph.add("Add", [x, graph.floats(1.0, 2.0, 3.0)], output="y")
    graph.output("y", FLOAT, ["n", 3])
    return graph


def test_graph_computes_what_was_written() -> None:
    """ONNX Runtime reads the bytes and adds the constants."""
    session = onnxruntime.InferenceSession(_sum_graph().to_bytes("sum"))
    (found,) = session.run(None, {"x": np.zeros((2, 3), np.float32)})

    assert found.tolist() == [[1, 2, 3], [1, 2, 3]]


def test_what_no_output_needs_is_left_out() -> None:
    """Neither the product nor its constant is in the file."""
    model = onnx.load_from_string(_sum_graph().to_bytes("sum"))

    assert [node.op_type for node in model.graph.node] == ["Add"]
    assert "unused" not in [tensor.name for tensor in model.graph.initializer]


def test_two_constants_of_one_name_are_refused() -> None:
    """A name means one tensor."""
    graph = GraphBuilder()
    graph.constant(np.zeros(1, np.float32), "a")
    with pytest.raises(ValueError, match="two constants are called a"):
        graph.constant(np.ones(1, np.float32), "a")


def test_numbers_are_counted_without_shapes() -> None:
    """Weights count, the integers that are axes and shapes do not."""
    graph = GraphBuilder()
    x = graph.input("x", FLOAT, ["n", 3])
    y = graph.add("MatMul", [x, graph.constant(np.ones((3, 5), np.float32))])
    graph.add("ReduceSum", [y, graph.ints(1)], output="y", keepdims=0)
    graph.constant(np.ones(100, np.float32))  # nobody needs it
    graph.output("y", FLOAT, ["n"])

    assert count_numbers(graph.to_bytes("small")) == 15
