"""What an explanation is: the heat of one picture, and which number it takes apart.

In: a bundle. Out: Heat; the linear end of the bundle's graph where it has one that can be trusted.
Try: `linear_end(load("cells.objektiv")).stages`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.base.language import Told
from objektiv.explaining.contributions import Part, contributions
from objektiv.explaining.overlay import readable
from objektiv.explaining.pieces import Floats, Tail
from objektiv.explaining.places import in_square
from objektiv.explaining.sanity import Sanity
from objektiv.explaining.settings import Method
from objektiv.explaining.tail import read_tail
from objektiv.features import lite0
from objektiv.shipping.bundle import Bundle
from objektiv.shipping.taps import Taps

SUMS = 1e-4  # how far parts may miss what they sum to, of the largest of them, to be believed
LITES = {  # whose blocks are named otherwise than a store's: by their columns
    name: {width: block for block, width in lite0.block_widths(stages).items()}
    for name, stages in (("lite0", lite0.STAGES), ("lite1", lite0.LITE1), ("lite2", lite0.LITE2))
}


@dataclass(frozen=True, eq=False)
class Heat:
    """Why a model says a class of one picture.

    `map` float32 (height, width): what each pixel's place adds to `logit`, below zero where it
    speaks against. `parts` sum to `logit`; occlusion has none, its map is what the logit loses
    where a place is covered. `beside`: what of the map lies on the edges that fill up the square.
    With two classes the logit is that of the class less that of the other, `against`.
    """

    map: NDArray[np.float32]
    label: int
    logit: float
    probability: float
    kind: Method
    parts: tuple[Part, ...] = ()
    beside: float = 0.0
    against: int | None = None
    stage: str | None = None  # the only one that the map shows
    sanity: Sanity = Sanity()

    @property
    def stages(self) -> dict[str, float]:
        """What each part adds by name, also those without a place."""
        return {part.name: part.value for part in self.parts}

    @property
    def told(self) -> tuple[Told, ...]:
        """How far the map can be trusted, in words."""
        return self.sanity.told

    @property
    def peak(self) -> tuple[int, int]:
        """Row and column of the place that speaks most for the class, as one reads the map."""
        read = readable(self.map)
        row, column = np.unravel_index(int(read.argmax()), read.shape)
        return int(row), int(column)


def direction_of(label: int, classes: int) -> tuple[Floats, int | None]:
    """How much each logit counts: that of the class; of two, that of the other against it.

    Two logits only mean something by their difference, of several each stands for its class.
    """
    direction = np.zeros(classes)
    direction[label] = 1
    if classes > 2:
        return direction, None
    direction[1 - label] = -1
    return direction, 1 - label


def linear_end(bundle: Bundle) -> Tail | None:
    """The linear end of a bundle's graph, if on a picture of noise its parts do sum to it."""
    size = bundle.facts.size
    tail = read_tail(bundle.network.graph, names=LITES.get(bundle.facts.backbone.name))
    if tail is None:
        return None
    random = seeds.generator(0, "noise")
    square = random.uniform(0, 255, (1, size, size, 3)).astype(np.float32)
    values = Taps(bundle.network, (*tail.tensors, tail.output))(square)
    direction = np.asarray(random.normal(size=tail.weights.shape[1]))
    parts, _ = contributions(tail, values, direction)
    missed = sum(part.value for part in parts) - float(values[tail.output][0] @ direction)
    largest = max(1.0, *(abs(part.value) for part in parts))
    return tail if abs(missed) <= SUMS * largest else None


def summed(parts: Iterable[Part], *, size: int, side: int) -> NDArray[np.float32]:
    """Heat of the square (side, side) of all parts that have places."""
    total = np.zeros((side, side), np.float32)
    for part in parts:
        if part.places is not None:
            total += in_square(part.places, size=size, side=side)
    return total
