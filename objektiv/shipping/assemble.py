"""Put preprocessing, network, descriptors and head into the one graph that ships.

In: a Probe, its backbone's name, size, fit and precision. Out: ONNX bytes from `image` to `logits`
and `probabilities`. The same graph pieces filled the bank, so what was tested is what ships.
"""

from __future__ import annotations

from objektiv.data.settings import Fit
from objektiv.features.backbones import BACKBONES, FEATURES
from objektiv.features.descriptors import COLOURS, COLUMNS, add_colours
from objektiv.features.graph import FLOAT, UINT8, GraphBuilder
from objektiv.features.preprocess import add_preprocessing
from objektiv.features.settings import Arithmetic
from objektiv.models.model import Probe


def model_graph(
    probe: Probe, backbone: str, *, size: int, fit: Fit, precision: Arithmetic = "fp32"
) -> bytes:
    """The whole model; blocks that the probe does not read are left out by the engine."""
    network = BACKBONES.get(backbone)
    graph = GraphBuilder()
    image = graph.input("image", UINT8, ["height", "width", 3])
    pixels = add_preprocessing(graph, image, size=size, fit=fit)
    network.add_in(precision, graph, pixels)
    tensors, spans, start = {}, {}, 0
    for name, width in network.blocks.items():
        tensors[name], spans[name] = FEATURES, (start, start + width)
        start += width
    if COLOURS in probe.blocks:
        tensors[COLOURS] = add_colours(graph, pixels, size=size)
        spans[COLOURS] = (0, len(COLUMNS))
    probe.add(graph, tensors, spans)
    for output in ("logits", "probabilities"):
        graph.output(output, FLOAT, [1, len(probe.classes)])
    return graph.to_bytes("objektiv")
