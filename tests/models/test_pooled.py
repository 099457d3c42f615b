"""A pretrained network with a probe behind it is one whole model."""

from __future__ import annotations

import numpy as np
import onnxruntime

from objektiv.features.backbones import BACKBONES, FEATURES
from objektiv.features.descriptors import COLOURS, COLUMNS
from objektiv.features.engine import backbone_graph, colours_graph
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.look import Block, Features
from objektiv.models.model import Probe
from objektiv.models.pooled import Pooled

SIZE = 64


def _said(data: bytes, pixels: np.ndarray, name: str | None = None) -> np.ndarray:
    session = onnxruntime.InferenceSession(data)
    (first,) = session.run([name or session.get_outputs()[0].name], {"pixels": pixels})
    return np.asarray(first)


def test_it_says_what_the_probe_says_of_the_banks_features() -> None:
    """Behind pixels the logits are those of the probe on the features of the same pixels."""
    backbone = BACKBONES.get("lite0")
    rng = np.random.default_rng(3)
    pixels = rng.uniform(0, 255, (2, SIZE, SIZE, 3)).astype(np.float32)
    widths = {**backbone.blocks, COLOURS: len(COLUMNS)}
    stops = np.cumsum(list(widths.values())).tolist()
    blocks = tuple(Block(n, s - w, s) for (n, w), s in zip(widths.items(), stops, strict=True))
    values = np.concatenate(
        [
            _said(backbone_graph("lite0", size=SIZE), pixels, FEATURES),
            _said(colours_graph(SIZE), pixels),
        ],
        axis=1,
    )
    used = ("stage2", COLOURS, "final")
    weights = rng.normal(size=(sum(widths[b] for b in used), 3)).astype(np.float32)
    probe = Probe(("a", "b", "c"), used, weights, np.ones(3, np.float32), 2.0)
    graph = GraphBuilder()
    model = Pooled(probe, backbone.blocks, backbone.add, SIZE)

    model.add(graph, graph.input("pixels", FLOAT, ["n", SIZE, SIZE, 3]))
    graph.output("logits", FLOAT, ["n", 3])

    expected = probe.logits(Features(("x", "y"), values, blocks))
    assert np.allclose(_said(graph.to_bytes("model"), pixels), expected, atol=1e-3)
    assert (model.classes, model.temperature) == (("a", "b", "c"), 2.0)
