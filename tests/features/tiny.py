"""A network so small that tests of everything around it take no time, and pictures for it.

`tiny` gives the mean and the largest value of each colour, over 32 x 32 pixels. `registered` puts
it among the backbones, where `FeatureSettings(backbone="tiny")` finds it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base.progress import Progress
from objektiv.base.seeds import generator
from objektiv.data.dataset import Dataset, read
from objektiv.data.settings import ReadSettings
from objektiv.features.backbones import BACKBONES, FEATURES, IMAGENET_LOGITS
from objektiv.features.graph import GraphBuilder
from objektiv.features.look import Seen, look
from objektiv.features.settings import FeatureSettings
from tests.data.pictures import png

BLOCKS = {"mean": 3, "largest": 3}
SIZE = 32
MAX_PIXELS = 50_000_000


def _add(graph: GraphBuilder, pixels: str) -> None:
    axes = graph.ints(1, 2)
    pooled = [graph.add(f"Reduce{kind}", [pixels, axes], keepdims=0) for kind in ("Mean", "Max")]
    graph.add("Concat", pooled, output=FEATURES, axis=1)
    weight = graph.constant(np.eye(6, 1000, dtype=np.float32))
    graph.add("MatMul", [FEATURES, weight], output=IMAGENET_LOGITS)


@contextlib.contextmanager
def registered() -> Iterator[None]:
    """Have the backbone `tiny`."""
    tiny = replace(BACKBONES.get("lite0"), name="tiny", blocks=BLOCKS, add=_add, add_int8=None)
    BACKBONES._entries["tiny"] = tiny
    try:
        yield
    finally:
        del BACKBONES._entries["tiny"]


def picture(number: int, *, height: int = 20, width: int = 24) -> NDArray[np.uint8]:
    """Noise that no other number gives."""
    random = generator(0, "tiny", number)
    return random.integers(0, 256, (height, width, 3), dtype=np.uint8)


def write_pictures(root: Path, count: int, *, first: int = 0) -> list[Path]:
    """Different small PNG files, by turns in the classes `a` and `b`."""
    paths = []
    for number in range(first, first + count):
        path = root / "ab"[number % 2] / f"{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(picture(number)))
        paths.append(path)
    return paths


def see(
    root: Path | Dataset,
    bank: Path,
    *,
    max_pixels: int = MAX_PIXELS,
    progress: Progress | None = None,
    **settings: Any,
) -> Seen:
    """Look at a folder of pictures through `tiny`, in 32 bits."""
    dataset = root if isinstance(root, Dataset) else read(root, ReadSettings())
    values = {"backbone": "tiny", "size": SIZE, "precision": "fp32", "workers": 2, **settings}
    return look(
        dataset,
        FeatureSettings(bank=bank, **values),
        max_pixels=max_pixels,
        progress=progress or Progress(),
    )
