"""Check a bundle's graph before any engine sees a byte, and cut the network out of it.

In: bytes of model.onnx. Out: an `onnx.ModelProto` that holds nothing but what features/strict
allows, with the ends that the bundle tells; or a BundleError naming the place.
Try: `cut(model := read_graph(data, facts), size=facts.size)`.
"""

from __future__ import annotations

import onnx
from onnx import TensorProto

from objektiv.features import strict
from objektiv.features.preprocess import PIXELS
from objektiv.shipping.ends import INPUT
from objektiv.shipping.facts import MODEL, Facts, refused
from objektiv.shipping.parts import before

SOURCE = strict.Source(
    file=MODEL,
    only="A bundle's graph holds plain ONNX operations and their numbers, nothing else",
    refused=refused,
)


def read_graph(data: bytes, facts: Facts) -> onnx.ModelProto:
    """The graph in `data`, walked to its last field, with the ends that `facts` tell.

    Raises:
        BundleError: a field, operation, type, domain or number is not allowed.
    """
    model = strict.walk(data, SOURCE)
    _check_ends(model.graph, facts)
    strict.check_rules(model, SOURCE)
    return model


def _check_ends(graph: onnx.GraphProto, facts: Facts) -> None:
    given = (INPUT.name, TensorProto.UINT8, [0, 0, 3])
    expected = [given, *((o.name, TensorProto.FLOAT, [*o.shape]) for o in facts.outputs)]
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


def cut(model: onnx.ModelProto, *, size: int) -> None:
    """Leave in `model`, in place, only what stands behind the tensor PIXELS, now its input.

    Raises:
        BundleError: the graph cannot be cut there.
    """
    graph = model.graph
    ahead = before(graph, [PIXELS])
    hidden = {name for index in ahead for name in graph.node[index].output}
    after = [node for index, node in enumerate(graph.node) if index not in ahead]
    used = {name for node in after for name in node.input}
    if PIXELS not in hidden or used & ((hidden - {PIXELS}) | {INPUT.name}):
        raise refused(
            f"{MODEL} cannot be cut between preprocessing and network",
            value=f"no single tensor {PIXELS!r} between them",
            allowed=f"{INPUT.name} -> {PIXELS} -> the network",
        )
    for index in sorted(ahead, reverse=True):
        del graph.node[index]
    for index in reversed(range(len(graph.initializer))):
        if graph.initializer[index].name not in used:
            del graph.initializer[index]
    squares = onnx.helper.make_tensor_value_info(PIXELS, TensorProto.FLOAT, [1, size, size, 3])
    graph.input[0].CopyFrom(squares)


def with_batch(model: onnx.ModelProto, batch: int) -> bytes:
    """A cut model as a file that takes `batch` squares at a time."""
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = batch
    data: bytes = model.SerializeToString()
    return data
