"""A Seen without a network: drawn files, facts as they are, colours by NumPy, random features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.data.dataset import FACTS, ITEMS, QUARANTINE, Dataset
from objektiv.features.descriptors import CHANNELS, COLOURS, COLUMNS
from objektiv.features.look import SIZE, Block, Features, Seen
from tests.data.pictures import png

Pixels = NDArray[np.uint8]
DEEP = 12  # columns that stand for the network's

Drawn = tuple[str, Pixels]  # label, pixels (height, width) or (height, width, 3)


def plain(label: str, level: int | tuple[int, int, int], size: tuple[int, int] = (8, 6)) -> Drawn:
    """A picture of one colour, `size` is (height, width)."""
    channels = 3 if isinstance(level, tuple) else 1
    pixels = np.full((*size, channels), level, np.uint8)
    return label, pixels if channels == 3 else pixels[:, :, 0]


def seen(
    folder: Path, drawn: Sequence[Drawn], *, parts: Sequence[str | None] = (), aside: int = 0
) -> Seen:
    """What looking at `drawn` gives; `parts` one each, and `aside` files more in quarantine."""
    rows, colours = [], []
    for number, (label, pixels) in enumerate(drawn):
        path = folder / label / f"{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(pixels))
        facts = (files.sha256(path.read_bytes()), pixels.shape[1], pixels.shape[0], "PNG", "")
        part = parts[number] if parts else None
        rows.append((f"{label}/{path.name}", str(path), label, None, part, *facts))
        colours.append(_colours(pixels))
    classes = tuple(dict.fromkeys(label for label, _ in drawn))
    bad = [
        (f"{classes[0]}/bad{k}.png", "bad", classes[0], "empty", "bad.png: the file is empty: 0.")
        for k in range(aside)
    ]
    dataset = Dataset(
        root=folder,
        classes=classes,
        items=pl.DataFrame(rows, schema=ITEMS | FACTS, orient="row"),
        quarantine=pl.DataFrame(bad, schema=QUARANTINE, orient="row"),
    )
    deep = np.random.default_rng(0).normal(size=(len(rows), DEEP)).astype(np.float32)
    values = np.hstack([deep, np.array(colours, np.float32), np.zeros((len(rows), 3), np.float32)])
    stops = (0, DEEP, DEEP + len(COLUMNS), values.shape[1])
    blocks = tuple(
        Block(name, stops[k], stops[k + 1]) for k, name in enumerate(("final", COLOURS, SIZE))
    )
    features = Features(tuple(dataset.items["id"]), values, blocks)
    return Seen(dataset, features, 32, "fp32", len(rows))


def _colours(pixels: Pixels) -> list[float]:
    """Means, deviations and ranges of the whole picture; the rest, which is not used, is 0."""
    rgb = np.repeat(pixels[:, :, None], 3, 2) if pixels.ndim == 2 else pixels
    found = dict.fromkeys(COLUMNS, 0.0)
    for name, mix in CHANNELS.items():
        channel = rgb.astype(float) @ np.array(mix, float)
        found[f"whole mean {name}"] = float(channel.mean())
        found[f"whole deviation {name}"] = float(channel.std()) + 1
        found[f"whole minimum {name}"] = float(channel.min() - channel.mean())
        found[f"whole maximum {name}"] = float(channel.max() - channel.mean())
    return [found[name] for name in COLUMNS]
