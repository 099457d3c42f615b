"""A calibration does in the graph what it does in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnxruntime
import pytest

from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.runtime import openvino
from objektiv.judging.calibrators import KINDS, Kind, fit_calibrator
from objektiv.shipping.recalibrated import Recalibrated
from tests.judging.test_calibration import drawn


@dataclass(frozen=True)
class Passing:
    """A model whose logits are its pixels."""

    classes: tuple[str, ...]
    temperature: float = 1.5

    def add(self, graph: GraphBuilder, pixels: str) -> None:
        """Add both outputs."""
        graph.add("Mul", [pixels, graph.floats(1.0)], output="logits")
        graph.add("Softmax", ["logits"], output="probabilities", axis=1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [2, 5])
def test_graph_and_numpy_agree(kind: Kind, classes: int) -> None:
    """Probabilities of the graph are those of the calibrator, and the logits fit them."""
    logits, labels = drawn(7, items=700, classes=classes)
    fitted = fit_calibrator(kind, 3 * logits, labels)
    model = Recalibrated(Passing(tuple(map(str, range(classes)))), fitted)
    graph = GraphBuilder()
    model.add(graph, graph.input("pixels", FLOAT, ["n", classes]))
    for name in ("logits", "probabilities"):
        graph.output(name, FLOAT, ["n", classes])
    session = onnxruntime.InferenceSession(graph.to_bytes("calibrated"))
    given = np.concatenate([3 * logits, 300 * logits[:50]]).astype(np.float32)

    said_logits, said = session.run(None, {"pixels": given})

    expected = fitted.probabilities(given.astype(np.float64))
    assert said == pytest.approx(expected, abs=1e-4)
    shifted = np.exp(said_logits - said_logits.max(axis=1, keepdims=True))
    assert shifted / shifted.sum(axis=1, keepdims=True) == pytest.approx(said, abs=1e-5)
    assert (model.classes, model.temperature) == (tuple(map(str, range(classes))), 1.5)


def test_the_engine_agrees_where_a_line_has_a_single_step() -> None:
    """A model that never erred gives one step a class; OpenVINO adds its lowest height rightly."""
    labels = np.arange(48) % 2
    logits = 9.0 * np.eye(2)[labels] + np.random.default_rng(0).normal(size=(48, 2))
    fitted = fit_calibrator("isotonic", logits, labels)
    graph = GraphBuilder()
    model = Recalibrated(Passing(("a", "b")), fitted)
    model.add(graph, graph.input("pixels", FLOAT, ["n", 2]))
    graph.output("probabilities", FLOAT, ["n", 2])
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    core = openvino.Core()
    network = core.compile_model(core.read_model(graph.to_bytes("step")), "CPU", options)

    said = network({"pixels": logits.astype(np.float32)})[0]

    assert said == pytest.approx(fitted.probabilities(logits), abs=1e-4)


def test_a_calibrator_without_a_form_in_a_graph_is_refused() -> None:
    """What cannot ship is not left out in silence."""

    class Other:
        def probabilities(self, logits: np.ndarray) -> np.ndarray:
            return logits

    graph = GraphBuilder()
    model = Recalibrated(Passing(("a", "b")), Other())

    with pytest.raises(TypeError, match="Other has no form in a graph"):
        model.add(graph, graph.input("pixels", FLOAT, ["n", 2]))
