"""The linear end of a model: weights, and what each of its columns is.

In: nothing. Out: Piece and Tail, which `read_tail` finds in a graph and `contributions` weighs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LOGITS = "logits"

Statistic = Literal["mean", "maximum", "deviation"]
Kind = Literal["pooled", "map", "plain"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Piece:
    """Neighbouring columns of the linear map that one tensor gives."""

    name: str
    kind: Kind
    tensor: str  # the map (1, channels, rows, columns); of a plain piece (1, numbers)
    start: int = 0  # its columns
    stop: int = 0
    statistics: tuple[Statistic, ...] = ()  # of a pooled piece, each over all channels
    normalised: bool = False  # divided by its own length
    channels_last: bool = False  # of a map: the order of its columns
    begin: int = 0  # of a plain piece: where it begins in its tensor


@dataclass(frozen=True, eq=False)
class Tail:
    """output = columns @ weights + bias; `weights` (columns, classes), `bias` (classes,).

    `usual` (columns,): those of the usual picture that the model learnt from, where the graph holds
    them because it measures strangeness; 0 where it does not.
    """

    weights: Floats
    bias: Floats
    pieces: tuple[Piece, ...]
    usual: Floats
    output: str = LOGITS  # the tensor that is this sum: one before the logits where they bend it

    @property
    def tensors(self) -> tuple[str, ...]:
        """What must be known of a picture."""
        return tuple(dict.fromkeys(piece.tensor for piece in self.pieces))

    @property
    def stages(self) -> tuple[str, ...]:
        """The pieces that have places."""
        return tuple(piece.name for piece in self.pieces if piece.kind != "plain")
