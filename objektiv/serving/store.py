"""The store of predictions: what the server answered, kept in SQLite or PostgreSQL.

In: an address and Rows. Out: for each `put` a Future that is done when its rows are on the disk,
or fails with a StoreError. One thread writes; what arrives while it writes becomes the next
transaction, so the cost of a sync is shared. The queue is bounded: what does not fit fails at once.
Try: `store = Store("predictions.sqlite3"); store.put([row]).result(); store.close()`.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base import extras
from objektiv.base.errors import StoreError

QUEUE = 2_000  # rows that may wait
TRANSACTION = 500  # rows stored in one go
PROBE = 1.0  # seconds between two looks whether a store in trouble works again
DRAIN = 10.0  # seconds that `close` gives to what waits


@dataclass(frozen=True, eq=False)
class Row:
    """One prediction. No file name: it may be a patient's, and the hash finds the picture."""

    id: str  # of the request and the number of the picture; never stored twice
    time: datetime  # with its zone
    model: str
    model_sha256: str
    picture_sha256: str
    called: str  # the class named, by the bundle's threshold
    probabilities: Mapping[str, float]  # a class each, in the model's order
    milliseconds: float
    features: NDArray[np.floating[Any]] | None = None  # (features,)
    abstain_reason: str | None = None

    def values(self) -> dict[str, Any]:
        """As the columns of the table.

        Raises:
            ValueError: a number is not finite.
        """
        numbers = {_text(name): float(p) for name, p in self.probabilities.items()}
        blob = None
        if self.features is not None:
            with np.errstate(over="ignore"):  # what overflows is refused in the next line
                half = np.asarray(self.features, dtype="<f2")
            if not np.isfinite(half).all():
                raise ValueError("features do not fit float16")
            blob = half.tobytes()
        return {
            "id": _text(self.id),
            "time": self.time.astimezone(UTC),
            "model": _text(self.model),
            "model_sha256": self.model_sha256,
            "picture_sha256": self.picture_sha256,
            "class": _text(self.called),
            "probabilities": json.dumps(numbers, ensure_ascii=False, allow_nan=False),
            "features": blob,
            "abstain_reason": None if self.abstain_reason is None else _text(self.abstain_reason),
            "milliseconds": float(self.milliseconds),
        }


def _text(text: str) -> str:
    """What every database takes: PostgreSQL refuses NUL, both refuse halves of a character."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


@dataclass(frozen=True, eq=False)
class _Waiting:
    rows: list[dict[str, Any]]
    done: Future[None]


class Store:
    """Rows go in from any thread, one thread writes them; close it to finish what waits."""

    def __init__(self, address: str, *, queue: int = QUEUE) -> None:
        """Open or make the store; `queue`: rows that may wait.

        Raises:
            MissingExtra: SQLAlchemy is not installed.
            UsageError: `address` is none of a store.
            StoreError: the store cannot be opened, or is of another version.
        """
        extras.require("store", needed_by="storing predictions")
        from objektiv.serving.store_table import Table, trouble

        self._table, self._trouble_of, self._limit = Table(address), trouble, queue
        self._table.prepare()
        self.name = self._table.name  # without user and password
        self._queue: deque[_Waiting] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._closing = False
        self._trouble: StoreError | None = None
        self._thread = threading.Thread(target=self._run, name="objektiv-store", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Rows that are not yet stored."""
        return self._waiting

    @property
    def trouble(self) -> StoreError | None:
        """Why the last rows could not be stored; None once a write works again."""
        return self._trouble

    def put(self, rows: Sequence[Row]) -> Future[None]:
        """Store rows, all or none; never blocks.

        The Future ends when they are on the disk, or with a StoreError. One that is cancelled
        before its turn is not stored; later it may be.

        Raises:
            ValueError: a number of a row is not finite.
        """
        waiting = _Waiting([row.values() for row in rows], Future())
        with self._changed:
            if self._closing:
                waiting.done.set_exception(self._trouble_of("closed", self.name))
            elif self._queue and self._waiting + len(waiting.rows) > self._limit:
                told = f"{self._waiting:,} rows wait, {self._limit:,} may"
                waiting.done.set_exception(self._trouble_of("busy", told))
            else:
                self._queue.append(waiting)
                self._waiting += len(waiting.rows)
                self._changed.notify()
        return waiting.done

    def close(self, *, seconds: float = DRAIN) -> None:
        """Take no more, store what waits for at most `seconds`, and fail the rest."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(seconds)
        with self._changed:
            left = list(self._queue)
            self._queue.clear()
        for waiting in left:
            if waiting.done.set_running_or_notify_cancel():
                waiting.done.set_exception(self._trouble_of("closed", self.name))

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._queue and not self._closing:
                    self._changed.wait(PROBE if self._trouble else None)
                batch = self._take()
                if not batch and self._closing:
                    break
            if batch:
                self._write([waiting for waiting in batch if self._begins(waiting)])
            elif self._trouble:
                self._probe()
        self._table.close()

    def _take(self) -> list[_Waiting]:
        """What is stored in the next transaction."""
        taken: list[_Waiting] = []
        rows = 0
        while self._queue and (not taken or rows + len(self._queue[0].rows) <= TRANSACTION):
            taken.append(self._queue.popleft())
            rows += len(taken[-1].rows)
        self._waiting -= rows
        return taken

    def _begins(self, waiting: _Waiting) -> bool:
        """Whether it is still wanted; from here on it can no longer be cancelled."""
        return waiting.done.set_running_or_notify_cancel()

    def _write(self, batch: list[_Waiting]) -> None:
        rows = [row for waiting in batch for row in waiting.rows]
        failed: Exception | None = None
        try:
            if rows:
                self._table.insert(rows)
        except StoreError as error:
            if error.reason in ("twice", "failed") and len(batch) > 1:
                for waiting in batch:  # one of them spoils it: the others do not suffer for it
                    self._write([waiting])
                return
            failed = error
            if error.reason != "twice":
                self._trouble = error
        except Exception as error:  # a bug of ours must not end the thread
            failed = self._trouble = self._trouble_of("failed", type(error).__name__)
        else:
            self._trouble = None
        for waiting in batch:
            if failed is None:
                waiting.done.set_result(None)
            else:
                waiting.done.set_exception(failed)

    def _probe(self) -> None:
        with contextlib.suppress(Exception):
            self._table.probe()
            self._trouble = None
