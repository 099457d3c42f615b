"""Turn a picture of any size into the network's square, inside the graph, in 32-bit floats.

In: a GraphBuilder and the name of its uint8 input (height, width, 3), both open. Out: the tensor
PIXELS, float32 (1, size, size, 3), RGB 0..255. The same filter stands in NumPy in `data.images`.
Try: `add_preprocessing(graph, "image", size=128, fit="letterbox")`.

The filter is Pillow's BILINEAR: a triangle as wide as one output pixel, never narrower than one
input pixel. Output pixel j of `new` looks at input pixel x of `length` with the weight
`1 - |x + 0.5 - (j + 0.5) * length / new| / max(length / new, 1)`, rows scaled to sum 1. Times
`2 * max(length, new)` that is a difference of whole numbers, and so it is computed here: 32-bit
floats at this place would move an edge by 0.004 grey levels and round a size the other way.
"""

from __future__ import annotations

from typing import get_args

import numpy as np

from objektiv.base.errors import SettingsError
from objektiv.base.names import suggestion
from objektiv.data.settings import Fit
from objektiv.features.graph import FLOAT, GraphBuilder

PIXELS = "pixels"  # the tensor between preprocessing and network; engines cut the graph here
FITS: tuple[Fit, ...] = get_args(Fit)

# OpenVINO's CPU plugin computes 64-bit integers in 32 bits, where products of very thin pictures
# (3000 x 1 under `crop`) wrap round. What is that far away has weight 0 in any case.
FAR_AWAY = 2.0**30


def add_preprocessing(graph: GraphBuilder, image: str, *, size: int, fit: str) -> str:
    """Append the nodes that make `image` a square of `size` pixels; returns PIXELS.

    `letterbox` keeps the whole picture and repeats its edge pixels, `stretch` changes its
    aspect, `crop` cuts the middle out.

    Raises:
        SettingsError: `fit` is unknown or `size` below 1.
    """
    _check(size, fit)
    shape = graph.add("Shape", [image])
    lengths = [graph.add("Gather", [shape, graph.ints(axis)]) for axis in (0, 1)]  # each (1,)
    rows, columns = (_matrix(graph, length, lengths, size, fit) for length in lengths)
    values = graph.add("Cast", [image], to=FLOAT)
    flat = graph.add("Reshape", [values, graph.ints(0, -1)])  # (height, width * 3)
    lower = graph.add("MatMul", [rows, flat])
    split = graph.add("Reshape", [lower, graph.ints(size, -1, 3)])
    square = graph.add("MatMul", [columns, split])  # (size, width) @ (size, width, 3)
    return graph.add("Unsqueeze", [square, graph.ints(0)], output=PIXELS)


def _check(size: int, fit: str) -> None:
    if fit not in FITS:
        raise SettingsError(
            "no fit has this name",
            value=repr(fit),
            allowed=f"Known: {', '.join(FITS)}",
            next=suggestion(fit, FITS) or "choose one of them with `--fit`",
        )
    if size < 1:
        raise SettingsError(
            "the size of the square does not fit",
            value=size,
            allowed="Whole numbers from 1 on are allowed",
            next="choose one with `--size`, for example 128 or 224",
        )


def _matrix(graph: GraphBuilder, length: str, lengths: list[str], size: int, fit: str) -> str:
    """The filter of one axis as a matrix (size, length), its rows summing to 1."""
    one, two = graph.ints(1), graph.ints(2)
    new = _new_length(graph, length, lengths, size, fit)
    # (size - new) // 2 rounded down; written so that no division meets a negative number
    half = graph.add("Div", [graph.add("Add", [new, graph.ints(size)]), two])
    offset = graph.add("Sub", [half, new])
    j = graph.add("Sub", [graph.constant(np.arange(size, dtype=np.int64)), offset])
    last = graph.add("Sub", [new, one])
    j = graph.add("Max", [graph.add("Min", [j, last]), graph.ints(0)])  # edge rows repeat

    def odd(index: str) -> str:  # 2 i + 1: twice the centre of pixel i
        return graph.add("Add", [graph.add("Mul", [index, two]), one])

    centre = graph.add("Unsqueeze", [odd(j), one])  # (size, 1)
    zero = graph.constant(np.array(0, np.int64))
    step = graph.constant(np.array(1, np.int64))
    x = odd(graph.add("Range", [zero, graph.add("Squeeze", [length, graph.ints(0)]), step]))
    distance = graph.add(
        "Abs", [graph.add("Sub", [graph.add("Mul", [x, new]), graph.add("Mul", [centre, length])])]
    )
    reach = graph.add("Mul", [graph.add("Max", [length, new]), two])
    weight = graph.add("Max", [graph.add("Sub", [reach, distance]), graph.ints(0)])
    weight = graph.add("Cast", [weight], to=FLOAT)  # below 2**24: exact
    rough = _rough_distance(graph, (x, new), (centre, length))
    near = graph.add("Less", [rough, graph.floats(FAR_AWAY)])
    weight = graph.add("Where", [near, weight, graph.floats(0.0)])
    total = graph.add("ReduceSum", [weight, one], keepdims=1)
    return graph.add("Div", [weight, total])


def _new_length(graph: GraphBuilder, length: str, lengths: list[str], size: int, fit: str) -> str:
    """How many of the square's pixels the axis covers: max(1, floor(length * scale + 1/2))."""
    if fit == "stretch":
        return graph.ints(size)
    measure = graph.add("Max" if fit == "letterbox" else "Min", lengths)
    # in whole numbers: (2 * length * size + measure) // (2 * measure)
    top = graph.add("Add", [graph.add("Mul", [length, graph.ints(2 * size)]), measure])
    bottom = graph.add("Mul", [measure, graph.ints(2)])
    return graph.add("Max", [graph.add("Div", [top, bottom]), graph.ints(1)])


def _rough_distance(graph: GraphBuilder, *products: tuple[str, str]) -> str:
    """The distance again in floats, inexact but never wrapped round."""
    floats = [[graph.add("Cast", [factor], to=FLOAT) for factor in p] for p in products]
    left, right = (graph.add("Mul", factors) for factors in floats)
    return graph.add("Abs", [graph.add("Sub", [left, right])])
