"""Make a plain graph of one that an exporter wrote: known fields, constants, batch left open.

In: an ONNX model with one input of pictures and one output. Out: the same function as bytes that
features take: `input` to `logits`, everything in the default domain, no functions, no metadata.
Which operations may stand in it is checked where the network is stored.
Try: `plain(onnx.load("network.onnx"), name="mine", size=224, classes=1000)`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import AttributeProto, NodeProto, helper, numpy_helper

from objektiv.base.errors import ModelError
from objektiv.features.graph import FLOAT, IR_VERSION, OPSET

INPUT, LOGITS = "input", "logits"
FARTHEST = 1 << 20  # end of a Slice beyond any picture; the walk of networks allows no more

PASSED_ON = ("Identity", "Dropout")  # at rest the second does nothing
SIMPLE = (
    AttributeProto.FLOAT,
    AttributeProto.INT,
    AttributeProto.STRING,
    AttributeProto.FLOATS,
    AttributeProto.INTS,
)


def plain(
    model: onnx.ModelProto, *, name: str, size: int, classes: int, by_size: Collection[str] = ()
) -> bytes:
    """The graph for pictures (n, 3, size, size) and `classes` logits, checked by onnx.

    `by_size` names weights of convolutions whose zeros around the map follow from its size, as
    TensorFlow's "same" has them.

    Raises:
        ModelError: it holds functions, subgraphs, operations of another domain or version, or has
            more than one input or output.
    """
    _check_ends(model, name)
    for node in model.graph.node:
        if not _is_simple(node):
            raise _refused(name, f"the operation {node.domain}:{node.op_type}"[:100])
    work = _Work(model.graph)
    nodes = [new for node in model.graph.node for new in work.rewrite(node, by_size)]
    read = {tensor for node in nodes for tensor in node.input}
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(INPUT, FLOAT, ["n", 3, size, size])],
        [helper.make_tensor_value_info(LOGITS, FLOAT, ["n", classes])],
        [numpy_helper.from_array(v, k) for k, v in work.constants.items() if k in read],
    )
    opset = helper.make_opsetid("", OPSET)
    made = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    made.producer_name = "objektiv"
    try:
        onnx.checker.check_model(made, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise _refused(name, " ".join(str(error).split())[:200]) from error
    data: bytes = made.SerializeToString()
    return data


def _is_simple(node: NodeProto) -> bool:
    own = node.domain in ("", "ai.onnx")
    return own and (node.op_type == "Constant" or all(a.type in SIMPLE for a in node.attribute))


def _check_ends(model: onnx.ModelProto, name: str) -> None:
    versions = {opset.domain: opset.version for opset in model.opset_import}
    if model.functions or versions.get("", 0) != OPSET:
        raise _refused(name, f"{len(model.functions)} functions, operations of {versions}")
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value.name for value in model.graph.input if value.name not in constants]
    outputs = [value.name for value in model.graph.output]
    if len(inputs) != 1 or len(outputs) != 1:
        raise _refused(name, f"inputs {inputs[:4]}, outputs {outputs[:4]}")


def _refused(name: str, found: str) -> ModelError:
    return ModelError(
        f"the graph of {name} cannot be made plain",
        value=found,
        allowed=f"One input, one output, operations of ONNX itself in version {OPSET}",
        next="choose another network",
    )


class _Work:
    """The constants, and what each tensor of the old graph is called in the new."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        given = next(value.name for value in graph.input if value.name not in self.constants)
        self._names = {given: INPUT, graph.output[0].name: LOGITS}

    def rewrite(self, node: NodeProto, by_size: Collection[str]) -> Iterator[NodeProto]:
        """The nodes that stand in the new graph for one of the old."""
        inputs = [self._names.get(name, name) for name in node.input]
        outputs = [self._names.get(name, name) for name in node.output if name]
        if node.op_type == "Constant":
            self.constants[outputs[0]] = _value(node)
        elif node.op_type in PASSED_ON and outputs != [LOGITS]:
            self._names[node.output[0]] = inputs[0]
        elif node.op_type == "BatchNormalization":
            yield from self._normalization(node, inputs, outputs[0])
        else:
            if node.op_type == "Slice":
                self._shorten(inputs[1:3])
            new = NodeProto(op_type=node.op_type, name=outputs[0])
            new.input.extend(inputs)
            new.output.extend(outputs)
            same = node.op_type == "Conv" and node.input[1] in by_size
            left_out = {"pads", "auto_pad"} if same else set()
            new.attribute.extend(a for a in node.attribute if a.name not in left_out)
            if same:
                new.attribute.append(helper.make_attribute("auto_pad", "SAME_UPPER"))
            yield new

    def _normalization(
        self, node: NodeProto, inputs: list[str], output: str
    ) -> Iterator[NodeProto]:
        """A batch normalisation at rest as a product and a sum."""
        options = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        gamma, beta, mean, variance = (self.constants[i].astype(np.float64) for i in inputs[1:5])
        scale = gamma / np.sqrt(variance + options.get("epsilon", 1e-5))
        names = [f"{output}/scale", f"{output}/shift"]
        for name, values in zip(names, (scale, beta - mean * scale), strict=True):
            self.constants[name] = values.astype(np.float32).reshape(-1, 1, 1)
        product = f"{output}/scaled"
        yield helper.make_node("Mul", [inputs[0], names[0]], [product], name=product)
        yield helper.make_node("Add", [product, names[1]], [output], name=output)

    def _shorten(self, ends: list[str]) -> None:
        """Exporters write the largest integer for "to the end"."""
        for name in ends:
            if name in self.constants:
                self.constants[name] = self.constants[name].clip(-FARTHEST, FARTHEST)


def _value(node: NodeProto) -> NDArray[np.generic]:
    value = helper.get_attribute_value(node.attribute[0])
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return np.array(value, np.float32 if isinstance(value, float) else None)
