"""The one graph that ships: from pixels of any size to probabilities."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from objektiv.features.backbones import BACKBONES
from objektiv.features.descriptors import COLOURS, COLUMNS
from objektiv.models.model import Probe
from objektiv.models.pooled import Pooled
from objektiv.shipping.assemble import model_graph

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 70, 3), dtype=np.uint8)


def _probe(*blocks: str) -> Probe:
    widths = {**BACKBONES.get("lite0").blocks, COLOURS: len(COLUMNS)}
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(sum(widths[b] for b in blocks), 3)).astype(np.float32) * 0.01
    return Probe(("a", "b", "c"), blocks, weights, np.zeros(3, np.float32), 1.5)


def _graph(probe: Probe) -> bytes:
    backbone = BACKBONES.get("lite0")
    return model_graph(Pooled(probe, backbone.blocks, backbone.add, 64), size=64, fit="letterbox")


def test_graph_takes_any_picture_and_gives_probabilities() -> None:
    """Its only input is a picture of 8 bits; probabilities are the softmax of the logits."""
    session = onnxruntime.InferenceSession(_graph(_probe("stage7", "final", COLOURS)))
    logits, probabilities = session.run(["logits", "probabilities"], {"image": PICTURE})
    power = np.exp(logits - logits.max())

    assert probabilities == pytest.approx(power / power.sum(), abs=1e-6)
    assert [i.name for i in session.get_inputs()] == ["image"]


def test_the_networks_own_classes_do_not_ship() -> None:
    """ImageNet's last layer, 5 MB, is in no bundle."""
    assert len(_graph(_probe("final"))) < 18.6e6 - 5e6
