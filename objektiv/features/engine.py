"""Run a backbone over many images: decoding, resizing and inference overlap.

In: images as bytes or files, through a function that prepares one of them. Out: features and plain
descriptors, batch by batch, in order. Threads prepare batches while OpenVINO works on others.
Try: `Engine("lite0", size=128, precision="fp32").run(paths, prepare)`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from objektiv.base.errors import ModelError
from objektiv.base.machine import usable_cores
from objektiv.features import descriptors
from objektiv.features.backbones import BACKBONES, FEATURES
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.preprocess import PIXELS
from objektiv.features.runtime import openvino
from objektiv.features.settings import Arithmetic, Precision

BATCH = 8  # the best of 4, 8, 16, 32 with one stream a core; docs/lab_log.md
PATIENCE = 600  # seconds for one batch, hundreds of times what the slowest machine needs
HINTS = {"fp32": "f32", "bf16": "bf16", "int8": "f32"}  # int8 stands in the graph itself

Floats = NDArray[np.float32]
Item = TypeVar("Item")
Key = TypeVar("Key")


@dataclass(frozen=True)
class Prepared(Generic[Key]):
    """What is known of one image, and its square (size, size, 3) unless it needs no look."""

    key: Key
    square: Floats | None


class Looked(NamedTuple, Generic[Key]):
    """What came out for one image: float32 (columns,), or None where there was no square."""

    key: Key
    features: Floats | None


def resolve_precision(precision: Precision) -> Arithmetic:
    """`auto` made concrete for this processor.

    Raises:
        ModelError: the processor does not compute in that precision.
    """
    capable = "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "auto":
        return "bf16" if capable else "fp32"
    if precision == "bf16" and not capable:
        raise ModelError(
            "this processor does not compute in bf16",
            value="--precision bf16",
            allowed="fp32 and int8 run everywhere, bf16 on processors with AMX or AVX-512 BF16",
            next="leave `--precision` away, or give `--precision fp32`",
        )
    return precision


def backbone_graph(name: str, *, size: int, precision: Arithmetic = "fp32") -> bytes:
    """The backbone alone as ONNX: PIXELS (batch, size, size, 3) to FEATURES.

    Raises:
        ModelError: the backbone does not take this size or precision.
    """
    backbone = BACKBONES.get(name)
    backbone.require_size(size)
    graph = GraphBuilder()
    backbone.add_in(precision, graph, graph.input(PIXELS, FLOAT, ["batch", size, size, 3]))
    graph.output(FEATURES, FLOAT, ["batch", backbone.width])
    return graph.to_bytes(name)


def colours_graph(size: int) -> bytes:
    """The plain descriptors alone as ONNX: PIXELS to COLOURS."""
    graph = GraphBuilder()
    pixels = graph.input(PIXELS, FLOAT, ["batch", size, size, 3])
    colours = descriptors.add_colours(graph, pixels, size=size)
    graph.output(colours, FLOAT, ["batch", len(descriptors.COLUMNS)])
    return graph.to_bytes("colours")


class Engine:
    """A network and the plain descriptors, compiled when the first image needs them."""

    def __init__(
        self,
        network: bytes,
        *,
        size: int,
        precision: Arithmetic,
        workers: int | None = None,
        described: bool = True,
    ) -> None:
        """`network` is a graph from PIXELS to one output (images, columns).

        The plain descriptors stand behind its columns if `described`, else nothing does.
        """
        self._network = network
        self._size = size
        self._precision = precision
        self._workers = workers or usable_cores()
        self._described = described
        self._local = threading.local()

    def run(
        self, items: Sequence[Item], prepare: Callable[[Item], Prepared[Key]]
    ) -> Iterator[Looked[Key]]:
        """Look at `items` in order; `prepare` is called in threads, once an item."""
        chunks = (items[i : i + BATCH] for i in range(0, len(items), BATCH))
        waiting: deque[Future[_Batch[Key]]] = deque()
        running: deque[_Batch[Key]] = deque()
        ahead = 2 * self._workers
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="prepare")
        try:
            with threadpool_limits(1, user_api="blas"):  # the threads are ours to count
                for chunk in chunks:
                    waiting.append(pool.submit(self._prepare_batch, chunk, prepare))
                    if len(waiting) > ahead:
                        running.append(self._start(waiting.popleft().result()))
                    while len(running) > ahead:
                        yield from running.popleft().results()
                while waiting:
                    running.append(self._start(waiting.popleft().result()))
                while running:
                    yield from running.popleft().results()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            if "_queue" in self.__dict__:
                self._queue.wait_all()

    def _prepare_batch(
        self, chunk: Sequence[Item], prepare: Callable[[Item], Prepared[Key]]
    ) -> _Batch[Key]:
        prepared = [prepare(item) for item in chunk]
        squares = [p.square for p in prepared if p.square is not None]
        if not squares:
            return _Batch(prepared, None, None)
        pixels = np.zeros((BATCH, self._size, self._size, 3), np.float32)
        for row, square in zip(pixels, squares, strict=False):
            row[:] = square
        return _Batch(prepared, pixels, self._colours_of(pixels))

    def _colours_of(self, pixels: Floats) -> Floats:
        if not self._described:
            return np.empty((BATCH, 0), np.float32)
        if not hasattr(self._local, "request"):
            self._local.request = self._colours.create_infer_request()
        self._local.request.infer([pixels], share_inputs=True)
        return np.array(self._local.request.get_output_tensor(0).data)

    def _start(self, batch: _Batch[Key]) -> _Batch[Key]:
        if batch.pixels is not None:
            self._queue.start_async([batch.pixels], batch, share_inputs=True)
        return batch

    @cached_property
    def _queue(self) -> Any:
        """Requests of the network: a stream a core, and as many waiting so that none starves."""
        cores = usable_cores()
        options = {
            "INFERENCE_PRECISION_HINT": HINTS[self._precision],
            "NUM_STREAMS": str(cores),
            "INFERENCE_NUM_THREADS": str(cores),
        }
        queue = openvino.AsyncInferQueue(_compile(self._network, self._size, options), 2 * cores)
        queue.set_callback(_finish)
        return queue

    @cached_property
    def _colours(self) -> Any:
        """The descriptors always run in 32 bits: bf16 knows 256 grey levels only coarsely."""
        options = {
            "INFERENCE_PRECISION_HINT": "f32",
            "NUM_STREAMS": str(self._workers),
            "INFERENCE_NUM_THREADS": str(self._workers),
        }
        return _compile(colours_graph(self._size), self._size, options)


def _compile(graph: bytes, size: int, options: dict[str, str]) -> Any:
    core = openvino.Core()
    model = core.read_model(graph)
    model.reshape([BATCH, size, size, 3])  # fixed shapes run half again as fast as open ones
    return core.compile_model(model, "CPU", options)


def _finish(request: Any, batch: _Batch[Any]) -> None:
    """Called by OpenVINO's thread when a batch is done."""
    batch.features = np.array(request.get_output_tensor(0).data)
    batch.done.set()


class _Batch(Generic[Key]):
    """Up to BATCH images on their way; `pixels` is kept until the network has read it."""

    def __init__(
        self, prepared: list[Prepared[Key]], pixels: Floats | None, colours: Floats | None
    ) -> None:
        self.prepared = prepared
        self.pixels = pixels
        self.colours = colours
        self.features: Floats | None = None
        self.done = threading.Event()

    def results(self) -> Iterator[Looked[Key]]:
        """Each image's features and descriptors side by side, once the network is done."""
        row = 0
        for item in self.prepared:
            if item.square is None:
                yield Looked(item.key, None)
                continue
            if not self.done.wait(PATIENCE) or self.features is None or self.colours is None:
                raise RuntimeError("OpenVINO ended a batch without its features")
            yield Looked(item.key, np.concatenate([self.features[row], self.colours[row]]))
            row += 1
