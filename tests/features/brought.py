"""The operations that pretrained networks from elsewhere bring: one small example of each.

`EXAMPLES[name](graph, x)` appends the operation behind `x`, float32 (n, 4, 6, 6), and returns its
output; each also runs in the test of the strict walk, in both engines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from objektiv.base.seeds import generator
from objektiv.features.graph import GraphBuilder

Example = Callable[[GraphBuilder, str], str]


def _plain(name: str, **options: Any) -> Example:
    return lambda graph, x: graph.add(name, [x], **options)


def _channels(graph: GraphBuilder, *shape: int) -> str:
    return graph.constant(generator(0, "brought").normal(1, 0.1, shape).astype(np.float32))


WINDOW: dict[str, Any] = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}

EXAMPLES: dict[str, Example] = {
    "AveragePool": _plain("AveragePool", **WINDOW),
    "Elu": _plain("Elu", alpha=0.5),
    "Erf": _plain("Erf"),
    "Exp": _plain("Exp"),
    "Expand": lambda g, x: g.add("Expand", [x, g.ints(1, 4, 6, 6)]),
    "GlobalAveragePool": _plain("GlobalAveragePool"),
    "GlobalMaxPool": _plain("GlobalMaxPool"),
    "HardSigmoid": _plain("HardSigmoid", alpha=1 / 6, beta=0.5),
    "HardSwish": _plain("HardSwish"),
    "InstanceNormalization": lambda g, x: g.add(
        "InstanceNormalization", [x, _channels(g, 4), _channels(g, 4)]
    ),
    "LRN": _plain("LRN", size=3),
    "LayerNormalization": lambda g, x: g.add(
        "LayerNormalization", [x, _channels(g, 6), _channels(g, 6)]
    ),
    "LeakyRelu": _plain("LeakyRelu", alpha=0.2),
    "MaxPool": _plain("MaxPool", **WINDOW),
    "Mish": _plain("Mish"),
    "Neg": _plain("Neg"),
    "PRelu": lambda g, x: g.add("PRelu", [x, _channels(g, 4, 1, 1)]),
    "Pad": lambda g, x: g.add("Pad", [x, g.ints(0, 0, 1, 2, 0, 0, 3, 0)]),
    "Pow": lambda g, x: g.add("Pow", [g.add("Exp", [x]), g.floats(0.5)]),
    "Reciprocal": lambda g, x: g.add("Reciprocal", [g.add("Exp", [x])]),
    "Relu": _plain("Relu"),
    "Selu": _plain("Selu"),
    "Sigmoid": _plain("Sigmoid"),
    "Softplus": _plain("Softplus"),
    "Split": _plain("Split", axis=1, num_outputs=1),
    "Sum": lambda g, x: g.add("Sum", [x, x, g.add("Neg", [x])]),
    "Tanh": _plain("Tanh"),
}
