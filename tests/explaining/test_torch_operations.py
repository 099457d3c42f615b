"""Each operation that a graph may hold computes in torch what ONNX Runtime makes of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnxruntime
import pytest

from objektiv.base.seeds import generator
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.preprocess import PIXELS
from objektiv.features.strict import OPERATIONS as ALLOWED
from tests.features.brought import EXAMPLES, Example

torch = pytest.importorskip("torch", reason="needs objektiv[torch]")

from objektiv.explaining.torch_graph import TorchGraph  # noqa: E402
from objektiv.explaining.torch_operations import OPERATIONS  # noqa: E402


def _two(name: str) -> Example:
    return lambda g, x: g.add(name, [x, g.add("Abs", [x])])


def _reduced(name: str) -> Example:
    return lambda g, x: g.add(name, [x, g.ints(2)], keepdims=1)


def _compared(name: str) -> Example:
    return lambda g, x: g.add("Cast", [g.add(name, [x, g.floats(0.1)])], to=FLOAT)


def _mixed(graph: GraphBuilder, x: str) -> str:
    random = generator(0, "dense")
    flat = graph.add("Flatten", [x], axis=1)
    weights = graph.constant(random.normal(0, 0.1, (5, 144)).astype(np.float32))
    bias = graph.constant(random.normal(0, 1, 5).astype(np.float32))
    dense = graph.add("Gemm", [flat, weights, bias], transB=1, alpha=0.5, beta=2.0)
    return graph.add("Reshape", [dense, graph.ints(0, 5, 1, 1)])


def _sides(graph: GraphBuilder, x: str) -> str:
    """Whole numbers: how long an axis is, divided and counted."""
    side = graph.add("Gather", [graph.add("Shape", [x]), graph.ints(-1)])
    half = graph.add("Squeeze", [graph.add("Div", [side, graph.ints(4)]), graph.ints(0)])
    ends = [graph.add("Squeeze", [graph.ints(k), graph.ints(0)]) for k in (0, 6, 1)]
    counted = graph.add("Add", [graph.add("Range", ends), half])
    row = graph.add("Cast", [graph.add("Unsqueeze", [counted, graph.ints(0)])], to=FLOAT)
    return graph.add("Add", [x, row])


def _conv(**options: Any) -> Example:
    def add(graph: GraphBuilder, x: str) -> str:
        random = generator(0, "conv")
        channels = 1 if options.get("group") else 4
        weights = random.normal(0, 1, (4, channels, 3, 3)).astype(np.float32)
        bias = graph.constant(random.normal(0, 1, 4).astype(np.float32))
        return graph.add("Conv", [x, graph.constant(weights), bias], **options)

    return add


def _steps(graph: GraphBuilder, x: str) -> str:
    scale = graph.floats(0.05)
    zero = graph.constant(np.array(100, np.uint8))
    whole = graph.add("QuantizeLinear", [x, scale, zero])
    return graph.add("DequantizeLinear", [whole, scale, zero])


def _weights_of_8_bits(graph: GraphBuilder, x: str) -> str:
    whole = generator(0, "int8").integers(-127, 128, (4, 4, 1, 1)).astype(np.int8)
    scales = graph.constant(np.array([0.01, 0.02, 0.03, 0.04], np.float32))
    zeros = graph.constant(np.zeros(4, np.int8))
    weights = graph.add("DequantizeLinear", [graph.constant(whole), scales, zeros], axis=0)
    return graph.add("Conv", [x, weights])


OWN: dict[str, Example] = {
    **{name: _two(name) for name in ("Add", "Sub", "Mul", "Max", "Min")},
    **{name: _reduced(f"Reduce{name}") for name in ("L2", "Max", "Mean", "Min", "Sum")},
    **{name: _compared(name) for name in ("Greater", "Less")},
    "Abs": lambda g, x: g.add("Abs", [x]),
    "average pool past the end": lambda g, x: g.add(
        "AveragePool", [x], kernel_shape=[2, 4], strides=[2, 3], ceil_mode=1
    ),
    "average pool counting all": lambda g, x: g.add(
        "AveragePool", [x], kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1
    ),
    "Clip": lambda g, x: g.add("Clip", [x, g.floats(0.0), g.floats(0.6)]),
    "Concat": lambda g, x: g.add("Concat", [x, x], axis=1),
    "Conv": _conv(pads=[1, 0, 2, 1], strides=[2, 1]),
    "conv upper": _conv(auto_pad="SAME_UPPER", strides=[2, 2]),
    "conv lower": _conv(auto_pad="SAME_LOWER", strides=[2, 2]),
    "conv each": _conv(group=4, dilations=[2, 2]),
    "edges": lambda g, x: g.add("Pad", [x, g.ints(0, 0, 1, 2, 0, 0, 3, 0)], mode="edge"),
    "Gemm": _mixed,
    "Log": lambda g, x: g.add("Log", [g.add("Exp", [x])]),
    "MatMul": lambda g, x: g.add("MatMul", [x, x]),
    "max pool same": lambda g, x: g.add(
        "MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"
    ),
    "Range": _sides,
    "QuantizeLinear": _steps,
    "DequantizeLinear": _weights_of_8_bits,
    "Slice": lambda g, x: g.add("Slice", [x, g.ints(1, 5), g.ints(3, 0), g.ints(1, 2),
                                          g.ints(1, -2)]),
    "Softmax": lambda g, x: g.add("Softmax", [x], axis=1),
    "split in two": lambda g, x: _join(g, x),
    "Sqrt": lambda g, x: g.add("Sqrt", [g.add("Relu", [x])]),
    "Div": lambda g, x: g.add("Div", [x, g.add("Exp", [x])]),
    "Transpose": lambda g, x: g.add("Transpose", [x], perm=[0, 2, 3, 1]),
    "Where": lambda g, x: g.add("Where", [g.add("Less", [x, g.floats(0.0)]), x, g.floats(9.0)]),
}  # fmt: skip


def _join(graph: GraphBuilder, x: str) -> str:
    first = graph.add("Slice", [x, graph.ints(0), graph.ints(2), graph.ints(1)])
    return graph.add("Add", [graph.add("Split", [first], axis=1, num_outputs=1), first])


def test_every_allowed_operation_is_there() -> None:
    """No graph that the strict walk lets through holds an operation without gradients."""
    assert set(OPERATIONS) == ALLOWED


@pytest.mark.parametrize("name", [*EXAMPLES, *OWN])
def test_torch_computes_what_onnx_runtime_does(name: str) -> None:
    """Each example agrees within 1e-5 and its gradient is a number everywhere."""
    graph = GraphBuilder()
    y = {**EXAMPLES, **OWN}[name](graph, graph.input(PIXELS, FLOAT, [1, 4, 6, 6]))
    graph.output(y, FLOAT, ["n", "c", "h", "w"])
    model = graph.model(name)
    x = generator(0, "x").normal(0, 1, (1, 4, 6, 6)).astype(np.float32)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (expected,) = session.run(None, {PIXELS: x})

    given = torch.tensor(x, requires_grad=True)
    found = TorchGraph(model, [y])(given)[y]

    np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-5)
    if found.requires_grad:
        found.sum().backward()
        assert given.grad is not None
        assert torch.isfinite(given.grad).all()


def test_a_flat_map_has_a_gradient_that_is_a_number() -> None:
    """The square root of 0 gives 0 and no infinite slope."""
    x = torch.zeros(3, requires_grad=True)

    OPERATIONS["Sqrt"]({}, x).sum().backward()

    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 0.0, 0.0]
    assert math.isclose(float(OPERATIONS["Sqrt"]({}, torch.tensor(9.0))), 3.0)


def test_rounding_lets_gradients_pass() -> None:
    """A step function has no slope; the gradient goes through as if it were not there."""
    x = torch.tensor([0.3, 0.7, 99.0], requires_grad=True)
    scale, zero = torch.tensor(0.5), torch.tensor(0, dtype=torch.uint8)

    OPERATIONS["QuantizeLinear"]({}, x, scale, zero).sum().backward()

    assert x.grad is not None
    assert x.grad.tolist() == [2.0, 2.0, 2.0]
