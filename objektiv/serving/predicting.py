"""What `/v1/predict` does: read, compute, store, answer; and what becomes of who does not wait.

In: a request. Out: its response, or an error that the wall tells. Pictures are decoded by a few
threads and computed by the engine's; the event loop only passes them on.
Try: `curl --data-binary @cell.png -H "Content-Type: image/png" localhost:8000/v1/predict`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response

from objektiv.base.errors import ImageError, StoreError
from objektiv.base.machine import usable_cores
from objektiv.faces.answered import answered
from objektiv.serving.desk import Desk
from objektiv.serving.engine import Ask, Engine, Raw
from objektiv.serving.gate import Gate
from objektiv.serving.metrics import Metrics
from objektiv.serving.problems import Refusal, refusal
from objektiv.serving.reading import How, Read, pixels_of, read, shown_name
from objektiv.serving.settings import ServeSettings
from objektiv.serving.uploads import Upload, uploads
from objektiv.serving.waiting import while_wanted
from objektiv.shipping.limits import Doubt

if TYPE_CHECKING:
    from objektiv.serving.store import Row, Store

LARGE = 4_000_000  # pixels; such a picture is decoded in a thread of its own, tenths of a second
AT_ONCE = 8  # pictures of one request that are decoded or computed at the same time
BEST_EFFORT = 1.0  # seconds that an answer waits for a store that is not required
STORED = "x-prediction-stored"


@dataclass(frozen=True)
class Said:
    """What a bundle says of one picture, as `faces.answered` tells it."""

    hash: str
    probabilities: NDArray[np.float32]
    strangeness: float | None
    called: int
    doubt: Doubt | None
    notes: tuple[str, ...]


class Done(NamedTuple):
    """One picture: what was read, what was computed and what that says."""

    read: Read
    raw: Raw
    said: Said


@dataclass(frozen=True)
class Model:
    """What one request asks."""

    name: str
    engine: Engine
    top: int


class Predicting:
    """The one service behind `/v1/predict`; lives in one event loop."""

    def __init__(
        self, desk: Desk, settings: ServeSettings, *, metrics: Metrics, store: Store | None
    ) -> None:
        workers = None if settings.workers == "auto" else settings.workers
        self._desk, self._settings = desk, settings
        self._metrics, self._store = metrics, store
        self._pool = ThreadPoolExecutor(
            workers or usable_cores(), thread_name_prefix="objektiv-decode"
        )
        self._large = ThreadPoolExecutor(1, thread_name_prefix="objektiv-large")
        # a few full bodies for each place in the queue would be gigabytes: the bytes are counted
        self.gate = Gate(
            pictures=settings.queue,
            bytes=max(256_000_000, 2 * settings.max_body),
            pixels=2 * settings.max_pixels,
        )
        metrics.follow_queue(lambda: float(self.gate.count))

    @property
    def needs_store(self) -> bool:
        """Whether a prediction that cannot be stored is refused."""
        return self._settings.store_mode == "required"

    def close(self) -> None:
        """End the threads that decode."""
        self._pool.shutdown()
        self._large.shutdown()

    async def answer(self, request: Request, *, model: str | None, top: int) -> Response:
        """The response to one request.

        Raises:
            Refusal: it is not answered; the reason says why.
            ImageError: its only picture cannot be read.
        """
        began = time.perf_counter()
        name, engine = self._desk.engine(model)
        asked = Model(name, engine, top)
        async with uploads(request, self.gate, max_files=self._settings.max_files) as files:
            with self.gate.pictures(min(len(files), AT_ONCE)):
                work = self._work(files, asked, request.scope["state"]["request_id"])
                done, stored = await while_wanted(request, work, seconds=self._settings.deadline)
        body = self._told(files, done, asked, request)
        body["milliseconds"] = round(1000 * (time.perf_counter() - began), 1)
        headers = {} if stored is None else {STORED: "true" if stored else "false"}
        return Response(json.dumps(body), 200, headers, media_type="application/json")

    async def _work(
        self, files: Sequence[Upload], asked: Model, request_id: str
    ) -> tuple[list[Done | Refusal | ImageError], bool | None]:
        if len(files) == 1:
            found: list[Done | Refusal | ImageError] = [await self._picture(files[0], asked)]
        else:
            places = asyncio.Semaphore(AT_ONCE)
            found = list(
                await asyncio.gather(*(self._one_of_many(f, asked, places) for f in files))
            )
        done = [one for one in found if isinstance(one, Done)]
        if not done and isinstance(error := found[0], Exception):
            raise error
        return found, await self._kept(done, asked, request_id)

    async def _one_of_many(
        self, file: Upload, asked: Model, places: asyncio.Semaphore
    ) -> Done | Refusal | ImageError:
        async with places:
            try:
                return await self._picture(file, asked)
            except (Refusal, ImageError) as error:
                return error

    async def _picture(self, file: Upload, asked: Model) -> Done:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[Read, Raw]] = loop.create_future()
        how = How(asked.engine.bundle.facts, self._settings.max_pixels)
        data = await file.bytes()
        pixels = pixels_of(data, max_pixels=how.max_pixels)
        is_large = pixels > LARGE
        with self.gate.pixels(pixels) if is_large else contextlib.nullcontext():
            pool = self._large if is_large else self._pool
            pool.submit(_look, data, file.name, how, asked.engine, _Reply(loop, future))
            found, raw = await future
        self._metrics.picture(raw, decoded=found.seconds)
        return Done(found, raw, _said(asked.engine, found, raw))

    async def _kept(self, done: Sequence[Done], asked: Model, request_id: str) -> bool | None:
        """Whether the predictions were stored; None where there is no store."""
        if self._store is None:
            return None
        now = datetime.now(UTC)
        rows = [_row(one, asked, f"{request_id}-{k}", now) for k, one in enumerate(done)]
        patience = None if self.needs_store else BEST_EFFORT
        try:
            await asyncio.wait_for(asyncio.wrap_future(self._store.put(rows)), patience)
        except (StoreError, ValueError, TimeoutError) as error:
            self._metrics.not_stored(len(rows))
            if self.needs_store:
                raise refusal("store", value="see the server's log") from error
            return False
        return True

    def _told(
        self,
        files: Sequence[Upload],
        found: Sequence[Done | Refusal | ImageError],
        asked: Model,
        request: Request,
    ) -> dict[str, object]:
        bundle = asked.engine.bundle
        predictions: list[dict[str, object]] = []
        for file, one in zip(files, found, strict=True):
            name = {"file": shown_name(file.name)} if file.name else {}
            if not isinstance(one, Done):
                told = {"reason": one.reason, "message": str(one)}
                predictions.append({**name, "error": told})
                continue
            said = one.said
            why = said.doubt.why if said.doubt else None
            self._metrics.named(asked.name, bundle.classes[said.called], abstained=why)
            predictions.append(
                {
                    **name,
                    **answered(said, bundle.classes, top=asked.top),
                    "milliseconds": {
                        "decoding": round(1000 * one.read.seconds, 1),
                        "waiting": round(1000 * one.raw.waited, 1),
                        "network": round(1000 * one.raw.computed, 1),
                    },
                }
            )
        return {
            "request_id": request.scope["state"]["request_id"],
            "model": {"name": asked.name, "sha256": bundle.sha256},
            "predictions": predictions,
        }


class _Reply(NamedTuple):
    """Where an answer goes, from whatever thread it comes."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[tuple[Read, Raw]]

    def wanted(self) -> bool:
        return not self.future.done()

    def send(self, found: Read | None, raw: Raw | BaseException) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self._set, found, raw)

    def _set(self, found: Read | None, raw: Raw | BaseException) -> None:
        if self.future.done():
            return
        if isinstance(raw, BaseException) or found is None:
            self.future.set_exception(
                raw if isinstance(raw, BaseException) else RuntimeError("nothing was read")
            )
        else:
            self.future.set_result((found, raw))


