"""Maps are pooled as NumPy pools them."""

from __future__ import annotations

import numpy as np
import onnxruntime

from objektiv.base.seeds import generator
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.pooling import STATISTICS, add_mean, add_pooled


def test_a_map_becomes_three_statistics_a_channel() -> None:
    """Mean, maximum and deviation stand side by side, also of values far from zero."""
    maps = generator(0, "maps").normal(1000, 0.1, (2, 4, 5, 6)).astype(np.float32)
    graph = GraphBuilder()
    x = graph.input("x", FLOAT, ["n", 4, 5, 6])
    outputs = [add_pooled(graph, x), add_mean(graph, x)]
    for name, width in zip(outputs, (4 * STATISTICS, 4), strict=True):
        graph.output(name, FLOAT, ["n", width])

    pooled, mean = onnxruntime.InferenceSession(graph.to_bytes("pool")).run(None, {"x": maps})

    wide = maps.astype(np.float64).reshape(2, 4, -1)
    np.testing.assert_allclose(mean, wide.mean(2), rtol=1e-6)
    np.testing.assert_allclose(
        pooled, np.concatenate([wide.mean(2), wide.max(2), wide.std(2)], axis=1), rtol=3e-4
    )
