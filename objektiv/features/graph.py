"""Write ONNX graphs one operation a line.

In: operations by name. Out: a checked `onnx.ModelProto`. Everything we ship (preprocessing,
network, head) is written through this builder into one graph.
Try: `g = GraphBuilder(); g.add("Relu", [g.input("x", FLOAT, ["n", 3])], output="y")`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 18  # ReduceMax and ReduceMean take their axes as inputs from here on
IR_VERSION = 10  # readable by ONNX Runtime 1.18 (2024) and later

FLOAT = int(TensorProto.FLOAT)
UINT8 = int(TensorProto.UINT8)
INT64 = int(TensorProto.INT64)

Shape = Sequence[int | str]


class GraphBuilder:
    """Collects nodes, constants, inputs and outputs in order."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, kind: int, shape: Shape) -> str:
        """Declare a graph input; a text in `shape` is a dimension left open."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def output(self, name: str, kind: int, shape: Shape) -> str:
        """Declare a graph output; a node must produce `name`."""
        self._outputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def constant(self, value: NDArray[Any], name: str = "") -> str:
        """Store an array in the graph."""
        name = name or f"constant_{len(self._constants)}"
        if name in self._constants:
            raise ValueError(f"two constants are called {name}")
        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def floats(self, *values: float) -> str:
        """A constant vector of 32-bit floats; one value gives a scalar."""
        array = np.array(values if len(values) != 1 else values[0], np.float32)
        return self.constant(array)

    def ints(self, *values: int) -> str:
        """A constant vector of 64-bit integers, as axes and shapes want it."""
        return self.constant(np.array(values, np.int64))

    def add(
        self, operation: str, inputs: Sequence[str], *, output: str = "", **options: Any
    ) -> str:
        """Append a node with one output; returns the output's name."""
        output = output or f"{operation.lower()}_{len(self._nodes)}"
        node = helper.make_node(operation, list(inputs), [output], name=output, **options)
        self._nodes.append(node)
        return output

    def makes(self, tensor: str) -> bool:
        """Whether a node gives this tensor."""
        return any(tensor in node.output for node in self._nodes)

    def rename(self, tensor: str, name: str) -> str:
        """Call a node's output otherwise from now on, so that `tensor` can be given anew."""
        for node in self._nodes:
            for names in (node.input, node.output):
                names[:] = [name if own == tensor else own for own in names]
            node.name = name if node.name == tensor else node.name
        return name

    def insert(self, graph: onnx.GraphProto, *, given: Mapping[str, str]) -> None:
        """Append the nodes and constants of another graph, whose names must all be new here.

        `given` tells which tensor here stands for each of its inputs. Constants are not copied.
        """
        for tensor in graph.initializer:
            if tensor.name in self._constants:
                raise ValueError(f"two constants are called {tensor.name}")
            self._constants[tensor.name] = tensor
        for node in graph.node:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            copy.input[:] = [given.get(name, name) for name in node.input]
            self._nodes.append(copy)

    def model(self, name: str) -> onnx.ModelProto:
        """The finished graph, without what no output needs, checked by onnx (types and shapes
        inferred strictly)."""
        nodes, needed = self._needed()
        constants = [tensor for name, tensor in self._constants.items() if name in needed]
        graph = helper.make_graph(nodes, name, self._inputs, self._outputs, constants)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
        model.producer_name = "objektiv"
        onnx.checker.check_model(model, full_check=True)
        return model

    def _needed(self) -> tuple[list[onnx.NodeProto], set[str]]:
        """The nodes that the outputs are computed from, in order, and every tensor they read."""
        needed = {value.name for value in self._outputs}
        nodes = []
        for node in reversed(self._nodes):
            if needed.intersection(node.output):
                nodes.append(node)
                needed.update(node.input)
        return nodes[::-1], needed

    def to_bytes(self, name: str) -> bytes:
        """The finished graph as bytes: engines get bytes, never a path."""
        data: bytes = self.model(name).SerializeToString()
        return data


def output_shape(data: bytes) -> tuple[int, ...]:
    """Shape of a finished graph's only output, inferred from its inputs."""
    model = onnx.ModelProto.FromString(data)
    (output,) = onnx.shape_inference.infer_shapes(model, data_prop=True).graph.output
    return tuple(dimension.dim_value for dimension in output.type.tensor_type.shape.dim)


def count_numbers(data: bytes) -> int:
    """How many weights a finished graph holds; integers that are shapes and axes do not count."""
    model = onnx.ModelProto.FromString(data)
    kinds = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT8)
    return sum(math.prod(t.dims) for t in model.graph.initializer if t.data_type in kinds)
