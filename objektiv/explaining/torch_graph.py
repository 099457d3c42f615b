"""Gradients of any bundle: its graph run by torch, operation by operation, as it was shipped.

In: a cut graph. Out: a TorchGraph that computes what OpenVINO does (tested within 1e-4), and the
gradient of a loss, a class or a channel on the pixels of the square.
Try: `Gradients(load("cells.objektiv").network.graph).of_class(squares, 0)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from objektiv.explaining.pieces import LOGITS
from objektiv.explaining.tail import options
from objektiv.explaining.torch_operations import OPERATIONS
from objektiv.features.preprocess import PIXELS
from objektiv.shipping.parts import before

Floats = NDArray[np.float32]
Graded = tuple[Floats, Floats]  # a value for each square, and its gradient on the square


class TorchGraph:
    """A cut graph as a function of torch: squares to any of its tensors."""

    def __init__(
        self,
        model: onnx.ModelProto,
        outputs: Sequence[str],
        *,
        through: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
    ) -> None:
        """Only what `outputs` need is computed; a tensor named in `through` goes through that
        function on its way."""
        nodes = needed(model.graph, outputs)
        wanted = {name for node in nodes for name in node.input}
        self._nodes = [(node, options(node)) for node in nodes]
        self._outputs, self._through = tuple(outputs), through or {}
        self._constants = {
            tensor.name: _tensor(tensor)
            for tensor in model.graph.initializer
            if tensor.name in wanted
        }

    def __call__(self, pixels: Tensor) -> dict[str, Tensor]:
        """The outputs of `pixels`, float32 (n, size, size, 3), 0 to 255."""
        known: dict[str, Tensor | None] = {**self._constants, PIXELS: pixels, "": None}
        for node, told in self._nodes:
            given = (known[name] for name in node.input)
            made: Any = OPERATIONS[node.op_type](told, *given)
            results = made if isinstance(made, tuple) else (made,)
            for name, result in zip(node.output, results, strict=False):
                known[name] = self._through[name](result) if name in self._through else result
        return {name: x for name in self._outputs if (x := known[name]) is not None}


def needed(graph: onnx.GraphProto, outputs: Sequence[str]) -> list[onnx.NodeProto]:
    """The operations that `outputs` are computed by, in order."""
    return [graph.node[place] for place in sorted(before(graph, outputs))]


def _tensor(tensor: onnx.TensorProto) -> Tensor:
    array = onnx.numpy_helper.to_array(tensor)
    if array.dtype == np.float16:  # weights in 16 bits are reckoned with in 32
        array = array.astype(np.float32)
    return torch.from_numpy(np.array(array))


class Gradients:
    """Values and their gradients on squares, float32 (n, size, size, 3), 0 to 255."""

    def __init__(self, model: onnx.ModelProto, *, tensor: str = LOGITS) -> None:
        """`tensor`: where a channel is looked at; the logits by default."""
        self._tensor = tensor
        self._graph = TorchGraph(model, [tensor])

    def values(self, squares: Floats) -> Floats:
        """The tensor of squares, without gradients."""
        with torch.no_grad():
            return np.asarray(self._graph(torch.from_numpy(squares))[self._tensor].numpy())

    def of_loss(self, squares: Floats, labels: NDArray[np.int64]) -> Graded:
        """How far all other classes together lie above each square's label, in logits.

        The cross-entropy is log(1 + exp(this)): it has the same direction, but no slope left where
        a network is so sure that its probability is 1 in 32 bits.
        """
        return self._graded(squares, lambda logits: -_above(logits, torch.from_numpy(labels)))

    def of_class(self, squares: Floats, place: int) -> Graded:
        """How far the logit of a class lies above what all others together reach."""
        return self._graded(squares, lambda logits: _above(logits, torch.tensor([place])))

    def of_channel(self, squares: Floats, channel: int) -> Graded:
        """The mean of one channel of the tensor (n, channels, height, width)."""
        return self._graded(squares, lambda maps: maps[:, channel].flatten(1).mean(1))

    def _graded(self, squares: Floats, value: Any) -> Graded:
        pixels = torch.tensor(squares, requires_grad=True)
        values = value(self._graph(pixels)[self._tensor])
        (gradient,) = torch.autograd.grad(values.sum(), pixels)
        return np.asarray(values.detach().numpy()), np.asarray(gradient.numpy())


def _above(logits: Tensor, labels: Tensor) -> Tensor:
    """The logit of each row's label less the log of the sum of the others' exponentials."""
    own = functional.one_hot(labels, logits.shape[1]).bool()
    others = logits.masked_fill(own, float("-inf")).logsumexp(1)
    return (logits * own).sum(1) - others
