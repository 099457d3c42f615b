"""Plant copies of pictures that are known to be copies: re-encoded, resized, cropped, and so on.

In: image files and a folder. Out: in it a copy of every kind of each, CLASS/NAME__KIND.png (or
.jpg). Nothing but the name tells what was planted.
Try: `plant(paths, folder, seed=0)`; `family("dog/7__flipped.png")` is `dog/7`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.seeds import generator
from objektiv.data.images import decode

Pixels = NDArray[np.uint8]
Rng = np.random.Generator
MARK = "__"
MAX_PIXELS = 50_000_000


def _jpeg(pixels: Pixels, rng: Rng) -> tuple[Pixels, int]:
    return pixels, int(rng.integers(40, 91))


def _resized(pixels: Pixels, rng: Rng) -> tuple[Pixels, int]:
    share = rng.uniform(0.5, 1.5)
    size = tuple(max(1, round(side * share)) for side in pixels.shape[1::-1])
    method = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8), 0


def _cropped(pixels: Pixels, rng: Rng) -> tuple[Pixels, int]:
    """5 % of the width and of the height are gone, at sides that chance chooses."""
    height, width = pixels.shape[:2]
    lost = [max(1, round(0.05 * side)) for side in (height, width)]
    top, left = (int(rng.integers(0, n + 1)) for n in lost)
    return pixels[top : top + height - lost[0], left : left + width - lost[1]], 0


def _flipped(pixels: Pixels, rng: Rng) -> tuple[Pixels, int]:
    """Left to right, upside down, or both."""
    return (pixels[:, ::-1], pixels[::-1], pixels[::-1, ::-1])[int(rng.integers(3))], 0


def _brightened(pixels: Pixels, rng: Rng) -> tuple[Pixels, int]:
    share = np.exp(rng.uniform(np.log(0.8), np.log(1.25)))
    return np.clip(np.rint(pixels * share), 0, 255).astype(np.uint8), 0


def _everything(pixels: Pixels, rng: Rng) -> tuple[Pixels, int]:
    """All five at once."""
    for change in (_cropped, _flipped, _resized, _brightened):
        pixels, _ = change(pixels, rng)
    return _jpeg(pixels, rng)


# What makes a copy: new pixels, and the quality of its JPEG file or 0 for a PNG file.
KINDS: dict[str, Callable[[Pixels, Rng], tuple[Pixels, int]]] = {
    "re-encoded": _jpeg,
    "resized": _resized,
    "cropped": _cropped,
    "flipped": _flipped,
    "brightened": _brightened,
    "all at once": _everything,
}


def plant(paths: Sequence[Path], target: Path, *, seed: int) -> Path:
    """Write the copies of `paths`, a copy of each kind, under `target`; returns it."""
    for path in paths:
        pixels = decode(path.read_bytes(), name=path.name, max_pixels=MAX_PIXELS).pixels
        folder = files.make_folder(target / path.parent.name)
        for kind, change in KINDS.items():
            rng = generator(seed, "plant", path.parent.name, path.name, kind)
            copy, quality = change(pixels, rng)
            options = [cv2.IMWRITE_JPEG_QUALITY, quality] if quality else []
            _, data = cv2.imencode(".jpg" if quality else ".png", copy[..., ::-1], options)
            name = f"{path.stem}{MARK}{kind}{'.jpg' if quality else '.png'}"
            (folder / name).write_bytes(data.tobytes())
    return target


def family(id: str) -> str:
    """The name of the picture that an item was made of, `CLASS/NAME` without suffix."""
    return id.partition(MARK)[0] if MARK in id else id.rpartition(".")[0]


def kind_of(id: str) -> str:
    """The kind of copy that an item is; empty for a picture as it was."""
    return id.partition(MARK)[2].rpartition(".")[0]
