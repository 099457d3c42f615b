"""Fuel consumption of 392 real cars from cylinders, kilowatts and kilograms, by a 3-3-1 net.

In: cars.csv beside this file: miles per gallon, cylinders, horsepower and pounds of cars of 1970
to 1982, the complete records of "Auto MPG", in their order. Compiled by D. Donoho and E. Ramos
(PRIMDATA, 1982) for the data exposition of the American Statistical Association of 1983, kept by
StatLib; taken from the package bokeh-sampledata 2026.1, which records it as CC0-1.0. (The UCI
Machine Learning Repository gives its copy, doi 10.24432/C5859H, under CC BY 4.0.)
Out: arrays in metric units; a trained net. In litres a plane does as well, in mpg it does not.
Try: `cars()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from objektiv.scratch.activations import SIGMOID
from objektiv.scratch.costs import SQUARED_ERROR
from objektiv.scratch.network import Network, Plan, learn, perceptron
from objektiv.scratch.shapes import Array, has_axes, joins

KILOWATTS, KILOGRAMS = 0.745700, 0.453592  # of a (mechanical) horsepower, of a pound
LITRES = 235.215  # per 100 km, times miles per gallon (US)


def cars() -> tuple[Array, Array]:
    """Inputs (392, 3): cylinders, kW, kg; and litres per 100 km (392,)."""
    table = np.loadtxt(Path(__file__).with_name("cars.csv"), delimiter=",", skiprows=1)
    miles, cylinders, horses, pounds = table.T
    return np.column_stack([cylinders, horses * KILOWATTS, pounds * KILOGRAMS]), LITRES / miles


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean and deviation of each column: kilograms beside cylinders need steps of other sizes."""

    mean: Array
    deviation: Array

    def of(self, values: Array) -> Array:
        """Values in deviations from the mean."""
        joins(values, self.mean, axis=-1)
        scaled: Array = (values - self.mean) / self.deviation
        return scaled

    def back(self, scaled: Array) -> Array:
        """The reverse of `of`."""
        values: Array = scaled * self.deviation + self.mean
        return values


def scale_of(values: Array) -> Scale:
    """The scale of values (items, columns)."""
    has_axes(values, "items columns", what="values")
    return Scale(values.mean(axis=0), values.std(axis=0))


@dataclass(frozen=True, eq=False)
class Consumption:
    """A trained net with the scales of its inputs and outputs."""

    net: Network
    inputs: Scale
    outputs: Scale
    history: list[float]  # cost of each epoch

    def litres(self, inputs: Array) -> Array:
        """Litres per 100 km (items,) for cylinders, kW, kg (items, 3)."""
        outputs: Array = self.outputs.back(self.net.forward(self.inputs.of(inputs)))
        return outputs[:, 0]


def consumption(inputs: Array, litres: Array, *, plan: Plan) -> Consumption:
    """Three inputs, three sigmoid nodes, one linear output: 16 numbers are learned."""
    column = litres[:, np.newaxis]
    scales = scale_of(inputs), scale_of(column)
    random = np.random.default_rng(plan.seed)
    net = perceptron([3, 3, 1], bends=[SIGMOID], random=random)
    history = learn(
        net, scales[0].of(inputs), targets=scales[1].of(column), cost=SQUARED_ERROR, plan=plan
    )
    return Consumption(net, *scales, history)
