"""The ends of a bundle's graph: what it takes and what it gives.

In: the number of classes. Out: the ends as they stand in bundle.json.
Try: `outputs(2, strange=True)`.
"""

from __future__ import annotations

from objektiv.base.settings import Strict


class Tensor(Strict):
    """One end of the graph, told to whoever runs model.onnx without objektiv."""

    name: str
    type: str
    shape: tuple[int | str, ...]


INPUT = Tensor(name="image", type="uint8", shape=("height", "width", 3))


STRANGENESS = Tensor(name="strangeness", type="float32", shape=(1, 1))


def outputs(classes: int, *, strange: bool) -> tuple[Tensor, ...]:
    """The outputs of a graph for so many classes; the last where it is `strange`."""
    shape = (1, classes)
    return (
        Tensor(name="logits", type="float32", shape=shape),
        Tensor(name="probabilities", type="float32", shape=shape),
        *((STRANGENESS,) if strange else ()),
    )
