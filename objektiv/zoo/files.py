"""Read a network that a user brings as an ONNX file, written by any exporter.

In: a file with one input of square RGB pictures, channels first, and one row of answers a picture.
Out: the same function as plain ONNX up to the logits, and what the file tells of itself.
Try: `read_onnx(Path("squeezenet.onnx"), name="squeezenet").classes`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto

from objektiv.base import files
from objektiv.base.errors import ModelError
from objektiv.features.graph import FLOAT, OPSET
from objektiv.features.strict import CHECKER_ERRORS, Source, light
from objektiv.zoo.plain import plain

LARGEST = 1_500_000_000  # bytes, as the store has it
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)
# What exporters put behind logits; dropping it changes neither the order of the classes nor the
# softmax that is taken later.
BEHIND_LOGITS = ("Softmax", "LogSoftmax", "Identity", "Dropout")
TWO = 2  # pictures at once, on which the shapes are tried


@dataclass(frozen=True)
class Brought:
    """A network out of a user's file."""

    graph: bytes
    size: int  # pixels
    classes: int
    parameters: int  # numbers in its arrays of floats
    sha256: str  # of the file


def source_of(path: Path) -> Source:
    """How messages call the file."""

    def refused(happened: str, *, value: object, allowed: str) -> ModelError:
        return ModelError(
            happened,
            value=value,
            allowed=allowed,
            next="export the network anew, as one file with weights inside, at rest, from square "
            "pictures (n, 3, side, side) to logits (n, classes)",
        )

    return Source(str(path), "Plain ONNX operations and their numbers", refused)


def read_onnx(path: Path, *, name: str) -> Brought:
    """The network in a file, for any number of pictures at once.

    Raises:
        ModelError: it is no whole ONNX file, is not for square RGB pictures, points to other
            files, or holds what cannot be made plain.
    """
    source = source_of(path)
    data = _bytes(path, source)
    model = _parsed(data, source)
    for tensor in _tensors(model):
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise source.refused(
                f"the weights of {path} lie in another file",
                value=repr(tensor.name)[:80],
                allowed="Only one file is read, whatever names stand in it",
            )
    if foreign := [node for node in model.graph.node if node.domain not in ("", "ai.onnx")]:
        raise source.refused(
            f"{path} holds an operation that is not ONNX's own",
            value=f"{foreign[0].domain}:{foreign[0].op_type}"[:100],
            allowed="Operations of ONNX itself",
        )
    model = _own_version(model, source)
    size = _size(model, source)
    _drop_behind_logits(model, source)
    classes = _classes(model, size, source)
    floats = (t for t in model.graph.initializer if t.data_type in FLOATS)
    try:
        graph = plain(model, name=name, size=size, classes=classes)
    except (KeyError, TypeError, *CHECKER_ERRORS) as error:
        raise source.refused(
            f"{path} cannot be made plain",
            value=" ".join(repr(error).split())[:200],
            allowed="Operations of ONNX itself whose weights are constants",
        ) from error
    return Brought(
        graph=graph,
        size=size,
        classes=classes,
        parameters=sum(math.prod(t.dims) for t in floats),
        sha256=files.sha256(data),
    )


def _bytes(path: Path, source: Source) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise OSError(0, f"more than {LARGEST:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise source.refused(
            f"{path} cannot be read", value=error.strerror, allowed="An ONNX file is needed"
        ) from error


def _parsed(data: bytes, source: Source) -> onnx.ModelProto:
    """From bytes and not from a path, so that nothing beside the file is opened."""
    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(data)
        empty = not model.graph.node
    except (DecodeError, ValueError):
        empty = True
    if empty:
        raise source.refused(
            f"{source.file} is not a whole ONNX file",
            value=f"{len(data):,} bytes without a graph",
            allowed="A file .onnx as exporters write it",
        )
    return model


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    yield from model.graph.initializer
    for sparse in model.graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in model.graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)


def _own_version(model: onnx.ModelProto, source: Source) -> onnx.ModelProto:
    """The same function in our version of ONNX's operations."""
    versions = {opset.domain: opset.version for opset in model.opset_import}
    try:
        onnx.checker.check_model(model)  # first: the converter is not made for wrong graphs
        if versions.get("") == OPSET:
            return model
        converted: onnx.ModelProto = onnx.version_converter.convert_version(model, OPSET)
    except (onnx.version_converter.ConvertError, *CHECKER_ERRORS) as error:
        raise source.refused(
            f"{source.file} breaks the rules of ONNX, or cannot be brought to version {OPSET}",
            value=f"{versions}: {' '.join(str(error).split())[:200]}",
            allowed=f"Version {OPSET} of ONNX's operations, or one that onnx converts to it",
        ) from error
    return converted


def _size(model: onnx.ModelProto, source: Source) -> int:
    """The side of the pictures that the network wants."""
    constants = {tensor.name for tensor in model.graph.initializer}
    given = [value for value in model.graph.input if value.name not in constants]
    told = []
    for value in given:
        tensor = value.type.tensor_type
        told.append((tensor.elem_type, [d.dim_value for d in tensor.shape.dim]))
    match told:
        case [(kind, [_, 3, height, width])] if kind == FLOAT and height == width > 0:
            return int(height)
    shapes = [f"{TensorProto.DataType.Name(kind)} {shape}" for kind, shape in told]
    raise source.refused(
        f"{source.file} is not for square RGB pictures of one size",
        value=f"inputs {'; '.join(shapes[:4]) or 'none'} (0: left open)",
        allowed="One input, FLOAT [n, 3, side, side]",
    )


def _drop_behind_logits(model: onnx.ModelProto, source: Source) -> None:
    graph = model.graph
    while len(graph.output) == 1:
        made = [node for node in graph.node if graph.output[0].name in node.output]
        if made and made[0].op_type == "Sigmoid":
            raise source.refused(
                f"{source.file} judges each class alone",
                value="its last operation is Sigmoid",
                allowed="A network that names one of its classes",
            )
        if not made or made[0].op_type not in BEHIND_LOGITS:
            return
        graph.output[0].name = made[0].input[0]
        graph.node.remove(made[0])


def _classes(model: onnx.ModelProto, size: int, source: Source) -> int:
    """The number of logits a picture, tried on two pictures at once."""
    told: Any = light(model)
    constants = {tensor.name for tensor in model.graph.initializer}
    given = next(value for value in told.graph.input if value.name not in constants)
    given.type.tensor_type.shape.dim[0].dim_value = TWO
    for value in told.graph.output:
        value.type.tensor_type.ClearField("shape")
    cause: Exception | None = None
    shape: list[int] = []
    try:
        told = onnx.shape_inference.infer_shapes(told, strict_mode=True, data_prop=True)
        (output,) = told.graph.output
        shape = [d.dim_value for d in output.type.tensor_type.shape.dim]
    except CHECKER_ERRORS as error:
        cause = error
    if len(shape) == 2 and shape[0] in (TWO, 0) and shape[1] > 0:  # 0: not known
        return int(shape[1])
    raise source.refused(
        f"{source.file} does not give one row of logits a picture",
        value=f"for two pictures {shape or ' '.join(str(cause or 'unknown').split())[:200]}",
        allowed="One output (n, classes), the number of pictures left open",
    ) from cause
