"""The probe says in NumPy what it says in the graph."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.models.choose import fit
from objektiv.models.model import IMPORTANCE, importance, matrix
from objektiv.models.settings import ProbeSettings
from tests.models.features import BLOCKS, drawn


@pytest.mark.parametrize("classes", [2, 4])
def test_graph_and_numpy_agree(classes: int) -> None:
    """Logits and probabilities of the ONNX head are those of the NumPy head within 1e-4."""
    features, truth = drawn(classes=classes)
    probe = fit(features, truth, settings=ProbeSettings()).probe
    graph = GraphBuilder()
    network = graph.input("features", FLOAT, ["images", 46])
    colours = graph.input("colours", FLOAT, ["images", 10])
    tensors = {b.name: network for b in BLOCKS[:3]} | {"colours": colours}
    spans = {b.name: (b.start, b.stop) for b in BLOCKS[:3]} | {"colours": (0, 10)}
    probe.add(graph, tensors, spans)
    for name in ("logits", "probabilities"):
        graph.output(name, FLOAT, ["images", classes])
    session = onnxruntime.InferenceSession(graph.to_bytes("head"))
    given = {"features": features.values[:, :46], "colours": features.values[:, 46:56]}
    named = {i.name for i in session.get_inputs()}
    logits, probabilities = session.run(None, {k: v for k, v in given.items() if k in named})

    assert logits == pytest.approx(probe.logits(features), abs=1e-4)
    assert probabilities == pytest.approx(probe.probabilities(features), abs=1e-4)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(logits)), abs=1e-5)


def test_blocks_of_the_network_have_length_one_and_colours_stay() -> None:
    """Each block of the network is scaled to length 1 in each item, the plain blocks are not."""
    features, _ = drawn()
    columns = matrix(features, ("stem", "final", "colours"))

    assert np.linalg.norm(columns[:, :12], axis=1) == pytest.approx(1, abs=1e-6)
    assert np.linalg.norm(columns[:, 12:28], axis=1) == pytest.approx(1, abs=1e-6)
    assert (columns[:, 28:] == features.block("colours")).all()


def test_importance_leaves_out_what_is_not_used() -> None:
    """A column of an unused block counts 0, a colour more than a column of the network."""
    counts = importance(drawn()[0], ("stem", "final", "colours"), used=("stem", "colours"))

    assert counts.tolist() == [1.0] * 12 + [0.0] * 16 + [IMPORTANCE] * 10
