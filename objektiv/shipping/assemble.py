"""Put preprocessing and a model into the one graph that ships.

In: anything Shippable, size and fit. Out: ONNX bytes from `image` to `logits`, `probabilities`
and, where the model measures it, `strangeness`. What no output needs, such as a network's own
classes, is left out.
"""

from __future__ import annotations

from typing import Protocol

from objektiv.data.settings import Fit
from objektiv.features.graph import FLOAT, UINT8, GraphBuilder
from objektiv.features.preprocess import add_preprocessing
from objektiv.models.strangers import STRANGENESS


class Shippable(Protocol):
    """A model of any family: it can write itself into a graph."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names, in the order of the logits."""

    @property
    def temperature(self) -> float:
        """By which the logits are divided in the graph."""

    def add(self, graph: GraphBuilder, pixels: str) -> None:
        """Append the model behind `pixels`, float32 (n, size, size, 3) RGB 0 to 255.

        Adds `logits` and `probabilities`, both (n, classes), and `strangeness`, (n, 1), where it
        is measured.
        """


def model_graph(model: Shippable, *, size: int, fit: Fit) -> bytes:
    """The whole model, preprocessing first."""
    graph = GraphBuilder()
    image = graph.input("image", UINT8, ["height", "width", 3])
    model.add(graph, add_preprocessing(graph, image, size=size, fit=fit))
    for output in ("logits", "probabilities"):
        graph.output(output, FLOAT, [1, len(model.classes)])
    if graph.makes(STRANGENESS):
        graph.output(STRANGENESS, FLOAT, [1, 1])
    return graph.to_bytes("objektiv")
