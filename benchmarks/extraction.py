"""Extraction from files at 128 pixels, against what this machine allows.

What is allowed: 1 / (1/model + 1/preparing). Model: the best bare compiled network with all stages
(static batch, pictures in memory already). Preparing: bare reading, hashing, decoding, resizing
and plain descriptors. Each alone on all cores, in turn with ours: `look` on an empty bank.
In: the folder of data sets. Out: a table of images a second, and JSON with --out.
Try: `python -m benchmarks.extraction --data ../shared/data --limit 600 --rounds 1`.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks import measure
from objektiv.base import files
from objektiv.base.machine import usable_cores
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.data.images import decode, read_bytes, to_square
from objektiv.features.backbones import BACKBONES, IMAGENET_LOGITS, imagenet_classes
from objektiv.features.engine import (
    BATCH,
    HINTS,
    backbone_graph,
    colours_graph,
    resolve_precision,
)
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.look import look
from objektiv.features.preprocess import PIXELS
from objektiv.features.runtime import openvino
from objektiv.features.settings import Arithmetic, Precision
from objektiv.flow.settings import TrainSettings

SIZE = 128
SHARE, RATE = 0.9, 700
BATCHES = (1, 4, 8, 16, 32)
TRIED = 400  # images a combination of batch and streams is tried on
IN_MEMORY = 1024  # squares of 196 kB; they are gone through again and again

Floats = NDArray[np.float32]


def ours(
    folder: Path, size: int, *, precision: Precision = "auto", limit: int | None = None
) -> Callable[[], float]:
    """Images a second of `look` with an empty bank; compiling the network is counted."""
    settings = TrainSettings(size=size, precision=precision)
    dataset = datasets.read(folder, settings)
    rows = measure.even_sample(range(len(dataset.items)), limit)
    dataset = replace(dataset, items=dataset.items[rows])

    def measured() -> float:
        with tempfile.TemporaryDirectory() as bank:
            kept = settings.model_copy(update={"bank": Path(bank)})
            seconds = measure.seconds_of(
                lambda: look(dataset, kept, max_pixels=kept.max_pixels, progress=Progress())
            )
        return len(dataset.items) / seconds

    return measured


@dataclass(frozen=True)
class Bare:
    """A compiled network and nothing else, fed with asynchronous requests."""

    graph: bytes
    precision: Arithmetic
    batch: int
    streams: int

    def compiled(self) -> Any:
        """With a static batch, on all cores."""
        core = openvino.Core()
        model = core.read_model(self.graph)
        model.reshape([self.batch, SIZE, SIZE, 3])
        options = {
            "INFERENCE_PRECISION_HINT": HINTS[self.precision],
            "NUM_STREAMS": str(self.streams),
            "INFERENCE_NUM_THREADS": str(usable_cores()),
        }
        return core.compile_model(model, "CPU", options)

    def rate(self, squares: Floats, count: int) -> Callable[[], float]:
        """Images a second of about `count` images out of `squares` (images, size, size, 3)."""
        queue = openvino.AsyncInferQueue(self.compiled(), 2 * self.streams)
        whole = len(squares) - len(squares) % self.batch
        batches = [squares[i : i + self.batch] for i in range(0, whole, self.batch)]
        times = -(-count // self.batch)

        def run() -> None:
            for batch in measure.cycle(batches, times):
                queue.start_async([batch], share_inputs=True)
            queue.wait_all()

        for batch in measure.cycle(batches, 2 * self.streams):  # memory is laid out once
            queue.start_async([batch], share_inputs=True)
        queue.wait_all()
        return lambda: times * self.batch / measure.seconds_of(run)


def best_of(graph: bytes, precision: Arithmetic, squares: Floats) -> tuple[Bare, list[measure.Row]]:
    """The fastest combination of batch and streams, and all that were tried."""
    cores = usable_cores()
    tried = {
        f"tried: model, batch {batch}, {streams} streams": Bare(graph, precision, batch, streams)
        for batch in BATCHES
        for streams in sorted({1, cores, 2 * cores})
    }
    sides = {what: bare.rate(squares, TRIED) for what, bare in tried.items()}
    found = measure.interleaved(sides, rounds=3)
    rows = [{"what": what, **measure.spread(rates, "images/s")} for what, rates in found.items()]
    best = max(found, key=lambda what: statistics.median(found[what]))  # one lucky run is no best
    return tried[best], rows


def own_classes_graph(precision: Arithmetic) -> bytes:
    """The network alone to its last layer, without the pooled stages."""
    backbone = BACKBONES.get("lite0")
    graph = GraphBuilder()
    backbone.add_in(precision, graph, graph.input(PIXELS, FLOAT, ["batch", SIZE, SIZE, 3]))
    graph.output(IMAGENET_LOGITS, FLOAT, ["batch", len(imagenet_classes())])
    return graph.to_bytes(backbone.name)


class Preparing:
    """The parts of getting a square and its descriptors, each on all cores."""

    def __init__(self, paths: Sequence[Path]) -> None:
        settings = TrainSettings(size=SIZE)
        self._paths = paths
        self._max_pixels, self._fit = settings.max_pixels, settings.fit
        self._colours = Bare(colours_graph(SIZE), "fp32", BATCH, usable_cores()).compiled()
        self._local = threading.local()

    def pixels(self, path: Path) -> NDArray[np.uint8]:
        """Read, hash and decode."""
        data = read_bytes(path, name=path.name)
        files.sha256(data)
        return decode(data, name=path.name, max_pixels=self._max_pixels).pixels

    def square(self, path: Path) -> Floats:
        """And resize."""
        return to_square(self.pixels(path), size=SIZE, fit=self._fit)

    def whole_batch(self, paths: Sequence[Path]) -> None:
        """And compute the plain descriptors."""
        squares = np.zeros((BATCH, SIZE, SIZE, 3), np.float32)
        for row, path in zip(squares, paths, strict=False):
            row[:] = self.square(path)
        self.describe(squares)

    def describe(self, squares: Floats) -> None:
        """The plain descriptors of one batch."""
        if not hasattr(self._local, "request"):
            self._local.request = self._colours.create_infer_request()
        self._local.request.infer([squares], share_inputs=True)

    def whole_rate(self) -> float:
        """Images a second of everything before the network."""
        paths = self._paths
        batches = [paths[i : i + BATCH] for i in range(0, len(paths), BATCH)]
        return len(paths) / _on_all_cores(self.whole_batch, batches)

    def decoding_rate(self) -> float:
        """Images a second of reading, hashing and decoding."""
        return len(self._paths) / _on_all_cores(self.pixels, self._paths)

    def describing_rate(self, squares: Floats) -> float:
        """Images a second of the descriptors alone."""
        whole = len(squares) - len(squares) % BATCH
        batches = [squares[i : i + BATCH] for i in range(0, whole, BATCH)]
        times = list(measure.cycle(batches, -(-len(self._paths) // BATCH)))
        return len(times) * BATCH / _on_all_cores(self.describe, times)


def _on_all_cores(function: Callable[[Any], object], items: Sequence[Any]) -> float:
    """Seconds for all items."""
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(usable_cores()) as pool:
        return measure.seconds_of(lambda: list(pool.map(function, items)))


def main() -> None:
    """Measure, print, and write where asked."""
    arguments = measure.parser(__doc__, rounds=5).parse_args()
    folder = arguments.data / "malaria"
    paths = measure.pictures(folder, arguments.limit)
    precision = resolve_precision(TrainSettings().precision)
    result = measure.Result(
        "Extraction from files",
        f"Images a second on {len(paths):,} cells at {SIZE} pixels in {precision}. `allowed` is "
        "1 / (1/model + 1/preparing) of the same round. The aim of 700 was set on a processor "
        "with AMX in bf16; see the precision here.",
    )
    preparing = Preparing(paths)
    squares = np.stack([preparing.square(p) for p in measure.cycle(paths, IN_MEMORY)])
    network = backbone_graph("lite0", size=SIZE, precision=precision)
    best, tried = best_of(network, precision, squares)
    last = Bare(own_classes_graph(precision), precision, best.batch, best.streams)
    found = measure.interleaved(
        {
            "objektiv, files to bank": ours(folder, SIZE, limit=arguments.limit),
            "model": best.rate(squares, len(paths)),
            "preparing": preparing.whole_rate,
            "objektiv with --precision int8": ours(
                folder, SIZE, precision="int8", limit=arguments.limit
            ),
            "only read, hash, decode": preparing.decoding_rate,
            "only descriptors": lambda: preparing.describing_rate(squares),
            "only the last layer": last.rate(squares, len(paths)),
        },
        rounds=arguments.rounds,
    )
    mine = found["objektiv, files to bank"]
    pairs = zip(found["model"], found["preparing"], strict=True)
    found["allowed"] = [1 / (1 / model + 1 / rest) for model, rest in pairs]
    shares = [rate / most for rate, most in zip(mine, found["allowed"], strict=True)]
    told = {"model": f"model, batch {best.batch}, {best.streams} streams"}
    result.rows = [
        {"what": told.get(name, name), **measure.spread(rates, "images/s")}
        for name, rates in found.items()
    ]
    result.rows += tried
    result.claims = [
        measure.at_least("share of what is allowed", statistics.median(shares), SHARE),
        measure.at_least("images from files", statistics.median(mine), RATE, unit="a second"),
    ]
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
