"""What is looked into or attacked: the network of a bundle, or a pretrained one with its classes.

In: a bundle or a backbone's name. Out: a Subject: the graph behind the preprocessing, its classes
and its answers, always in 32 bits. Squares are what `data.images.to_square` makes of pictures; one
of whole grey levels, saved as PNG and read again, is the same square, so that what is found here
holds for the file.
Try: `of_backbone("lite0").place_of("zebra")`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx
from numpy.typing import NDArray

from objektiv.base.errors import UsageError
from objektiv.base.extras import require
from objektiv.base.names import nearest
from objektiv.data.images import Pixels, to_square
from objektiv.data.settings import Fit
from objektiv.features.backbones import BACKBONES, IMAGENET_LOGITS
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.preprocess import PIXELS
from objektiv.shipping.bundle import Bundle
from objektiv.shipping.limits import Decision
from objektiv.shipping.session import Network
from objektiv.shipping.taps import Taps

LOGITS, PROBABILITIES = "logits", "probabilities"
BATCH = 8
NEAR = 6  # class names that a message suggests
WORTH_A_BATCH = 4  # squares; fewer go one by one

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Subject:
    """A network from the tensor PIXELS on, and how pictures become its squares."""

    name: str
    classes: tuple[str, ...]
    size: int
    fit: Fit
    network: Network
    decision: Decision | None = None

    @cached_property
    def _one(self) -> Taps:
        return Taps(self.network, ())

    @cached_property
    def _many(self) -> Taps:
        return Taps(self.network, (), batch=BATCH)

    def squares(self, pictures: Sequence[Pixels]) -> Floats:
        """Pictures as squares (n, size, size, 3), rounded to whole grey levels."""
        made = [to_square(picture, size=self.size, fit=self.fit) for picture in pictures]
        return np.rint(np.stack(made)).astype(np.float32)

    def probabilities(self, squares: Floats) -> Floats:
        """What the network says of squares, (n, classes)."""
        return self._answers(squares)[PROBABILITIES]

    def logits(self, squares: Floats) -> Floats:
        """The same before the softmax."""
        return self._answers(squares)[LOGITS]

    def oracle(self) -> Callable[[Floats, NDArray[np.int64]], tuple[Floats, Floats]]:
        """Losses of squares with labels, and the gradients on the squares; needs torch.

        Raises:
            MissingExtra: torch is not installed.
        """
        require("torch", needed_by="a gradient")
        from objektiv.explaining.torch_graph import Gradients

        return Gradients(self.network.graph).of_loss

    def _answers(self, squares: Floats) -> dict[str, Floats]:
        return (self._one if len(squares) < WORTH_A_BATCH else self._many)(squares)

    def called(self, probabilities: Floats) -> NDArray[np.int64]:
        """The place of each square's class, by the bundle's threshold where it has one."""
        if self.decision:
            return self.decision.called(probabilities, self.classes)
        return np.asarray(probabilities.argmax(axis=1), np.int64)

    def place_of(self, label: str) -> int:
        """The place of a class.

        Raises:
            UsageError: there is no such class; the message has the nearest names.
        """
        if label in self.classes:
            return self.classes.index(label)
        near = _near(label, self.classes)
        raise UsageError(
            f"{self.name} knows no such class",
            value=repr(label),
            allowed=f"It knows {len(self.classes):,} classes, such as "
            f"{', '.join(near or self.classes[:NEAR])}",
            next=f"did you mean '{near[0]}'?" if near else "name one of them",
        )


def _near(label: str, classes: Sequence[str]) -> list[str]:
    """Classes that hold the label as a word, or are spelt like it."""
    word = label.casefold()
    exact = [name for name in classes if name.casefold() == word]
    holding = [name for name in classes if word in name.casefold().replace(",", " ").split()]
    spelt = nearest(label, classes)
    return list(dict.fromkeys([*exact, *holding, *([spelt] if spelt else [])]))[:NEAR]


def of_bundle(bundle: Bundle, *, name: str = "the bundle") -> Subject:
    """The network of a bundle, with its own preprocessing and threshold."""
    facts = bundle.facts
    return Subject(name, bundle.classes, facts.size, facts.fit, bundle.network, facts.decision)


def of_backbone(name: str) -> Subject:
    """A pretrained network with its own last layer, on the middle square of each picture.

    Raises:
        UsageError: there is no such network.
        ModelError: it is not ready.
    """
    backbone = BACKBONES.get(name)
    size, classes = backbone.native_size, backbone.classes
    graph = GraphBuilder()
    pixels = graph.input(PIXELS, FLOAT, [1, size, size, 3])
    backbone.add(graph, pixels)
    graph.rename(IMAGENET_LOGITS, LOGITS)
    graph.add("Softmax", [LOGITS], output=PROBABILITIES, axis=1)
    for output in (LOGITS, PROBABILITIES):
        graph.output(output, FLOAT, [1, len(classes)])
    network = Network(onnx.ModelProto.FromString(graph.to_bytes(name)))
    return Subject(backbone.title, classes, size, "crop", network)
