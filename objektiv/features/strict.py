"""Walk an ONNX file to its last field before any engine sees a byte of it.

In: bytes, and whose they are. Out: an `onnx.ModelProto` that holds nothing but what this file
allows (what is not known to it is dropped before the engine reads), or an error naming the place.
Try: `check_rules(model := walk(data, source), source)`.

Source of the rules: onnx's ExternalDataSecurity.md lists four fixes of path handling, each one
incomplete; a graph without paths, subgraphs and functions needs none of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError, Message
from numpy.typing import NDArray
from onnx import TensorProto

from objektiv.base.errors import ModelError
from objektiv.features.graph import IR_VERSION, OPSET

# Every field that a graph of ours uses; functions, training, subgraphs, sparse and external
# tensors, strings and metadata are not among them.
FIELDS = {
    "ModelProto": {"ir_version", "opset_import", "producer_name", "graph"},
    "OperatorSetIdProto": {"domain", "version"},
    "GraphProto": {"node", "name", "initializer", "input", "output"},
    "NodeProto": {"input", "output", "name", "op_type", "attribute"},
    "AttributeProto": {"name", "type", "f", "i", "s", "ints", "floats"},
    "TensorProto": {"dims", "data_type", "name", "raw_data"},
    "ValueInfoProto": {"name", "type"},
    "TypeProto": {"tensor_type"},
    "Tensor": {"elem_type", "shape"},
    "TensorShapeProto": {"dim"},
    "Dimension": {"dim_value", "dim_param"},
}

# What objektiv's own source writes, and what pretrained networks from elsewhere need besides; a
# test compares the first with the source and runs each of the others in both engines.
OPERATIONS = frozenset(
    """
    Abs Add AveragePool Cast Clip Concat Conv DequantizeLinear Div Elu Erf Exp Expand Flatten Gather
    Gemm GlobalAveragePool GlobalMaxPool Greater HardSigmoid HardSwish InstanceNormalization LRN
    LayerNormalization LeakyRelu Less Log MatMul Max MaxPool Min Mish Mul Neg PRelu Pad Pow
    QuantizeLinear Range Reciprocal ReduceL2 ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape
    Selu Shape Sigmoid Slice Softmax Softplus Split Sqrt Squeeze Sub Sum Tanh Transpose Unsqueeze
    Where
    """.split()
)

TYPES: dict[int, np.dtype[Any]] = {
    TensorProto.FLOAT: np.dtype("<f4"),
    TensorProto.FLOAT16: np.dtype("<f2"),
    TensorProto.INT64: np.dtype("<i8"),
    TensorProto.INT32: np.dtype("<i4"),
    TensorProto.INT8: np.dtype("i1"),
    TensorProto.UINT8: np.dtype("u1"),
}
NODES = 20_000
LARGEST_INTEGER = 1 << 20  # padding of 2**40 pixels would fill the memory

# Elements of one value inside the network, per picture: 256 MB of 32-bit floats. VGG19 at 512
# pixels needs a quarter of that; a hostile graph of a few bytes could ask for more than there is.
LARGEST_VALUE = 1 << 26

SMALL = 200  # numbers; larger arrays are shown to onnx's checker by their shape, 6 times faster


@dataclass(frozen=True)
class Source:
    """Whose file it is: how messages call it, and the error that refuses it."""

    file: str
    only: str  # what such a file holds, a sentence
    refused: Callable[..., ModelError]  # (happened, *, value, allowed)


def walk(data: bytes, source: Source) -> onnx.ModelProto:
    """The graph in `data`, every field, operation and number of it looked at.

    Raises:
        ModelError: of the source's kind; a field, operation, type or number is not allowed.
    """
    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(data)
        model.DiscardUnknownFields()
        _check(model, source)
    except (DecodeError, ValueError) as error:  # the second where a name is not in UTF-8
        raise source.refused(
            f"{source.file} is not a whole ONNX file",
            value="protobuf cannot parse it",
            allowed=source.only,
        ) from error
    return model


def _check(model: onnx.ModelProto, source: Source) -> None:
    for place, found in _strange_fields(model, "model"):
        raise source.refused(
            f"{source.file} holds something that does not belong there",
            value=f"{place}.{found}",
            allowed=source.only,
        )
    _check_versions(model, source)
    _check_nodes(model.graph, source)
    # a Slice ends where its map does: 2**63 - 1 means "to the end"
    wide = {n for node in model.graph.node if node.op_type != "Slice" for n in node.input}
    for tensor in model.graph.initializer:
        numbers = _checked(tensor, source)
        if numbers.dtype.kind != "i" or tensor.name not in wide:
            continue
        if ((numbers > LARGEST_INTEGER) | (numbers < -LARGEST_INTEGER)).any():
            raise source.refused(
                f"{source.file} holds a whole number that is too large",
                value=repr(tensor.name[:40]),
                allowed=f"At most {LARGEST_INTEGER:,}",
            )


def _strange_fields(message: Message, place: str) -> Iterator[tuple[str, str]]:
    allowed = FIELDS[message.DESCRIPTOR.name]
    for field, value in message.ListFields():
        if field.name not in allowed:
            yield place, field.name
        elif field.message_type is None:
            continue
        elif isinstance(value, Message):
            yield from _strange_fields(value, f"{place}.{field.name}")
        else:
            for index, item in enumerate(value):
                yield from _strange_fields(item, f"{place}.{field.name}[{index}]")


def _check_versions(model: onnx.ModelProto, source: Source) -> None:
    versions = [(opset.domain, opset.version) for opset in model.opset_import]
    if versions != [("", OPSET)] or model.ir_version != IR_VERSION:
        raise source.refused(
            f"{source.file} uses operations of another domain or version",
            value=f"{versions[:3]}, IR {model.ir_version}",
            allowed=f"ONNX's own domain '' in version {OPSET}, IR {IR_VERSION}",
        )


def _check_nodes(graph: onnx.GraphProto, source: Source) -> None:
    if len(graph.node) > NODES:
        raise source.refused(
            f"{source.file} is too large", value=f"{len(graph.node):,} nodes", allowed=f"{NODES:,}"
        )
    known = {""} | {i.name for i in graph.input} | {t.name for t in graph.initializer}
    if len(known) != 1 + len(graph.input) + len(graph.initializer):
        raise source.refused(
            f"{source.file} gives one name to two things",
            value="inputs or constants",
            allowed=source.only,
        )
    for node in graph.node:
        _check_node(node, source)
        wrong = [name for name in node.input if name not in known]
        wrong += [name for name in node.output if name in known]
        if wrong:
            raise source.refused(
                f"{source.file} is not in order: a value is used before it is there, or made twice",
                value=repr(wrong[0])[:80],
                allowed="Each value has one origin, before its use",
            )
        known.update(node.output)


def _check_node(node: onnx.NodeProto, source: Source) -> None:
    if node.op_type not in OPERATIONS:
        raise source.refused(
            f"{source.file} holds an operation that objektiv does not know",
            value=repr(node.op_type)[:80],
            allowed=f"Known: {', '.join(sorted(OPERATIONS))}",
        )
    for attribute in node.attribute:
        if any(abs(i) > LARGEST_INTEGER for i in (attribute.i, *attribute.ints)):
            raise source.refused(
                f"{source.file} holds an operation with a number that is too large",
                value=f"{node.op_type}, {attribute.name[:40]!r}",
                allowed=f"At most {LARGEST_INTEGER:,}",
            )


def _checked(tensor: onnx.TensorProto, source: Source) -> NDArray[Any]:
    kind = TYPES.get(tensor.data_type)
    if kind is None:
        raise source.refused(
            f"{source.file} holds numbers of a type that objektiv does not write",
            value=f"{tensor.name[:40]!r}, type {tensor.data_type}",
            allowed=", ".join(str(k) for k in TYPES.values()),
        )
    right = all(d >= 0 for d in tensor.dims) and len(tensor.dims) <= 8
    if not right or math.prod(tensor.dims) * kind.itemsize != len(tensor.raw_data):
        raise source.refused(
            f"{source.file} holds an array whose size does not fit its shape",
            value=f"{tensor.name[:40]!r}: {list(tensor.dims)[:8]}, {len(tensor.raw_data)} bytes",
            allowed="As many numbers as the shape says",
        )
    numbers = np.frombuffer(tensor.raw_data, kind)
    if kind.kind == "f" and not np.isfinite(numbers).all():
        raise source.refused(
            f"{source.file} holds weights that are not numbers (NaN or infinite)",
            value=repr(tensor.name[:40]),
            allowed="Finite numbers are allowed",
        )
    return numbers


def light(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with its larger arrays as inputs, of which only the shape is told."""
    small = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    small.graph.name = model.graph.name or "graph"
    small.graph.node.extend(model.graph.node)
    small.graph.input.extend(model.graph.input)
    small.graph.output.extend(model.graph.output)
    for tensor in model.graph.initializer:
        if math.prod(tensor.dims) <= SMALL:  # shapes and axes, of which other shapes follow
            small.graph.initializer.append(tensor)
        else:
            declared = onnx.helper.make_tensor_value_info(
                tensor.name, tensor.data_type, tensor.dims
            )
            small.graph.input.append(declared)
    return small


# Seen by mutating some thousand graphs; the last three come out of C++.
CHECKER_ERRORS = (
    onnx.checker.ValidationError,
    onnx.shape_inference.InferenceError,
    *(RuntimeError, ValueError, IndexError),
)


def check_rules(model: onnx.ModelProto, source: Source) -> None:
    """Let onnx compare each node with its operation: OpenVINO crashes on a Conv of one input.

    Raises:
        ModelError: of the source's kind.
    """
    try:
        onnx.checker.check_model(light(model), full_check=True)
    except CHECKER_ERRORS as error:
        raise source.refused(
            f"{source.file} breaks the rules of ONNX",
            value=" ".join(str(error).split())[:200],
            allowed="What onnx's checker and shape inference accept",
        ) from error
