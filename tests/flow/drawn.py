"""Small pictures of two or three kinds that anything can tell apart, in folders of their class.

`draw` makes discs, stripes and checks of 40 to 70 pixels in noisy, changing colours; the group
stands in the name (`g03_disc_3.png`). What is drawn depends on the numbers alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from tests.data.pictures import png

CLASSES = ("disc", "stripe")
GROUP = r"g\d+"
NETWORK: dict[str, Any] = {  # a network that learns in no time
    "model": "cnn",
    "group": GROUP,
    "size": 24,
    "filters": (4,),
    "dense": (8,),
    "batch": 16,
    "patience": "off",
    "precision": "fp32",
    "device": "cpu",
}
COUNT = 30  # of each class
GROUPS = 10


def picture(kind: str, number: int) -> NDArray[np.uint8]:
    """One picture of a kind, uint8 (height, width, 3)."""
    random = seeds.generator(0, "drawn", kind, number)
    height, width = random.integers(40, 71, 2)
    y, x = np.mgrid[:height, :width]
    if kind == "disc":
        shape = (y - height / 2) ** 2 + (x - width / 2) ** 2 < random.integers(10, 16) ** 2
    elif kind == "stripe":
        shape = (x + random.integers(8)) % 8 < 4
    else:
        shape = ((x // 9) + (y // 9)) % 2 == 0
    back, front = random.integers(60, 120, 3), random.integers(140, 200, 3)
    pixels = np.where(shape[:, :, None], front, back) + random.normal(0, 8, (height, width, 3))
    return np.asarray(pixels.clip(0, 255), np.uint8)


def draw(
    root: Path, *, classes: Sequence[str] = CLASSES, count: int = COUNT, groups: int = GROUPS
) -> Path:
    """Write `count` pictures of each class into `root/class/`; returns `root`."""
    for kind in classes:
        (root / kind).mkdir(parents=True)
        for number in range(count):
            path = root / kind / f"g{number % groups:02d}_{kind}_{number}.png"
            path.write_bytes(png(picture(kind, number)))
    return root
