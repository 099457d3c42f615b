"""Walk an ONNX file ourselves before any engine sees a byte, and cut the network out of it.

In: bytes of model.onnx. Out: an `onnx.ModelProto` that holds nothing but what this file allows
(what is not known to it is dropped before the engine reads), or a BundleError naming the place.
Try: `cut(model := read_graph(data, facts), size=facts.size)`.

Source of the rules: onnx's ExternalDataSecurity.md lists four fixes of path handling, each one
incomplete; a graph without paths, subgraphs and functions needs none of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError, Message
from onnx import TensorProto

from objektiv.features.graph import IR_VERSION, OPSET
from objektiv.features.preprocess import PIXELS
from objektiv.shipping.facts import INPUT, MODEL, Facts, outputs, refused

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

# Every operation that objektiv writes, and no other; a test compares this with the source.
OPERATIONS = frozenset(
    """
    Abs Add Cast Clip Concat Conv DequantizeLinear Div Flatten Gather Gemm Greater Less Log MatMul
    Max MaxPool Min Mul QuantizeLinear Range ReduceL2 ReduceMax ReduceMean ReduceMin ReduceSum Relu
    Reshape Shape Sigmoid Slice Softmax Softplus Sqrt Squeeze Sub Tanh Transpose Unsqueeze Where
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
LARGEST_INTEGER = 1 << 20  # of an attribute: padding of 2**40 pixels would fill the memory

SMALL = 1000  # bytes; larger arrays are shown to onnx's checker by their shape, 6 times faster

ONLY = "A bundle's graph holds plain ONNX operations and their numbers, nothing else"


def read_graph(data: bytes, facts: Facts) -> onnx.ModelProto:
    """The graph in `data`, walked to its last field, with the ends that `facts` tell.

    Raises:
        BundleError: a field, operation, type, domain or number is not allowed.
    """
    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(data)
        model.DiscardUnknownFields()
        _check(model, facts)
    except (DecodeError, ValueError) as error:  # the second where a name is not in UTF-8
        raise refused(
            f"{MODEL} is not a whole ONNX file", value="protobuf cannot parse it", allowed=ONLY
        ) from error
    return model


def _check(model: onnx.ModelProto, facts: Facts) -> None:
    for place, found in _strange_fields(model, "model"):
        raise refused(
            f"{MODEL} holds something a bundle never has", value=f"{place}.{found}", allowed=ONLY
        )
    _check_versions(model)
    _check_nodes(model.graph)
    for tensor in model.graph.initializer:
        _check_tensor(tensor)
    _check_ends(model.graph, facts)
    _check_operations(model)


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


def _check_versions(model: onnx.ModelProto) -> None:
    versions = [(opset.domain, opset.version) for opset in model.opset_import]
    if versions != [("", OPSET)] or model.ir_version != IR_VERSION:
        raise refused(
            f"{MODEL} uses operations of another domain or version",
            value=f"{versions[:3]}, IR {model.ir_version}",
            allowed=f"ONNX's own domain '' in version {OPSET}, IR {IR_VERSION}",
        )


def _check_nodes(graph: onnx.GraphProto) -> None:
    if len(graph.node) > NODES:
        raise refused(
            f"{MODEL} is too large", value=f"{len(graph.node):,} nodes", allowed=f"{NODES:,}"
        )
    known = {""} | {i.name for i in graph.input} | {t.name for t in graph.initializer}
    if len(known) != 1 + len(graph.input) + len(graph.initializer):
        raise refused(
            f"{MODEL} gives one name to two things", value="inputs or constants", allowed=ONLY
        )
    for node in graph.node:
        if node.op_type not in OPERATIONS:
            raise refused(
                f"{MODEL} holds an operation that objektiv does not write",
                value=repr(node.op_type)[:80],
                allowed=f"Known: {', '.join(sorted(OPERATIONS))}",
            )
        for attribute in node.attribute:
            if any(abs(i) > LARGEST_INTEGER for i in (attribute.i, *attribute.ints)):
                raise refused(
                    f"{MODEL} holds an operation with a number that is too large",
                    value=f"{node.op_type}, {attribute.name[:40]!r}",
                    allowed=f"At most {LARGEST_INTEGER:,}",
                )
        wrong = [name for name in node.input if name not in known]
        wrong += [name for name in node.output if name in known]
        if wrong:
            raise refused(
                f"{MODEL} is not in order: a value is used before it is there, or made twice",
                value=repr(wrong[0])[:80],
                allowed="Each value has one origin, before its use",
            )
        known.update(node.output)


