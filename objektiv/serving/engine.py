"""The engine of the server: one bundle, many requests at once, on OpenVINO's own threads.

In: a loaded bundle, and squares from any thread. Out: what the bundle says, through a callback.
One stream a core computes; what waits meanwhile is taken together, up to the size of a batch, and
nobody waits for a batch to fill. A picture that comes when nothing else runs has all cores. Each
way is checked with the bundle's golden pictures before it serves.
Try: `Engine(load("cells.objektiv")).put(Ask(square, answer=print))`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base.machine import usable_cores
from objektiv.features.backbones import FEATURES
from objektiv.features.preprocess import PIXELS
from objektiv.shipping.bundle import Bundle
from objektiv.shipping.session import (
    FEW,
    Network,
    Options,
    Predicted,
    compiled_parts,
    predicted,
    together,
)
from objektiv.shipping.taps import tapped

BATCH = 1  # at 224 pixels batches of 4 and 8 take 8 % more time a picture; docs/lab_log.md

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Raw:
    """What came out for one picture: Predicted of one row, and its features where asked for."""

    predicted: Predicted
    features: Floats | None
    waited: float  # seconds before it was computed
    computed: float  # seconds in the network, together with the rest of its batch
    batch: int  # pictures that were computed together


@dataclass(eq=False)
class Ask:
    """One square (size, size, 3) and what becomes of it; `answer` is called from another thread."""

    square: Floats
    answer: Callable[[Raw | BaseException], None]
    wanted: Callable[[], bool] = lambda: True
    put_at: float = field(default_factory=time.perf_counter)


class Engine:
    """One bundle, compiled for concurrent requests; safe to call from several threads."""

    def __init__(self, bundle: Bundle, *, batch: int = BATCH, features: bool = False) -> None:
        """`features`: also give what the head learns from, where the graph names it.

        Raises:
            BundleError: a golden picture comes out differently on one of the ways.
        """
        self.bundle = bundle
        cores = usable_cores()
        many = {"NUM_STREAMS": cores, "INFERENCE_NUM_THREADS": cores}
        make = _Maker(bundle, features=features, batches=(1, batch))
        with ThreadPoolExecutor(3) as pool:  # compiling is what a start waits for
            alone = pool.submit(make.ways, 1, FEW, count=1)
            # one more than streams, so that none idles while an answer is handed over
            single = pool.submit(make.ways, 1, many, count=cores + 1)
            group = pool.submit(make.ways, batch, many, count=cores + 1) if batch > 1 else None
            self._alone, self._single = alone.result(), single.result()
            self._group = group.result() if group else []
        self._batch, self._most = batch, cores + 1
        self._lock = threading.Lock()
        self._waiting: deque[Ask] = deque()
        self._running = 0
        for way in (self._alone[0], self._single[0], *self._group[:1]):
            bundle.check_golden_by(way.compute)
        for way in (*self._alone, *self._single, *self._group):
            way.ended = self._ended

    @property
    def waiting(self) -> int:
        """Pictures that are not yet computed."""
        return len(self._waiting)

    def put(self, ask: Ask) -> None:
        """Compute a square as soon as a stream is free."""
        with self._lock:
            self._waiting.append(ask)
        self._go_on()

    def _go_on(self) -> None:
        while (chosen := self._choose()) is not None:
            way, asks = chosen
            try:
                way.start(asks)
            except Exception as error:  # OpenVINO did not take it
                for ask in asks:
                    ask.answer(error)
                self._ended(way)

    def _choose(self) -> tuple[_Way, list[Ask]] | None:
        """A free way and what it takes of what waits; None where there is one of them only."""
        with self._lock:
            if self._running >= self._most:
                return None
            asks: list[Ask] = []
            while self._waiting and len(asks) < self._batch:
                if (ask := self._waiting.popleft()).wanted():
                    asks.append(ask)
            if not asks:
                return None
            if len(asks) == self._batch > 1:
                ways = self._group
            else:  # a batch that is not full would compute as long as a full one
                self._waiting.extendleft(reversed(asks[1:]))
                asks = asks[:1]
                ways = self._single
                if self._alone and not self._running and not self._waiting:
                    ways = self._alone
            self._running += 1
            return ways.pop(), asks

    def _ended(self, way: _Way) -> None:
        with self._lock:
            self._running -= 1
            way.home.append(way)
        self._go_on()


class _Maker:
    """Compiles the ways of one bundle."""

    def __init__(self, bundle: Bundle, *, features: bool, batches: Sequence[int]) -> None:
        network = bundle.network
        known = {name for node in network.graph.graph.node for name in node.output}
        self._features = features and FEATURES in known
        if self._features and bundle.precision == "fp32":
            network = Network(tapped(network.graph, [FEATURES]))
        for batch in batches:
            network.read(batch)  # here, because reading is not for several threads at once
        self._network, self._precision = network, bundle.precision

    def ways(self, batch: int, options: Options, *, count: int) -> list[_Way]:
        """`count` ways that run at the same time."""
        parts = compiled_parts(self._network, batch, precision=self._precision, options=options)
        home: list[_Way] = []
        home += [
            _Way([part.create_infer_request() for part in parts], home, features=self._features)
            for _ in range(count)
        ]
        return home


class _Way:
    """One of OpenVINO's requests with its own memory; used for one batch at a time."""

    def __init__(self, requests: list[Any], home: list[_Way], *, features: bool) -> None:
        self._first, *self._rest = requests
        self.home = home
        self.ended: Callable[[_Way], None] = _stay
        self._features = features
        self._input: Floats = self._first.get_input_tensor(0).data
        self._ends = len(self._last.model_outputs)
        self._asks: Sequence[Ask] = ()
        self._began = 0.0
        self._first.set_callback(self._called_back, None)

    @property
    def _last(self) -> Any:
        return self._rest[-1] if self._rest else self._first

    def compute(self, squares: Floats) -> Predicted:
        """What the bundle says of any number of squares, one batch after the other."""
        size, said = len(self._input), list[Predicted]()
        for start in range(0, len(squares), size):
            part = squares[start : start + size]
            found: list[Raw | BaseException] = []
            rest = [Ask(part[-1], answer=_forget)] * (size - len(part))
            self.start([*(Ask(square, answer=found.append) for square in part), *rest])
            self._first.wait()
            for raw in found:
                if isinstance(raw, BaseException):
                    raise raw
                said.append(raw.predicted)
        return together(said)

    def start(self, asks: Sequence[Ask]) -> None:
        """Compute a full batch; the answers come from a thread of OpenVINO."""
        for place, ask in enumerate(asks):
            self._input[place] = ask.square
        self._asks, self._began = asks, time.perf_counter()
        self._first.start_async()

    def _called_back(self, _: object) -> None:
        asks = self._asks
        found: list[Raw] | BaseException
        try:
            found = self._take(asks)
        except BaseException as error:  # nothing may be raised into OpenVINO
            found = error
        self._asks = ()
        self.ended(self)  # the next batch first, so that the stream does not idle
        for place, ask in enumerate(asks):
            ask.answer(found if isinstance(found, BaseException) else found[place])

    def _take(self, asks: Sequence[Ask]) -> list[Raw]:
        """The answers, out of memory that the next batch writes over."""
        features = None
        for request in self._rest:
            features = self._first.get_output_tensor(0).data
            request.infer({PIXELS: self._input, FEATURES: features})
        arrays = [self._last.get_output_tensor(k).data.copy() for k in range(self._ends)]
        if self._features:
            features = features.copy() if features is not None else arrays.pop()
        said = predicted(arrays)
        now = time.perf_counter()
        return [
            Raw(
                _row(said, place),
                features[place] if self._features and features is not None else None,
                waited=self._began - ask.put_at,
                computed=now - self._began,
                batch=len(asks),
            )
            for place, ask in enumerate(asks)
        ]


def _row(said: Predicted, place: int) -> Predicted:
    one = slice(place, place + 1)
    strange = said.strangeness
    return Predicted(
        said.logits[one], said.probabilities[one], None if strange is None else strange[one]
    )


def _forget(raw: Raw | BaseException) -> None:
    """The answer of a square that only fills a batch."""


def _stay(way: _Way) -> None:
    """What becomes of a way that is only being checked."""
