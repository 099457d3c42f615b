"""Measure the ranges of Lite0's values between its layers, for its 8-bit form.

In: the folder with real data, of which only numbers are kept. Out:
objektiv/features/lite0_ranges.json. To be run again when the weights or the graph change.
Try: `python -m scripts.make_lite0_ranges ../shared/data`.

The range of a place holds all values of 99 pictures in 100, at both sizes: the pooled maxima are
features, so cutting values off costs more than coarse steps do (docs/decisions/int8.md).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.data.digits import write_digits
from objektiv.data.images import decode, read_bytes, to_square
from objektiv.data.settings import SmearSettings
from objektiv.data.smear import draw_smear
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.lite0 import RANGES, add_lite0
from objektiv.features.preprocess import PIXELS
from objektiv.features.quantise import Plain
from objektiv.features.runtime import openvino
from objektiv.features.weights import KNOWN, read_state
from scripts import order

WEIGHTS = "efficientnet-lite0"
OUTSIDE = 0.01  # share of pictures whose lowest or highest value may lie outside
SIZES = (128, 224)
PICTURES = 120  # of each source
SOURCES = ("imagenet_sample/*.JPEG", "pets/train/*/*.jpg", "malaria/*/*.png")
MAX_PIXELS = 50_000_000


class Recorder(Plain):
    """Writes the network in 32 bits and notes which tensor stands at which place."""

    def __init__(self) -> None:
        self.tensors: dict[str, str] = {}

    def value(self, graph: GraphBuilder, x: str, *, place: str = "") -> str:
        """See Numbers."""
        if place:
            self.tensors[place] = x
        return x


def _network(size: int) -> tuple[Any, dict[str, str]]:
    """The compiled network, and the output that stands at each place."""
    graph, recorder = GraphBuilder(), Recorder()
    pixels = graph.input(PIXELS, FLOAT, [1, size, size, 3])
    add_lite0(graph, pixels, read_state(WEIGHTS), recorder)
    for place, tensor in recorder.tensors.items():
        graph.output(tensor, FLOAT, [1, *(f"{place} {axis}" for axis in "chw")])
    core = openvino.Core()
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(graph.to_bytes("lite0")), "CPU", options)
    return compiled, recorder.tensors


def _some(paths: list[Path]) -> list[Path]:
    """PICTURES of them, evenly spread."""
    rows = np.unique(np.linspace(0, len(paths) - 1, PICTURES).astype(int))
    return [paths[row] for row in rows]


def pictures(data: Path, drawn: Path) -> Iterator[NDArray[np.uint8]]:
    """Photographs, real cells, drawn cells and digits, decoded."""
    draw_smear(drawn / "smear", SmearSettings(seed=1))
    write_digits(drawn / "digits")
    found = [sorted(data.glob(pattern)) for pattern in SOURCES]
    found += [sorted((drawn / name).glob("*/*.png")) for name in ("smear", "digits")]
    if not all(found):
        raise SystemExit(f"{data} lacks one of {', '.join(SOURCES)}")
    for path in [path for paths in found for path in _some(paths)]:
        yield decode(read_bytes(path, name=path.name), name=path.name, max_pixels=MAX_PIXELS).pixels


def measure(data: Path) -> dict[str, object]:
    """What the file of ranges holds."""
    networks = {size: _network(size) for size in SIZES}
    extremes: dict[str, list[tuple[float, float]]] = {}
    count = 0
    with tempfile.TemporaryDirectory() as drawn:
        for picture in pictures(data, Path(drawn)):
            count += 1
            for size, (network, tensors) in networks.items():
                result = network(to_square(picture, size=size, fit="letterbox")[None])
                for place, tensor in tensors.items():
                    values = result[tensor]
                    extremes.setdefault(place, []).append((values.min(), values.max()))
    return {
        "origin": f"scripts/make_lite0_ranges.py on {count} pictures ({', '.join(SOURCES)}, the "
        f"drawn smear, scikit-learn's digits) at {SIZES} pixels; numbers only",
        "weights": KNOWN[WEIGHTS].sha256,
        "outside": OUTSIDE,
        "ranges": {place: _range(*zip(*pairs, strict=True)) for place, pairs in extremes.items()},
    }


def _range(lows: Sequence[float], highs: Sequence[float]) -> list[float]:
    ends = np.quantile(lows, OUTSIDE), np.quantile(highs, 1 - OUTSIDE)
    return [float(f"{end:.4g}") for end in ends]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with imagenet_sample, pets and malaria")
    data = parser.parse_args().data
    files.write_json(order.PACKAGE / "features" / RANGES, measure(data))


if __name__ == "__main__":
    main()