def _check_tensor(tensor: onnx.TensorProto) -> None:
    kind = TYPES.get(tensor.data_type)
    if kind is None:
        raise refused(
            f"{MODEL} holds numbers of a type that objektiv does not write",
            value=f"{tensor.name[:40]!r}, type {tensor.data_type}",
            allowed=", ".join(str(k) for k in TYPES.values()),
        )
    right = all(d >= 0 for d in tensor.dims) and len(tensor.dims) <= 8
    if not right or math.prod(tensor.dims) * kind.itemsize != len(tensor.raw_data):
        raise refused(
            f"{MODEL} holds an array whose size does not fit its shape",
            value=f"{tensor.name[:40]!r}: {list(tensor.dims)[:8]}, {len(tensor.raw_data)} bytes",
            allowed="As many numbers as the shape says",
        )
    if kind.kind == "f" and not np.isfinite(np.frombuffer(tensor.raw_data, kind)).all():
        raise refused(
            f"{MODEL} holds weights that are not numbers (NaN or infinite)",
            value=repr(tensor.name[:40]),
            allowed="Finite numbers are allowed",
        )


def _check_ends(graph: onnx.GraphProto, facts: Facts) -> None:
    logits, probabilities = outputs(len(facts.classes))
    expected = [
        (INPUT.name, TensorProto.UINT8, [0, 0, 3]),
        (logits.name, TensorProto.FLOAT, list(logits.shape)),
        (probabilities.name, TensorProto.FLOAT, list(probabilities.shape)),
    ]
    found = [_end(value) for value in (*graph.input, *graph.output)]
    if len(graph.input) != 1 or found != expected:
        raise refused(
            f"{MODEL} has other inputs or outputs than {len(facts.classes)} classes need",
            value="; ".join(f"{name[:40]} {shape}" for name, _, shape in found[:4]),
            allowed="; ".join(f"{name} {shape}" for name, _, shape in expected)
            + " (0 stands for any length)",
        )


def _end(value: onnx.ValueInfoProto) -> tuple[str, int, list[int]]:
    tensor = value.type.tensor_type
    return value.name, tensor.elem_type, [d.dim_value for d in tensor.shape.dim]


# Seen by mutating some thousand graphs; the last three come out of C++.
_CHECKER_ERRORS = (
    onnx.checker.ValidationError,
    onnx.shape_inference.InferenceError,
    *(RuntimeError, ValueError, IndexError),
)


def _check_operations(model: onnx.ModelProto) -> None:
    """Let onnx compare each node with its operation: OpenVINO crashes on a Conv of one input."""
    light = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    light.graph.name = model.graph.name or "graph"
    light.graph.node.extend(model.graph.node)
    light.graph.input.extend(model.graph.input)
    light.graph.output.extend(model.graph.output)
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) <= SMALL:  # shapes and axes, of which other shapes follow
            light.graph.initializer.append(tensor)
        else:
            declared = onnx.helper.make_tensor_value_info(
                tensor.name, tensor.data_type, tensor.dims
            )
            light.graph.input.append(declared)
    try:
        onnx.checker.check_model(light, full_check=True)
    except _CHECKER_ERRORS as error:
        raise refused(
            f"{MODEL} breaks the rules of ONNX",
            value=" ".join(str(error).split())[:200],
            allowed="What onnx's checker and shape inference accept",
        ) from error


def cut(model: onnx.ModelProto, *, size: int) -> None:
    """Leave in `model`, in place, only what stands behind the tensor PIXELS, now its input.

    Raises:
        BundleError: the graph cannot be cut there.
    """
    graph = model.graph
    before = _before_pixels(graph)
    hidden = {name for index in before for name in graph.node[index].output}
    after = [node for index, node in enumerate(graph.node) if index not in before]
    used = {name for node in after for name in node.input}
    if PIXELS not in hidden or used & ((hidden - {PIXELS}) | {INPUT.name}):
        raise refused(
            f"{MODEL} cannot be cut between preprocessing and network",
            value=f"no single tensor {PIXELS!r} between them",
            allowed=f"{INPUT.name} -> {PIXELS} -> the network",
        )
    for index in sorted(before, reverse=True):
        del graph.node[index]
    for index in reversed(range(len(graph.initializer))):
        if graph.initializer[index].name not in used:
            del graph.initializer[index]
    squares = onnx.helper.make_tensor_value_info(PIXELS, TensorProto.FLOAT, [1, size, size, 3])
    graph.input[0].CopyFrom(squares)


def _before_pixels(graph: onnx.GraphProto) -> set[int]:
    """Positions of the nodes that PIXELS is computed from."""
    wanted, found = {PIXELS}, set()
    for index, node in reversed(list(enumerate(graph.node))):
        if wanted.intersection(node.output):
            found.add(index)
            wanted.update(node.input)
    return found


def with_batch(model: onnx.ModelProto, batch: int) -> bytes:
    """A cut model as a file that takes `batch` squares at a time."""
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = batch
    data: bytes = model.SerializeToString()
    return data
