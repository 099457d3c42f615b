"""List the pretrained networks: those of the package, of the course's table and of the store.

In: the store, the table of Keras' networks. Out: a row each, and how fast each ready one is here.
Try: `[row.name for row in listed() if row.ready]`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from objektiv.base.errors import ModelError
from objektiv.base.progress import Progress
from objektiv.features import store
from objektiv.features.backbones import BACKBONES, Backbone, command
from objektiv.features.engine import BATCH, Engine, Prepared, backbone_graph
from objektiv.zoo.table import KERAS, KerasNetwork

FLOAT_BYTES = 4
MEASURED = 1.0  # seconds at least of looking at pictures, after the first batches
FIRST = 4 * BATCH  # pictures that are looked at before the clock starts


@dataclass(frozen=True)
class Row:
    """A pretrained network, ready or not; None where nothing is known."""

    name: str
    title: str
    megabytes: float  # of its file, or of its parameters in 32 bits
    parameters: int
    size: int | None  # pixels
    depth: int | None  # layers, as keras.io counts them today
    top1: float | None  # shares of ImageNet's validation pictures, published
    top5: float | None
    licence: str
    ready: bool
    command: str  # what makes it ready; empty where it is
    problem: str = ""  # of a stored network that cannot be used
    random: bool = False


def listed() -> list[Row]:
    """Every network by name: the package's own, the course's 26, others of the store."""
    own = [_own(BACKBONES._entries[name]) for name in BACKBONES._entries]
    stored = store.names()
    course = [_stored(n) if n in stored else _in_table(KERAS.get(n)) for n in KERAS]
    others = [_stored(name) for name in stored if name not in KERAS]
    return [*own, *course, *others]


def _own(backbone: Backbone) -> Row:
    ready = backbone.name in BACKBONES
    return Row(
        name=backbone.name,
        title=backbone.title,
        megabytes=backbone.parameters * FLOAT_BYTES / 1e6,
        parameters=backbone.parameters,
        size=backbone.native_size,
        depth=None,
        top1=backbone.imagenet_top1,
        top5=None,
        licence=backbone.weights.licence,
        ready=ready,
        command="" if ready else command(backbone.name),
    )


def _in_table(network: KerasNetwork) -> Row:
    return Row(
        name=network.name,
        title=network.name,
        megabytes=network.megabytes,
        parameters=network.parameters,
        size=network.size,
        depth=network.depth_2025,
        top1=network.top1,
        top5=network.top5,
        licence=network.family.licence,
        ready=False,
        command=command(network.name),
    )


def _stored(name: str) -> Row:
    known = KERAS.get(name) if name in KERAS else None
    try:
        entry = store.read_entry(name)
    except ModelError as error:
        return Row(name, name, 0.0, 0, None, None, None, None, "", False, "", problem=str(error))
    trained = known if not entry.random else None
    return Row(
        name=name,
        title=entry.title,
        megabytes=entry.bytes / 1e6,
        parameters=entry.parameters,
        size=entry.size,
        depth=known.depth_2025 if known else None,
        top1=trained.top1 if trained else None,
        top5=trained.top5 if trained else None,
        licence=entry.licence,
        ready=True,
        command="",
        random=entry.random,
    )


def measured(rows: list[Row], *, progress: Progress) -> dict[str, float | str]:
    """Images/s of each ready network at its own size in 32 bits; a text where it cannot run."""
    ready = [row for row in rows if row.ready]
    found: dict[str, float | str] = {}
    with progress.step("measure", total=len(ready)) as step:
        for row in ready:
            try:
                found[row.name] = images_per_second(row.name)
            except ModelError as error:
                found[row.name] = str(error)
            step.advance()
    return found


def images_per_second(name: str) -> float:
    """How many squares a second the engine looks at, on all cores, decoding left out."""
    size = BACKBONES.get(name).native_size
    engine = Engine(backbone_graph(name, size=size, precision="fp32"), size=size, precision="fp32")
    square = np.full((size, size, 3), 127, np.float32)

    def prepare(number: int) -> Prepared[int]:
        return Prepared(number, square)

    def seconds(count: int) -> float:
        start = time.perf_counter()
        for _ in engine.run(range(count), prepare):
            pass
        return time.perf_counter() - start

    seconds(FIRST)  # compiles, warms up
    for count in _counts():
        if (took := seconds(count)) >= MEASURED:
            break
    return count / took


def _counts() -> Iterator[int]:
    count = FIRST
    while True:
        yield count
        count *= 4
