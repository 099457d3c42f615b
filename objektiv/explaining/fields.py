"""Where the places of a network's maps look: the middle of what each sees of the square.

In: a cut graph and the shapes of its tensors. Out: a Field for every map, through all windows,
steps and paddings before it. With TensorFlow's padding the places of a late map lie up to half a
step beside their even share of the picture, which for 4 x 4 places is an eighth of it.
Try: `fields(graph, shapes(graph))["last_map"].step`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import onnx

from objektiv.features.preprocess import PIXELS
from objektiv.shipping.taps import Shapes

SAME = (b"SAME_UPPER", b"SAME_LOWER")
WINDOWS = ("Conv", "MaxPool", "AveragePool")


@dataclass(frozen=True)
class Field:
    """Where the places of a map look at the square: the middle of the first, and the step, in
    pixels down and across."""

    start: tuple[float, float]
    step: tuple[float, float]


def options(node: onnx.NodeProto) -> dict[str, Any]:
    """The settings of an operation by name."""
    return {o.name: onnx.helper.get_attribute_value(o) for o in node.attribute}


def fields(model: onnx.ModelProto, shape: Shapes) -> Mapping[str, Field]:
    """Of every tensor that is made of the pixels alone or before others."""
    numbers = {tensor.name: tensor for tensor in model.graph.initializer}
    known = {PIXELS: Field((0.5, 0.5), (1.0, 1.0))}
    for node in model.graph.node:
        before = next((known[name] for name in node.input if name in known), None)
        if before is None:
            continue
        after = before
        if node.op_type in WINDOWS:
            after = _through(node, before, shape)
        elif node.op_type == "Pad" and len(shape[node.input[0]]) == 4:
            pads = onnx.numpy_helper.to_array(numbers[node.input[1]])
            after = _moved(before, (-float(pads[2]), -float(pads[3])))
        known |= dict.fromkeys(node.output, after)
    return known


def _through(node: onnx.NodeProto, field: Field, shape: Shapes) -> Field:
    """Behind a window that moves over a map."""
    told = options(node)
    sides = shape[node.input[0]][2:]
    kernel = told.get("kernel_shape") or shape[node.input[1]][2:]
    strides = told.get("strides", [1, 1])
    widths = [(k - 1) * d + 1 for k, d in zip(kernel, told.get("dilations", [1, 1]), strict=True)]
    pads = told.get("pads", [0, 0, 0, 0])[:2]
    if (how := told.get("auto_pad", b"NOTSET")) in SAME:
        whole = [
            max((-(-side // stride) - 1) * stride + width - side, 0)
            for side, stride, width in zip(sides, strides, widths, strict=True)
        ]
        pads = [(pad + (how == b"SAME_LOWER")) // 2 for pad in whole]
    by = [(width - 1) / 2 - pad for width, pad in zip(widths, pads, strict=True)]
    moved = _moved(field, (by[0], by[1]))
    down, across = (step * stride for step, stride in zip(field.step, strides, strict=True))
    return Field(moved.start, (down, across))


def _moved(field: Field, by: tuple[float, float]) -> Field:
    down, across = (
        start + step * places
        for start, step, places in zip(field.start, field.step, by, strict=True)
    )
    return Field((down, across), field.step)
