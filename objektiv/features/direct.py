"""Use a pretrained network directly, for its own classes, such as the 1,000 of ImageNet.

Of each picture the middle square is looked at, as these networks were trained on filled squares:
bars beside the picture cost 15 to 23 of 120 ImageNet pictures (docs/lab_log.md).

In: a backbone's name and pictures of any size. Out: probabilities of its own classes.
Try: `Direct("lite0").predict([pixels]).probabilities`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from objektiv.data.images import Pixels, to_square
from objektiv.features.backbones import BACKBONES, IMAGENET_LOGITS
from objektiv.features.engine import HINTS
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.preprocess import PIXELS
from objektiv.features.runtime import openvino
from objektiv.features.settings import Arithmetic


class Named(NamedTuple):
    """float32 (pictures, classes); rows of `probabilities` sum to 1."""

    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]


class Direct:
    """A pretrained network with its own last layer, at the size that it was trained on."""

    def __init__(self, backbone: str, *, precision: Arithmetic = "fp32") -> None:
        network = BACKBONES.get(backbone)
        self.classes, self._size = network.classes, network.native_size
        graph = GraphBuilder()
        pixels = graph.input(PIXELS, FLOAT, ["batch", self._size, self._size, 3])
        network.add_in(precision, graph, pixels)
        graph.add("Softmax", [IMAGENET_LOGITS], output="probabilities", axis=1)
        for output in (IMAGENET_LOGITS, "probabilities"):
            graph.output(output, FLOAT, ["batch", len(self.classes)])
        core = openvino.Core()
        options = {"INFERENCE_PRECISION_HINT": HINTS[precision], "PERFORMANCE_HINT": "LATENCY"}
        model = core.read_model(graph.to_bytes(backbone))
        self._network = core.compile_model(model, "CPU", options)

    def predict(self, pictures: Sequence[Pixels]) -> Named:
        """What each picture, uint8 (height, width, 3) RGB, shows; at least one picture."""
        squares = np.stack([to_square(p, size=self._size, fit="crop") for p in pictures])
        result = self._network({PIXELS: squares})
        return Named(result[IMAGENET_LOGITS], result["probabilities"])
