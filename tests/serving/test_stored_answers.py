"""What the server answered as stored is in the store, also when it is killed while it answers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs objektiv[store]")

from objektiv.serving.store_read import read_store
from scripts import order
from tests.serving import tiny

PROGRAM = "from objektiv.cli.main import main; main()"


@contextlib.contextmanager
def _serving(*words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server in a process of its own, and its port; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", *words, "--port", "0", "--log", "refused"],
        cwd=order.REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(order.REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        line = process.stdout.readline()  # type: ignore[union-attr]
        yield process, int(line.split()[2].rsplit(":", 1)[1])
    finally:
        process.kill()
        process.communicate()


def _ask(connection: http.client.HTTPConnection) -> tuple[int, str, str]:
    """Status, what the header says of storing, and the request's id."""
    connection.request("POST", "/v1/predict", tiny.picture(), {"content-type": "image/png"})
    with connection.getresponse() as answer:
        told = json.loads(answer.read())
        return answer.status, answer.headers.get("x-prediction-stored", ""), told["request_id"]


def _connection(port: int) -> contextlib.closing[http.client.HTTPConnection]:
    return contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20))


def _answered_until_killed(store: Path, bundle: Path, seconds: float) -> list[str]:
    """Ids of the requests that six clients saw answered as stored, before SIGKILL."""
    answered: list[str] = []

    def client() -> None:
        cut = contextlib.suppress(OSError, http.client.HTTPException, ValueError)
        with _connection(port) as connection, cut:
            while True:
                status, stored, name = _ask(connection)
                if (status, stored) == (200, "true"):
                    answered.append(name)

    with _serving(str(bundle), "--store", str(store)) as (process, port):
        threads = [threading.Thread(target=client) for _ in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        process.kill()
        for thread in threads:
            thread.join(30)
    return answered


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_what_was_answered_survives_a_kill_of_the_server(
    tmp_path: Path, small: Path, kills: int
) -> None:
    """Each answer with X-Prediction-Stored: true is in the store exactly once after SIGKILL."""
    store, chance = tmp_path / "a.sqlite3", random.Random(6)
    answered = [
        name
        for _ in range(kills)
        for name in _answered_until_killed(store, small, 0.3 + chance.random())
    ]
    found = read_store(str(store))["id"].to_list()

    assert len(answered) >= 5 * kills
    assert sorted(set(found)) == sorted(found)
    assert {f"{name}-0" for name in answered} <= set(found)


@pytest.mark.slow
def test_a_locked_store_refuses_or_tells_and_heals(tmp_path: Path, small: Path) -> None:
    """While the store is locked an answer is 503, or by best effort 200 that tells; it heals."""
    statuses = {}
    for mode in ("required", "best-effort"):
        store = tmp_path / f"{mode}.sqlite3"
        words = (str(small), "--store", str(store), "--store-mode", mode)
        with _serving(*words) as (_, port), _connection(port) as connection:
            holder = sqlite3.connect(store, isolation_level=None)
            holder.execute("BEGIN EXCLUSIVE")
            locked = _ask(connection)[:2]
            holder.execute("ROLLBACK")
            holder.close()
            end = time.monotonic() + 10
            while (healed := _ask(connection)[:2]) != (200, "true") and time.monotonic() < end:
                time.sleep(0.1)
        statuses[mode] = (locked, healed)

    assert statuses == {
        "required": ((503, ""), (200, "true")),
        "best-effort": ((200, "false"), (200, "true")),
    }
