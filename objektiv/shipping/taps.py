"""Ask a bundle's graph for more than its answers: any tensor inside it as an output.

In: a graph that `walk.cut` has left, and names of tensors. Out: the same graph with those tensors
as outputs behind its own, or a Taps that runs it. A bundle's file stays as it is.
Try: `Taps(load("cells.objektiv").network, ["features"])(squares)["features"]`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.base.errors import ModelError
from objektiv.base.names import suggestion
from objektiv.features.preprocess import PIXELS
from objektiv.features.strict import CHECKER_ERRORS, light
from objektiv.shipping.facts import MODEL, refused
from objektiv.shipping.session import Network, request

FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
SHOWN = 12  # names of tensors that a message lists

Shapes = Mapping[str, tuple[int, ...]]


def tapped(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """A copy of `model` whose outputs are its own and then `names`, in their order.

    A name that is an output already is not given twice.

    Raises:
        ModelError: there is no such tensor; the message has the nearest.
    """
    made = {name for node in model.graph.node for name in node.output}
    for name in names:
        if name not in made:
            raise ModelError(
                "the bundle's graph has no such tensor",
                value=repr(name),
                allowed=f"{len(made):,} tensors, such as {', '.join(sorted(made)[:SHOWN])}",
                next=suggestion(name, made) or "name a tensor of the graph",
            )
    own = {value.name for value in model.graph.output}
    wanted = [name for name in dict.fromkeys(names) if name not in own]
    told = _inferred(model)
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.graph.output.extend(told[name] for name in wanted)
    return copy


def shapes(model: onnx.ModelProto) -> Shapes:
    """The shape of every tensor of a cut model for one picture, and of its input.

    Raises:
        BundleError: they do not follow from the size of the input.
    """
    return {
        name: tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
        for name, value in _inferred(model).items()
    }


def _inferred(model: onnx.ModelProto) -> dict[str, onnx.ValueInfoProto]:
    """What onnx infers of each tensor: only shapes of constants are looked at."""
    small = onnx.ModelProto()
    small.CopyFrom(light(model))
    for value in (small.graph.input[0], *small.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    try:
        graph = onnx.shape_inference.infer_shapes(small, strict_mode=True, data_prop=True).graph
    except CHECKER_ERRORS as error:
        raise refused(
            f"the shapes inside {MODEL} do not follow",
            value=type(error).__name__,
            allowed="A graph objektiv wrote",
        ) from error
    return {value.name: value for value in (*graph.value_info, *graph.output, *graph.input)}


class Taps:
    """Runs a cut graph and gives its own outputs and the named tensors; safe to use from threads.

    Always in 32 bits: what is looked at inside should not depend on the processor.
    """

    def __init__(self, network: Network, names: Sequence[str], *, batch: int = 1) -> None:
        """`batch`: squares at a time, compiled when first needed."""
        graph = tapped(network.graph, names)
        self.names = tuple(value.name for value in graph.graph.output)
        self.batch = batch
        self._network = Network(graph)
        self._request: Any = None
        self._lock = threading.Lock()

    def __call__(self, squares: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Each tensor of `squares` (n, size, size, 3), its first axis the pictures.

        Raises:
            BundleError: OpenVINO refuses the network.
        """
        with self._lock:
            if self._request is None:
                self._request = request(self._network.read(self.batch), "fp32")
            starts = range(0, len(squares), self.batch)
            parts = [self._infer(squares[start : start + self.batch]) for start in starts]
        if len(parts) == 1:
            return dict(zip(self.names, parts[0], strict=True))
        joined = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return dict(zip(self.names, joined, strict=True))

    def _infer(self, squares: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        count = len(squares)
        if count < self.batch:  # the rest repeats the last square and is thrown away
            rest = np.repeat(squares[-1:], self.batch - count, axis=0)
            squares = np.concatenate([squares, rest])
        self._request.infer({PIXELS: np.ascontiguousarray(squares)}, share_inputs=True)
        ends = range(len(self.names))
        return [self._request.get_output_tensor(i).data[:count].copy() for i in ends]


def shuffled(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of a cut model in which the weights of each layer have changed their places at random,
    always in the same way: it has the same architecture and knows nothing."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for tensor in copy.graph.initializer:
        if len(tensor.dims) > 1 and tensor.data_type in FLOATS:
            array = onnx.numpy_helper.to_array(tensor)
            mixed = seeds.generator(0, "shuffled", tensor.name).permutation(array.reshape(-1))
            changed = onnx.numpy_helper.from_array(mixed.reshape(array.shape), tensor.name)
            tensor.CopyFrom(changed)
    return copy
