"""A folder of small drawn pictures in which every kind of trouble was planted."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from objektiv.base import seeds
from tests.data.pictures import png
from tests.flow import drawn

GROUP = r"g\d+"
COUNTS = {"train": (48, 24), "val": (12, 0), "test": (12, 8)}  # discs, stripes


def plant(root: Path) -> Path:
    """Discs and stripes in three parts, whose groups straddle; validation lacks a class."""
    for part, counts in COUNTS.items():
        for kind, count in zip(drawn.CLASSES, counts, strict=True):
            for number in range(count):
                start = 100 * list(COUNTS).index(part)
                path = root / part / kind / f"g{number % 12:02d}_{kind}_{start + number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(png(drawn.picture(kind, start + number)))
    discs = root / "train" / "disc"
    first, second, third = (
        (discs / f"g{number:02d}_disc_{number}.png").read_bytes() for number in (0, 1, 2)
    )
    (root / "test" / "disc" / "g20_leak.png").write_bytes(first)
    (discs / "g21_again.png").write_bytes(second)
    (root / "train" / "stripe" / "g22_torn.png").write_bytes(third)
    (discs / "g23_empty.png").write_bytes(b"")
    (discs / "g24_cut.png").write_bytes(first[: len(first) // 2])
    (discs / "g25_text.jpg").write_text("no picture", encoding="ascii")
    image = Image.open(io.BytesIO(second))
    image.save(discs / "g26_lie.png", "JPEG")
    frames = [Image.fromarray(np.full((40, 40), level, np.uint8)) for level in (90, 120, 180)]
    frames[0].save(discs / "g27_moving.gif", save_all=True, append_images=frames[1:])
    dark = drawn.picture("disc", 900).astype(np.uint16) * 20
    (discs / "g28_dark.png").write_bytes(png(dark))
    # A stripe that lies among the discs: its label is wrong.
    (discs / "g29_mislabelled.png").write_bytes(png(drawn.picture("stripe", 901)))
    noise = seeds.generator(0, "planted").integers(0, 2, (60, 60, 3)) * 255
    (discs / "g30_junk.png").write_bytes(png(noise.astype(np.uint8)))
    return root
