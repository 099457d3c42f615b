"""What the tests of layers share: the slopes of any layer by finite differences."""

from __future__ import annotations

import numpy as np

from objektiv.scratch.descent import finite_differences
from objektiv.scratch.layers import Layer


def assert_slopes(layer: Layer, inputs: np.ndarray, *, learning: bool = False) -> None:
    """`backward` gives what finite differences give, for the inputs and for all weights."""
    random = np.random.default_rng(7)
    for values in layer.weights.values():
        values += random.normal(0, 0.1, values.shape)  # biases that are not 0
    outputs = layer.forward(inputs, learning=learning)
    by_outputs = random.normal(size=outputs.shape)
    by_inputs = layer.backward(by_outputs)
    slopes = {name: slope.copy() for name, slope in layer.slopes.items()}

    def cost() -> float:
        return float((layer.forward(inputs) * by_outputs).sum())

    assert by_inputs.shape == inputs.shape
    np.testing.assert_allclose(by_inputs, finite_differences(cost, inputs), rtol=1e-5, atol=1e-7)
    assert slopes.keys() == layer.weights.keys()
    for name, values in layer.weights.items():
        np.testing.assert_allclose(
            slopes[name], finite_differences(cost, values), rtol=1e-5, atol=1e-7
        )
