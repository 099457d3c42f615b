"""8-bit numbers in the graph of a bundle that was made in 32 bits.

In: a walked graph, and the ranges that values take on training pictures. Out: the same graph with
pairs of QuantizeLinear and DequantizeLinear before each layer of the network. Lite0 with its own
weights takes its own 8-bit form instead, whose ranges are known; its head stays what it is.
Why not ONNX Runtime's or NNCF's way: docs/decisions/export.md.
Try: `shorten(model, ranges)`; `with_ends(cut_model, places(model))` gives what to measure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from objektiv.features.backbones import BACKBONES, FEATURES, LAST_MAP
from objektiv.features.graph import FLOAT, UINT8, GraphBuilder
from objektiv.features.preprocess import PIXELS, add_preprocessing
from objektiv.features.quantise import LEVELS, Range, quantise
from objektiv.shipping.ends import INPUT
from objektiv.shipping.facts import Facts
from objektiv.shipping.parts import before, layers, network_nodes

HELD = 0.01  # share of pictures at each end whose extremes may be cut
LARGE = 10_000  # numbers of an array by which a network is known


def places(model: onnx.ModelProto) -> list[str]:
    """The values that are rounded to 8 bits: what the network's layers read, in order."""
    return list(dict.fromkeys(node.input[0] for node in layers(model.graph)))


