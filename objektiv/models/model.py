"""The model on top of the bank: features in, logits and probabilities out, in NumPy and in ONNX.

In: Features. Out: logits and probabilities of each class. A Probe says which blocks it reads, how
they are scaled, its linear map and its temperature; `add` writes the same into a bundle's graph.
Try: `fit(features, labels, classes, folds, settings).probe.probabilities(features)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.features.descriptors import COLOURS
from objektiv.features.graph import GraphBuilder
from objektiv.features.look import SIZE, Features
from objektiv.judging.calibration import softmax
from objektiv.models.settings import ProbeSettings

Floats = NDArray[np.float32]

PLAIN = (COLOURS, SIZE)  # the blocks of the plain baseline; all others come from the network
IMPORTANCE: float = ProbeSettings.model_fields["colour_weight"].default


def matrix(features: Features, blocks: Sequence[str]) -> Floats:
    """The columns of `blocks` side by side; each block of the network has length 1 in each item.

    That takes away how strongly a picture excites a stage as a whole (light, contrast) and was
    worth 0.2 points on malaria.
    """
    joined = np.concatenate([features.block(name) for name in blocks], axis=1, dtype=np.float32)
    start = 0
    for name in blocks:
        part = joined[:, start : start + features.block(name).shape[1]]
        start += part.shape[1]
        if name not in PLAIN:
            length = np.sqrt(np.einsum("ij,ij->i", part, part))
            part *= (1 / np.maximum(length, np.float32(1e-12)))[:, None]
    return joined


def importance(
    features: Features,
    blocks: Sequence[str],
    *,
    used: Sequence[str],
    colour_weight: float = IMPORTANCE,
) -> Floats:
    """How much each column of `matrix(features, blocks)` counts, (columns,): 0 if not `used`."""
    widths = {b.name: b.stop - b.start for b in features.blocks}
    counts = {name: colour_weight if name in PLAIN else 1.0 for name in used}
    parts = [np.full(widths[name], counts.get(name, 0), np.float32) for name in blocks]
    return np.concatenate(parts)


def add_matrix(
    graph: GraphBuilder,
    blocks: Sequence[str],
    tensors: Mapping[str, Any],
    spans: Mapping[str, Any],
) -> str:
    """Append what `matrix` computes; `tensors` names each block's tensor, `spans` its columns."""
    parts = []
    for name in blocks:
        start, stop = spans[name]
        limits = [graph.ints(value) for value in (start, stop, 1)]
        part = graph.add("Slice", [tensors[name], *limits])
        if name not in PLAIN:
            length = graph.add("ReduceL2", [part, graph.ints(1)], keepdims=1)
            safe = graph.add("Max", [length, graph.floats(1e-12)])
            part = graph.add("Div", [part, safe])
        parts.append(part)
    return graph.add("Concat", parts, axis=1)


@dataclass(frozen=True, eq=False)
class Probe:
    """A linear map on blocks of features, with a temperature."""

    classes: tuple[str, ...]
    blocks: tuple[str, ...]
    weights: Floats  # (columns of `matrix`, classes)
    bias: Floats  # (classes,)
    temperature: float

    def logits(self, features: Features) -> NDArray[np.float64]:
        """(items, classes), divided by the temperature already."""
        raw = matrix(features, self.blocks) @ self.weights + self.bias
        return np.asarray(raw, np.float64) / self.temperature

    def probabilities(self, features: Features) -> NDArray[np.float64]:
        """(items, classes), rows sum to 1."""
        return softmax(self.logits(features))

    def add(
        self, graph: GraphBuilder, tensors: Mapping[str, Any], spans: Mapping[str, Any]
    ) -> None:
        """Append the head; `tensors` names the tensor of each block, `spans` its columns there.

        Adds `logits` and `probabilities`, both (images, classes).
        """
        joined = add_matrix(graph, self.blocks, tensors, spans)
        weights = graph.constant((self.weights / self.temperature).astype(np.float32))
        bias = graph.constant((self.bias / self.temperature).astype(np.float32))
        product = graph.add("MatMul", [joined, weights])
        logits = graph.add("Add", [product, bias], output="logits")
        graph.add("Softmax", [logits], output="probabilities", axis=1)
