"""Weights stored in 16 bits, computed with in 32: half the file, nearly the same answers.

In: a walked graph. Out: the same graph, whose large arrays are float16 behind a Cast.
Try: `halve(model)`.
"""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LARGE = 256  # numbers; smaller arrays save nothing, and some of them need their digits
LOST = 1e-3  # of an array's largest number may be lost: float16 keeps eleven bits


def halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with each large array in 16 bits, but for those that do not fit in."""
    found = onnx.ModelProto()
    found.CopyFrom(model)
    graph = found.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or math.prod(tensor.dims) < LARGE:
            continue
        array = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            short = array.astype(np.float16)
        if not np.abs(short - array).max() <= LOST * np.abs(array).max():
            continue  # infinite where it did not fit
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(short, f"{name} half"))
        casts.append(
            helper.make_node(
                "Cast", [tensor.name], [name], name=f"{name} whole", to=TensorProto.FLOAT
            )
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return found