def with_ends(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """The graph with nothing but the smallest and the largest value at each place as outputs."""
    found = onnx.ModelProto()
    found.CopyFrom(model)
    graph = found.graph
    del graph.output[:]
    for number, name in enumerate(names):
        for kind in ("Min", "Max"):
            end = f"{kind.lower()} {number}"
            graph.node.append(helper.make_node(f"Reduce{kind}", [name], [end], keepdims=0))
            graph.output.append(helper.make_tensor_value_info(end, TensorProto.FLOAT, []))
    return found


def ranges_of(names: Sequence[str], ends: NDArray[np.float32]) -> dict[str, Range]:
    """The range of each place, which holds all values of nearly all pictures and zero.

    `ends`: (pictures, 2 * places), smallest and largest by turns, as `with_ends` gives them.
    """
    low = np.quantile(ends[:, 0::2], HELD, axis=0, method="higher")
    high = np.quantile(ends[:, 1::2], 1 - HELD, axis=0, method="lower")
    pairs = zip(names, np.minimum(low, 0), np.maximum(high, 0), strict=True)
    return {name: (float(a), float(b)) for name, a, b in pairs}


def shorten(model: onnx.ModelProto, ranges: Mapping[str, Range]) -> onnx.ModelProto:
    """The graph with 8-bit weights in the network's layers, and 8-bit values before them."""
    found = onnx.ModelProto()
    found.CopyFrom(model)
    graph = found.graph
    writer = _Writer(graph)
    chosen = {node.name for node in layers(graph)}
    nodes = list(graph.node)
    del graph.node[:]
    for node in nodes:
        if node.name in chosen:
            node.input[0] = writer.value(node.input[0], ranges[node.input[0]])
            node.input[1] = writer.weight(node)
        graph.node.append(node)
    used = {name for node in graph.node for name in node.input}
    for index in reversed(range(len(graph.initializer))):
        if graph.initializer[index].name not in used:
            del graph.initializer[index]
    return found


class _Writer:
    """Appends to a graph what its next node reads; each value and weight once."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._weights = {t.name: t for t in graph.initializer}
        self._done: dict[tuple[str, int], str] = {}

    def value(self, name: str, ends: Range) -> str:
        """`name` in 256 steps from end to end."""
        if (name, 0) not in self._done:
            low, high = ends
            step = max(high - low, 1e-6) / LEVELS
            zero = np.array(round(-low / step), np.uint8)
            pair = [self._stored(f"{name} step", np.array(step, np.float32))]
            pair.append(self._stored(f"{name} zero", zero))
            whole = self._node("QuantizeLinear", [name, *pair], f"{name} whole")
            self._done[name, 0] = self._node("DequantizeLinear", [whole, *pair], f"{name} short")
        return self._done[name, 0]

    def weight(self, node: onnx.NodeProto) -> str:
        """The weights of a layer, a step for each of its outputs."""
        name, axis = node.input[1], _outputs_axis(node)
        if (name, 1 + axis) not in self._done:
            rows = np.moveaxis(numpy_helper.to_array(self._weights[name]), axis, 0)
            whole, step = quantise(np.ascontiguousarray(rows))
            whole = np.ascontiguousarray(np.moveaxis(whole, 0, axis))
            own = f"{name} by {axis}"
            inputs = [self._stored(f"{own} whole", whole), self._stored(f"{own} step", step)]
            inputs.append(self._stored(f"{own} zero", np.zeros(len(step), np.int8)))
            given = self._node("DequantizeLinear", inputs, f"{own} short", axis=axis)
            self._done[name, 1 + axis] = given
        return self._done[name, 1 + axis]

    def _stored(self, name: str, value: NDArray[np.generic]) -> str:
        self._graph.initializer.append(numpy_helper.from_array(value, name))
        return name

    def _node(self, operation: str, inputs: list[str], output: str, **options: Any) -> str:
        self._graph.node.append(
            helper.make_node(operation, inputs, [output], name=output, **options)
        )
        return output


def _outputs_axis(node: onnx.NodeProto) -> int:
    """The axis of a layer's weights along which its outputs lie."""
    if node.op_type == "Conv":
        return 0
    transposed = any(a.name == "transB" and a.i for a in node.attribute)
    return 0 if node.op_type == "Gemm" and transposed else 1


def own_form(model: onnx.ModelProto, facts: Facts) -> onnx.ModelProto | None:
    """The graph on the 8-bit form that its network has of its own; None where it has none.

    What stands behind the network's features is taken over as it is.
    """
    backbone = facts.backbone.name
    if backbone not in BACKBONES or BACKBONES.get(backbone).add_int8 is None:
        return None
    graph, ends = model.graph, (FEATURES, LAST_MAP)
    own = before(graph, ends, stop=[PIXELS])
    if not own or not _is_network(model, facts):
        return None
    first = before(graph, [PIXELS])
    rest = onnx.GraphProto()
    rest.node.extend(n for i, n in enumerate(graph.node) if i not in own | first)
    inner = {name for i in own for name in graph.node[i].output} - set(ends)
    read = {name for node in rest.node for name in node.input}
    if read & inner:
        return None
    rest.initializer.extend(t for t in graph.initializer if t.name in read)
    _call_apart(rest, kept={*ends, PIXELS, *(value.name for value in graph.output)})
    made = GraphBuilder()
    image = made.input(INPUT.name, UINT8, list(INPUT.shape))
    add_preprocessing(made, image, size=facts.size, fit=facts.fit)
    BACKBONES.get(backbone).add_in("int8", made, PIXELS)
    made.insert(rest, given={})
    for value in graph.output:
        shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
        made.output(value.name, FLOAT, shape)
    return made.model("objektiv")


def _is_network(model: onnx.ModelProto, facts: Facts) -> bool:
    """Whether the large arrays are the backbone's own: a fine-tuned one only began with them."""
    plain = GraphBuilder()
    shape = [1, facts.size, facts.size, 3]
    BACKBONES.get(facts.backbone.name).add(plain, plain.input(PIXELS, FLOAT, shape))
    plain.output(LAST_MAP, FLOAT, [1, "channels", "height", "width"])
    network = [model.graph.node[i] for i in network_nodes(model.graph)]
    read = {name for node in network for name in node.input}
    return _large(model.graph, read) <= _large(plain.model("plain").graph, None)


def _large(graph: onnx.GraphProto, names: set[str] | None) -> set[bytes]:
    tensors = (t for t in graph.initializer if names is None or t.name in names)
    return {hashlib.sha256(t.raw_data).digest() for t in tensors if len(t.raw_data) > 4 * LARGE}


def _call_apart(graph: onnx.GraphProto, *, kept: set[str]) -> None:
    """Give every value a name that no builder gives."""
    for tensor in graph.initializer:
        tensor.name = f"head {tensor.name}"
    for node in graph.node:
        node.name = f"head {node.name}"
        for names in (node.input, node.output):
            names[:] = [n if n in kept or not n else f"head {n}" for n in names]