def _look(data: bytes, name: str, how: How, engine: Engine, reply: _Reply) -> None:
    """Decode one picture and hand it to the engine; runs in a thread of the pool."""
    if not reply.wanted():
        return
    try:
        found = read(data, name=name, how=how)
        engine.put(Ask(found.square, answer=partial(reply.send, found), wanted=reply.wanted))
    except BaseException as error:  # told to who waits, whatever it is
        reply.send(None, error)


def _said(engine: Engine, found: Read, raw: Raw) -> Said:
    bundle, strange = engine.bundle, raw.predicted.strangeness
    return Said(
        hash=found.hash,
        probabilities=raw.predicted.probabilities[0],
        strangeness=None if strange is None else float(strange[0]),
        called=int(bundle.called(raw.predicted)[0]),
        doubt=bundle.doubts(raw.predicted)[0],
        notes=found.notes,
    )


def _row(done: Done, asked: Model, id: str, now: datetime) -> Row:
    from objektiv.serving.store import Row  # its libraries are an extra

    bundle, said = asked.engine.bundle, done.said
    seconds = done.read.seconds + done.raw.waited + done.raw.computed
    return Row(
        id=id,
        time=now,
        model=asked.name,
        model_sha256=bundle.sha256,
        picture_sha256=said.hash,
        called=bundle.classes[said.called],
        probabilities=dict(zip(bundle.classes, said.probabilities.tolist(), strict=True)),
        milliseconds=1000 * seconds,
        features=done.raw.features,
        abstain_reason=said.doubt.why if said.doubt else None,
    )
