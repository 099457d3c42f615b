"""A tail tells what it needs and what it can show."""

from __future__ import annotations

import numpy as np

from objektiv.explaining.pieces import Piece, Tail


def test_stages_are_the_pieces_with_places_and_tensors_are_named_once() -> None:
    """A plain piece is no stage, and two pieces of one tensor ask for it once."""
    pieces = (
        Piece("a", "pooled", "x", 0, 2, ("mean",)),
        Piece("b", "pooled", "x", 2, 4, ("maximum",)),
        Piece("c", "plain", "y", 4, 6),
    )
    tail = Tail(np.zeros((6, 2)), np.zeros(2), pieces, np.zeros(6))

    assert tail.stages == ("a", "b")
    assert tail.tensors == ("x", "y")
