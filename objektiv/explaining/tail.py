"""Read how a bundle's graph ends: which maps its logits are a linear sum of, and where these lie.

In: the network of a bundle. Out: a Tail: weights and bias of the linear map before the logits, and
what its columns are: statistics of a map, a map itself, or numbers without a place. None where the
graph ends otherwise, such as in two dense layers with an activation between them.
Try: `read_tail(load("cells.objektiv").network.graph)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx

from objektiv.explaining.pieces import LOGITS, Floats, Piece, Statistic, Tail
from objektiv.features.backbones import FEATURES
from objektiv.shipping.taps import shapes

BEFORE = "logits before"  # where they are calibrated once more
LAST_MAP = "last map"  # of a network without named stages
ROWS_COLUMNS = [2, 3]


def read_tail(model: onnx.ModelProto, *, names: Mapping[int, str] | None = None) -> Tail | None:
    """The linear end of a cut graph; None where it has none.

    `names` are those of the blocks of FEATURES by their columns, where they are known: a bundle may
    have been made without some of them.
    """
    return _Reader(model, names or {}).read()


@dataclass(frozen=True, eq=False)
class _Linear:
    """A tensor as a linear map of another: weights (columns, values), bias (values,)."""

    source: str
    weights: Floats
    bias: Floats
    before: str = ""  # the tensor that this is, where a sigmoid follows


@dataclass(frozen=True, eq=False)
class _Reader:
    model: onnx.ModelProto
    names: Mapping[int, str]
    made: dict[str, onnx.NodeProto] = field(init=False, default_factory=dict)
    numbers: dict[str, onnx.TensorProto] = field(init=False, default_factory=dict)
    shape: dict[str, tuple[int, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        graph = self.model.graph
        self.made.update({name: node for node in graph.node for name in node.output})
        self.numbers.update({tensor.name: tensor for tensor in graph.initializer})
        self.shape.update(shapes(self.model))

    def read(self) -> Tail | None:
        output, linear = LOGITS, self._linear(LOGITS)
        if linear is None and BEFORE in self.made:  # calibrated by lines that are not straight
            output, linear = BEFORE, self._linear(BEFORE)
        if linear is None:
            return None
        output = linear.before or output
        pieces = self._pieces(linear.source)
        if pieces is None:
            return None
        placed, start = [], 0
        for piece in pieces:
            stop = start + self._width(piece)
            placed.append(replace(piece, start=start, stop=stop))
            start = stop
        if start != len(linear.weights) or not any(p.kind != "plain" for p in placed):
            return None
        usual = self._usual(placed, np.zeros(start))
        return Tail(linear.weights, linear.bias, tuple(placed), usual, output)

    def _usual(self, pieces: Sequence[Piece], usual: Floats) -> Floats:
        """What models/strangers subtracts from the same columns: their mean where it learnt."""
        for node in self.model.graph.node:
            shift = self._number(node.input[1]) if node.op_type == "Sub" else None
            joined = self._node(node.input[0], "Concat") if shift is not None else None
            found = self._pieces(joined.output[0]) if joined else None
            if found is None or shift is None or sum(map(self._width, found)) != shift.size:
                continue
            start = 0
            for piece in found:
                stop = start + self._width(piece)
                for own in pieces:
                    if replace(own, start=0, stop=piece.stop) == piece:
                        usual[own.start : own.stop] = shift.reshape(-1)[start:stop]
                start = stop
        return usual

    def _width(self, piece: Piece) -> int:
        if piece.kind == "plain":
            return piece.stop
        shape = self.shape[piece.tensor]
        return shape[1] * len(piece.statistics) if piece.statistics else int(np.prod(shape[1:]))

    def _number(self, name: str) -> Floats | None:
        """A constant of the graph, also one kept in 16 bits."""
        node = self.made.get(name)
        if node is not None and node.op_type == "Cast":
            name = node.input[0]
        tensor = self.numbers.get(name)
        return None if tensor is None else onnx.numpy_helper.to_array(tensor).astype(np.float64)

    def _node(self, name: str, *kinds: str) -> onnx.NodeProto | None:
        node = self.made.get(name)
        return node if node is not None and node.op_type in kinds else None

    def _linear(self, name: str) -> _Linear | None:
        """What gives `name`, where it is linear in one tensor."""
        node = self.made.get(name)
        if node is None:
            return None
        match node.op_type:
            case "Gemm" | "MatMul":
                return self._product(node)
            case "Add" | "Mul" | "Div":
                return self._changed(node)
            case "Concat":
                parts = [self._linear(part) for part in node.input]
                known = [part for part in parts if part is not None]
                if len(known) < len(parts) or len({part.source for part in known}) > 1:
                    return None
                weights = np.concatenate([part.weights for part in known], axis=1)
                return _Linear(known[0].source, weights, np.concatenate([p.bias for p in known]))
        return None

    def _product(self, node: onnx.NodeProto) -> _Linear | None:
        weights = self._number(node.input[1])
        if weights is None or weights.ndim != 2:
            return None
        weights = weights.T if options(node).get("transB") else weights
        bias = self._number(node.input[2]) if len(node.input) > 2 else None
        bias = np.zeros(weights.shape[1]) if bias is None else bias.reshape(-1)
        return _Linear(node.input[0], weights, bias)

    def _changed(self, node: onnx.NodeProto) -> _Linear | None:
        """A linear map plus, times or divided by numbers; or behind a sigmoid of each value."""
        number, given = self._number(node.input[1]), node.input[0]
        if number is None and node.op_type != "Div":
            number, given = self._number(node.input[0]), node.input[1]
        if number is None:
            return None
        number = number.reshape(-1)
        soft = self._node(given, "Softplus")
        if soft is not None and node.op_type == "Mul" and number.tolist() == [-1]:
            turned = self._node(soft.input[0], "Mul")  # log(sigmoid(z)) = -softplus(-z)
            inner = turned and self._linear(turned.input[0])
            return replace(inner, before=turned.input[0]) if turned and inner else None
        linear = self._linear(given)
        if linear is None or linear.before:
            return linear
        if node.op_type == "Add":
            return replace(linear, bias=linear.bias + number)
        factor = 1 / number if node.op_type == "Div" else number
        return replace(linear, weights=linear.weights * factor, bias=linear.bias * factor)

    def _pieces(self, name: str) -> list[Piece] | None:
        node = self.made.get(name)
        if node is not None and node.op_type == "Concat":
            found = []
            for number, part in enumerate(node.input):
                piece = self._piece(part)
                if piece is None:
                    return None
                unnamed = piece.kind != "plain" and name == FEATURES
                found.append(replace(piece, name=self._name(number, node)) if unnamed else piece)
            return found
        piece = self._piece(name)
        return None if piece is None else [piece]

    def _name(self, number: int, joined: onnx.NodeProto) -> str:
        last = number == len(joined.input) - 1
        other = "final" if last else f"stage{number + 1}"
        return self.names.get(self.shape[joined.input[number]][1], other)

    def _piece(self, name: str) -> Piece | None:
        """What a part of the columns is."""
        if divided := self._node(name, "Div"):
            piece = self._piece(divided.input[0])
            least = self._node(divided.input[1], "Max")
            length = least and self._node(least.input[0], "ReduceL2")
            if piece is None or not length or length.input[0] != divided.input[0]:
                return None
            return replace(piece, normalised=True)
        if sliced := self._node(name, "Slice"):
            return self._sliced(sliced)
        if statistics := self._statistics(name):
            return statistics
        if flat := self._node(name, "Flatten"):
            turned = self._node(flat.input[0], "Transpose")
            last = turned is not None and options(turned)["perm"] == [0, 2, 3, 1]
            tensor = turned.input[0] if turned is not None and last else flat.input[0]
            if len(self.shape.get(tensor, ())) == 4:
                return Piece(LAST_MAP, "map", tensor, channels_last=last)
        return None

    def _sliced(self, node: onnx.NodeProto) -> Piece | None:
        """A block of features, or of the plain numbers."""
        ends = [self._number(name) for name in node.input[1:4]]
        if any(end is None or end.size != 1 for end in ends):
            return None
        begin, stop, axis = (int(end.item()) for end in ends if end is not None)
        tensor = node.input[0]
        if axis != 1 or len(self.shape.get(tensor, ())) != 2:
            return None
        stop = min(stop, self.shape[tensor][1])
        joined = self._node(tensor, "Concat")
        place = 0
        for number, part in enumerate(joined.input if joined and tensor == FEATURES else ()):
            width = self.shape[part][1]
            if (place, place + width) == (begin, stop):
                name = self._name(number, joined) if joined else part
                pooled = self._statistics(part)
                plain = Piece(name, "plain", tensor, begin=begin, stop=width)
                return replace(pooled, name=name) if pooled else plain
            place += width
        return Piece(tensor, "plain", tensor, begin=begin, stop=stop - begin)

    def _statistics(self, name: str) -> Piece | None:
        """Statistics of a map's channels, pooled over all its places."""
        flat = self._node(name, "Flatten", "Squeeze", "Reshape")
        inner = flat.input[0] if flat else name
        joined = self._node(inner, "Concat") if flat else None
        found = [self._statistic(part) for part in (joined.input if joined else [inner])]
        known = [one for one in found if one is not None]
        if len(known) < len(found) or len({tensor for _, tensor in known}) != 1:
            return None
        kinds = tuple(kind for kind, _ in known)
        return Piece(LAST_MAP, "pooled", known[0][1], statistics=kinds)

    def _statistic(self, name: str) -> tuple[Statistic, str] | None:
        node = self.made.get(name)
        if node is None:
            return None
        tensor = node.input[0] if node.input else ""
        if node.op_type == "Sqrt":
            return self._deviation(node)
        if len(self.shape.get(tensor, ())) != 4 or self.shape[tensor][1] < 2:
            return None
        if node.op_type in ("GlobalAveragePool", "GlobalMaxPool"):
            return ("mean" if node.op_type == "GlobalAveragePool" else "maximum"), tensor
        if node.op_type in ("ReduceMean", "ReduceMax"):
            axes = self._number(node.input[1]) if len(node.input) > 1 else None
            if axes is not None and sorted(int(a) % 4 for a in axes.reshape(-1)) == ROWS_COLUMNS:
                return ("mean" if node.op_type == "ReduceMean" else "maximum"), tensor
        return None

    def _deviation(self, node: onnx.NodeProto) -> tuple[Statistic, str] | None:
        """As features/pooling writes it: sqrt(mean((x - mean(x)) ** 2))."""
        mean = self._node(node.input[0], "ReduceMean")
        square = mean and self._node(mean.input[0], "Mul")
        centred = square and self._node(square.input[0], "Sub")
        if not square or not centred or square.input[0] != square.input[1]:
            return None
        tensor = centred.input[0]
        inner = self._statistic(centred.input[1])
        return ("deviation", tensor) if inner == ("mean", tensor) else None


def options(node: onnx.NodeProto) -> dict[str, Any]:
    """The settings of an operation by name."""
    return {o.name: onnx.helper.get_attribute_value(o) for o in node.attribute}
