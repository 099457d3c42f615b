"""What a graph carries that no output needs, taken out: the answers keep every bit.

In: a walked graph. Out: the same without the blocks of features that nothing reads, the layers that
only they needed, and arrays that are there twice.
Try: `prune(model, size=128)`.
"""

from __future__ import annotations

import onnx
from onnx import numpy_helper

from objektiv.features.backbones import FEATURES
from objektiv.features.graph import INT64
from objektiv.shipping.parts import sweep
from objektiv.shipping.walk import cut


def prune(model: onnx.ModelProto, *, size: int) -> onnx.ModelProto:
    """The graph without unread features and doubled arrays; `size`: of its squares, pixels."""
    found = onnx.ModelProto()
    found.CopyFrom(model)
    _drop_features(found, size)
    _join_equal(found.graph)
    sweep(found.graph)
    return found


def _drop_features(model: onnx.ModelProto, size: int) -> None:
    """Leave in FEATURES only the parts that are read; where not all is read by slices, all are."""
    graph = model.graph
    joined = next((node for node in graph.node if FEATURES in node.output), None)
    readers = [node for node in graph.node if FEATURES in node.input]
    if joined is None or joined.op_type != "Concat" or not readers:
        return
    whole = {t.name: numpy_helper.to_array(t) for t in graph.initializer if t.data_type == INT64}
    if any(node.op_type != "Slice" or not set(node.input[1:]) <= set(whole) for node in readers):
        return
    spans = [(int(whole[node.input[1]][0]), int(whole[node.input[2]][0])) for node in readers]
    kept: list[str] = []
    moved: dict[int, int] = {}
    place = width = 0
    for name, own in zip(joined.input, _widths(model, joined, size), strict=True):
        if any(start < place + own and stop > place for start, stop in spans):
            moved |= {place: width, place + own: width + own}
            kept.append(name)
            width += own
        place += own
    if not all(end in moved for span in spans for end in span):
        return  # a slice begins or ends inside a part: none of ours does
    joined.input[:] = kept
    for node, span in zip(readers, spans, strict=True):
        for index, end in enumerate(span, 1):
            limit = whole[node.input[index]].copy()
            limit[0] = moved[end]
            node.input[index] = f"{node.name} limit {index}"
            graph.initializer.append(numpy_helper.from_array(limit, node.input[index]))


def _widths(model: onnx.ModelProto, joined: onnx.NodeProto, size: int) -> list[int]:
    """Columns of each part."""
    squares = onnx.ModelProto()
    squares.CopyFrom(model)
    cut(squares, size=size)
    known = onnx.shape_inference.infer_shapes(squares, data_prop=True).graph.value_info
    shapes = {value.name: value.type.tensor_type.shape.dim for value in known}
    return [shapes[name][1].dim_value for name in joined.input]


def _join_equal(graph: onnx.GraphProto) -> None:
    """Let all nodes read the first of equal arrays."""
    first: dict[tuple[int, tuple[int, ...], bytes], str] = {}
    same = {
        t.name: first.setdefault((t.data_type, tuple(t.dims), t.raw_data), t.name)
        for t in graph.initializer
    }
    for node in graph.node:
        node.input[:] = [same.get(name, name) for name in node.input]
