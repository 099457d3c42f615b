"""Where a bundle's graph can be taken apart: preprocessing, network, and what stands behind it.

In: a walked graph. Out: the places of nodes, or a graph without what nobody reads.
Try: `network_nodes(model)`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import onnx

from objektiv.features.backbones import FEATURES
from objektiv.features.preprocess import PIXELS

LOGITS = "logits"
LEARNT = ("Conv", "Gemm", "MatMul")


def before(
    graph: onnx.GraphProto, tensors: Iterable[str], *, stop: Collection[str] = ()
) -> set[int]:
    """Places of the nodes that `tensors` are computed from, not going beyond the tensors `stop`."""
    wanted, found = set(tensors) - set(stop), set()
    for index, node in reversed(list(enumerate(graph.node))):
        if wanted.intersection(node.output):
            found.add(index)
            wanted.update(name for name in node.input if name not in stop)
    return found


def behind(graph: onnx.GraphProto, tensors: Iterable[str]) -> set[str]:
    """Names of all values that are computed from `tensors`, which are among them."""
    found = set(tensors)
    for node in graph.node:
        if found.intersection(node.input):
            found.update(node.output)
    return found


def network_nodes(graph: onnx.GraphProto) -> list[int]:
    """Places of the network's nodes, in order: from the pixels to its features; or, where it has no
    tensor FEATURES, to the logits."""
    made = {name for node in graph.node for name in node.output}
    end = FEATURES if FEATURES in made else LOGITS
    return sorted(before(graph, [end], stop=[PIXELS]) & _reached(graph))


def _reached(graph: onnx.GraphProto) -> set[int]:
    """Places of the nodes that depend on the pixels."""
    found = behind(graph, [PIXELS])
    return {i for i, node in enumerate(graph.node) if found.intersection(node.input)}


def layers(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The network's layers with learnt weights in the graph, in order, without a last one that
    gives the logits: it is small, and its errors are those of the answer."""
    weights = {t.name for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT}
    found = [
        node
        for node in (graph.node[i] for i in network_nodes(graph))
        if node.op_type in LEARNT and node.input[1] in weights
    ]
    return [node for node in found if not _is_last(graph, node, found)]


def _is_last(graph: onnx.GraphProto, node: onnx.NodeProto, among: Sequence[onnx.NodeProto]) -> bool:
    after = behind(graph, node.output)
    if LOGITS not in after or FEATURES in after:
        return False
    return not any(after.intersection(other.input) for other in among if other is not node)


def sweep(graph: onnx.GraphProto) -> None:
    """Take out of `graph`, in place, the nodes and arrays that no output needs."""
    ends = [value.name for value in graph.output]
    kept = before(graph, ends)
    for index in reversed(range(len(graph.node))):
        if index not in kept:
            del graph.node[index]
    used = {name for node in graph.node for name in node.input}
    for index in reversed(range(len(graph.initializer))):
        if graph.initializer[index].name not in used:
            del graph.initializer[index]
