"""Draw the pictures of docs/explaining.md from the synthetic smear, never from real sets.

In: nothing; a smear is drawn and a probe trained on it. Out: small PNG files in docs/pictures.
Needs objektiv[torch] for the methods that use gradients.
Try: `python -m scripts.heat_pictures`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.data import smear
from objektiv.data.settings import SmearSettings
from objektiv.explaining.heat import Explainer
from objektiv.explaining.overlay import overlay, png
from objektiv.explaining.settings import HeatSettings, Method
from objektiv.faces import python
from objektiv.flow.settings import TrainSettings
from scripts import order
from scripts.data_pictures import small

FOLDER = order.REPOSITORY / "docs" / "pictures"
SEED, CELLS, TILE, GAP = 7, 7, 128, 8  # pixels
METHODS: tuple[Method, ...] = (
    "contributions",
    "occlusion",
    "grad-cam",
    "integrated-gradients",
)

Pixels = NDArray[np.uint8]


def main() -> None:
    """Train, explain, draw."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawing = SmearSettings(seed=SEED)
        data = smear.draw_smear(folder / "smear", drawing)
        settings = TrainSettings(
            group=smear.GROUP, bank=folder / "bank", out=folder, precision="fp32"
        )
        run = python.train(data, settings=settings)
        test = set(run.predictions().only("test").ids)
        cells = [c for c in smear.planted(drawing) if c.name in test and c.mask.any()]
        _draw(Explainer(run.bundle), [cell.picture for cell in cells])


def _draw(explainer: Explainer, pictures: list[Pixels]) -> None:
    label = explainer.place_of("infected")

    def heat(picture: Pixels, **values: object) -> Pixels:
        settings = HeatSettings(sanity="none", **values)  # type: ignore[arg-type]
        return overlay(picture, explainer.heat(picture, label, settings=settings).map)

    shown = pictures[:: max(1, len(pictures) // CELLS)][:CELLS]
    _write("heat-cells", [shown, [heat(p) for p in shown]])
    one = shown[1]
    stages = list(explainer.stages)
    _write("heat-stages", [[one, *(heat(one, stage=s) for s in stages)][:8]])
    _write("heat-methods", [[p, *(heat(p, method=m) for m in METHODS)] for p in shown[1:4]])


def _write(name: str, rows: list[list[Pixels]]) -> None:
    sheet = np.vstack([np.hstack([_tile(p) for p in row]) for row in rows])
    files.write_bytes(FOLDER / f"{name}.png", small(png(sheet), colours=256))


def _tile(picture: Pixels) -> Pixels:
    """In the middle of a white square."""
    scale = TILE / max(picture.shape[:2])
    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    shrunk = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    tile = np.full((TILE + GAP, TILE + GAP, 3), 255, np.uint8)
    top, left = (TILE + GAP - height) // 2, (TILE + GAP - width) // 2
    tile[top : top + height, left : left + width] = shrunk
    return tile


if __name__ == "__main__":
    main()
