"""A model whose probabilities are calibrated by more than a temperature, as it ships.

In: any whole model and a Calibrator. Out: its graph with the calibration behind it.
Try: `Recalibrated(model, fit_calibrator("isotonic", logits, labels)).add(graph, pixels)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from objektiv.features.graph import GraphBuilder
from objektiv.judging.calibrators import Calibrator, Isotonic, Temperature, Vector
from objektiv.shipping.assemble import Shippable

LOGITS, PROBABILITIES = "logits", "probabilities"
NARROWEST = 1e-6  # part of a rising line; 32 bits hardly tell narrower ones from a step


@dataclass(frozen=True, eq=False)
class Recalibrated:
    """A model, and what makes probabilities of its logits."""

    model: Shippable
    calibrator: Calibrator

    @property
    def classes(self) -> tuple[str, ...]:
        """The names, in the order of the logits."""
        return self.model.classes

    @property
    def temperature(self) -> float:
        """By which the logits were divided before the calibration."""
        return self.model.temperature

    def add(self, graph: GraphBuilder, pixels: str) -> None:
        """Append model and calibration behind `pixels`, float32 (n, size, size, 3) RGB 0 to 255.

        Adds `logits` and `probabilities`, both (n, classes), calibrated.
        """
        self.model.add(graph, pixels)
        graph.rename(PROBABILITIES, "probabilities before")
        add_calibrator(graph, graph.rename(LOGITS, "logits before"), self.calibrator)


def add_calibrator(graph: GraphBuilder, logits: str, calibrator: Calibrator) -> None:
    """Append what `calibrator` makes of the tensor `logits`; adds LOGITS and PROBABILITIES."""
    if isinstance(calibrator, Isotonic):
        return _add_isotonic(graph, logits, calibrator)
    if isinstance(calibrator, Vector):
        scale, shift = calibrator.scale, calibrator.shift
    elif isinstance(calibrator, Temperature):
        scale, shift = np.array([1 / calibrator.value]), np.zeros(1)
    else:
        raise TypeError(f"{type(calibrator).__name__} has no form in a graph")
    numbers = [graph.constant(n.astype(np.float32)) for n in (scale, shift)]
    scaled = graph.add("Mul", [logits, numbers[0]])
    graph.add("Add", [scaled, numbers[1]], output=LOGITS)
    graph.add("Softmax", [LOGITS], output=PROBABILITIES, axis=1)


def _add_isotonic(graph: GraphBuilder, logits: str, calibrator: Isotonic) -> None:
    """Each line as the sum of its parts, each of which is clipped."""
    starts, widths, rises = _parts(calibrator)
    scaled = graph.add("Div", [logits, graph.floats(calibrator.temperature)])
    given = graph.add("Softmax", [scaled], axis=1)
    column = graph.add("Unsqueeze", [given, graph.ints(2)])
    moved = graph.add("Sub", [column, graph.constant(starts)])
    part = graph.add("Div", [moved, graph.constant(widths)])
    part = graph.add("Clip", [part, graph.floats(0.0), graph.floats(1.0)])
    risen = graph.add("Mul", [part, graph.constant(rises)])
    heights = graph.add("ReduceSum", [risen, graph.ints(2)], keepdims=0)
    total = graph.add("ReduceSum", [heights, graph.ints(1)], keepdims=1)
    graph.add("Div", [heights, total], output=PROBABILITIES)
    graph.add("Log", [PROBABILITIES], output=LOGITS)


def _parts(calibrator: Isotonic) -> tuple[NDArray[np.float32], ...]:
    """Starts, widths and rises of the rising parts, (classes, parts).

    The first of each class lies before 0 and gives its lowest height: an Add behind the sum would
    be multiplied by OpenVINO 2026 (a test shows it).
    """
    lines = list(zip(calibrator.knots, calibrator.heights, strict=True))
    rising = [np.flatnonzero(np.diff(heights) > 0) for _, heights in lines]
    shape = (len(lines), 1 + max(1, *(len(own) for own in rising)))
    starts, widths, rises = np.full(shape, -1.0), np.ones(shape), np.zeros(shape)
    for k, ((knots, heights), own) in enumerate(zip(lines, rising, strict=True)):
        rises[k, 0] = heights[0]
        parts = slice(1, 1 + len(own))
        starts[k, parts] = knots[own]
        widths[k, parts] = np.maximum(np.diff(knots)[own], NARROWEST)
        rises[k, parts] = np.diff(heights)[own]
    return tuple(values.astype(np.float32) for values in (starts, widths, rises))
