"""What is known while a Keras network is walked: names of tensors, readers, padding to come.

In: a functional Keras model. Out: a Walk, which the layer functions read and fill.
Keras itself is not imported here: a layer is known by its class's name and its attributes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base.errors import ModelError
from objektiv.features.graph import GraphBuilder

LOGITS = "logits"
LINEAR = ("linear", "softmax")  # a softmax is left out: the graph ends in logits

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Padding:
    """Zeros that a layer before asked for; `pads` are None where they follow from the size."""

    pads: tuple[int, int, int, int] | None  # top, left, bottom, right


@dataclass
class Walk:
    """The graph so far, and what is known of Keras' tensors, by their identity."""

    model: Any
    padding_by_size: bool
    graph: GraphBuilder = field(default_factory=GraphBuilder)
    names: dict[int, str] = field(default_factory=dict)
    readers: dict[int, list[Any]] = field(default_factory=dict)
    padding: dict[int, Padding] = field(default_factory=dict)
    folded: set[str] = field(default_factory=set)  # layers that were written with an earlier one
    positive: set[str] = field(default_factory=set)  # tensors of ours without negative numbers
    maps: dict[str, str] = field(default_factory=dict)  # of a flat tensor: the same as a map 1 x 1
    flats: dict[str, tuple[int, ...]] = field(default_factory=dict)  # of a flattened map: its shape
    last_map: str = ""
    final: str | None = None
    multiply: Floats = field(default_factory=lambda: np.ones(3))
    add: Floats = field(default_factory=lambda: np.zeros(3))

    def readers_of(self, layer: Any) -> list[Any]:
        """The layers that read the output of `layer`."""
        return self.readers.get(id(layer.output), [])

    def only_reader(self, layer: Any, kind: str) -> Any | None:
        """The layer of that kind that alone reads the output of `layer`."""
        readers = self.readers_of(layer)
        return readers[0] if [kind_of(r) for r in readers] == [kind] else None

    def name(self, layer: Any) -> str:
        """What the output of `layer` is called: its own name, or LOGITS at the end."""
        end = layer
        while len(readers := self.readers_of(end)) == 1 and _passes_on(readers[0]):
            end = readers[0]
        return LOGITS if end.output is self.model.output else str(layer.name)


def kind_of(layer: Any) -> str:
    """The name of the layer's class."""
    return type(layer).__name__


def function_of(layer: Any) -> str:
    """The name of the activation that the layer applies."""
    return str(layer.activation.__name__)


def inputs_of(layer: Any) -> list[Any]:
    """The Keras tensors that the layer reads."""
    if kind_of(layer) == "InputLayer":
        return []
    return layer.input if isinstance(layer.input, list) else [layer.input]


def unknown(layer: Any, found: str, known: str) -> ModelError:
    """The error for a layer or option that cannot be written."""
    return ModelError(
        "this Keras network cannot be written as ONNX",
        value=f"{found} in {layer.name!r}",
        allowed=f"Known: {known}",
        next="choose a network that `objektiv models` lists",
    )


def _passes_on(layer: Any) -> bool:
    kind = kind_of(layer)
    return kind in ("Dropout", "Reshape") or (kind == "Activation" and function_of(layer) in LINEAR)
