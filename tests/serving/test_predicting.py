"""Load, deadlines, hang-ups and the store behind `/v1/predict`."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from objektiv.base.files import sha256
from objektiv.serving import incoming, predicting
from objektiv.serving.engine import Engine
from tests.serving import tiny
from tests.serving.tiny import Server


class _Slow:
    """Makes every picture wait in front of the network until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = threading.Event()
        self.seen = 0
        right = Engine.put

        def put(engine: Engine, ask: object) -> None:
            self.seen += 1
            self.free.wait(20)
            right(engine, ask)  # type: ignore[arg-type]

        monkeypatch.setattr(Engine, "put", put)


def _ask_from_threads(server: Server, count: int) -> tuple[list[threading.Thread], list[int]]:
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(server.predict(tiny.picture()).status))
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    return threads, statuses


def _wait_for(server: Server, depth: int) -> None:
    for _ in range(200):
        if server.metrics()["objektiv_queue_depth"] == depth:
            return
        time.sleep(0.02)
    raise AssertionError(f"the queue never holds {depth}")


def test_a_full_queue_answers_fast_and_recovers(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the queue: 503 with Retry-After at once; what was accepted is answered, then all."""
    slow = _Slow(monkeypatch)
    with tiny.serving(small, queue=3) as server:
        threads, statuses = _ask_from_threads(server, 3)
        _wait_for(server, 3)
        began = time.perf_counter()
        refused = server.predict(tiny.picture())
        seconds = time.perf_counter() - began
        assert server.ask("GET", "/healthz").status == 200
        slow.free.set()
        for thread in threads:
            thread.join(20)
        again = server.predict(tiny.picture())

    assert (refused.status, refused.json()["reason"]) == (503, "busy")
    assert refused.headers["retry-after"] == "1"
    assert seconds < 0.5
    assert statuses == [200] * 3
    assert again.status == 200


def test_a_passed_deadline_is_told_and_not_computed(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that waits too long gets 504, and its picture is not computed afterwards."""
    slow = _Slow(monkeypatch)
    with tiny.serving(small, deadline=0.2) as server:
        answer = server.predict(tiny.picture())
        slow.free.set()
        _wait_for(server, 0)
        computed = server.metrics()["objektiv_inference_duration_seconds_count"]

    assert (answer.status, answer.json()["reason"]) == (504, "late")
    assert computed == 0


def test_who_hangs_up_is_not_computed(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that closes while it waits leaves the queue, without a decoding or a computation."""
    slow = _Slow(monkeypatch)
    with tiny.serving(small, workers=1) as server:
        threads, statuses = _ask_from_threads(server, 1)  # keeps the one worker busy
        _wait_for(server, 1)
        with contextlib.closing(server.connect()) as connection:
            connection.request("POST", "/v1/predict", tiny.picture(), {"Content-Type": "image/png"})
            _wait_for(server, 2)
        _wait_for(server, 1)
        slow.free.set()
        threads[0].join(20)
        metrics = server.metrics()

    assert statuses == [200]
    assert slow.seen == 1
    assert metrics['objektiv_requests_total{code="499",route="/v1/predict"}'] == 1
    assert metrics["objektiv_inference_duration_seconds_count"] == 1


def test_a_slow_body_is_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that comes byte by byte is given up with 408, and others are served meanwhile."""
    right = incoming.Body.start
    monkeypatch.setattr(incoming.Body, "start", lambda body, patience: right(body, 0.4))
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow:
        slow.sendall(
            b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
            b"Content-Length: 500000\r\n\r\n"
        )
        for _ in range(3):
            time.sleep(0.05)
            slow.sendall(b"x")
        assert server.predict(tiny.picture()).status == 200
        answer = b""
        with contextlib.suppress(ConnectionError):
            while part := slow.recv(10_000):
                answer += part

    assert answer.startswith(b"HTTP/1.1 408 ") and b'"reason": "slow"' in answer


def test_every_accepted_request_is_answered_once(small: Path) -> None:
    """Many clients, some of which hang up: who stays gets one answer, its own."""
    with tiny.serving(small, queue=200) as server:
        wrong: list[object] = []
        hashes = [sha256(tiny.picture(k)) for k in range(5)]
        counted: Counter[str] = Counter()

        def ask(number: int) -> None:
            with contextlib.closing(server.connect()) as connection:
                for turn in range(8):
                    data, kind = tiny.picture(number % 5), {"content_type": "image/png"}
                    if (number + turn) % 5 == 4:  # hangs up
                        connection.request(
                            "POST", "/v1/predict", data, {"Content-Type": "image/png"}
                        )
                        connection.close()
                        counted["gone"] += 1
                        continue
                    answer = tiny.asked(connection, "POST", "/v1/predict", data, **kind)
                    counted["answered"] += 1
                    if answer.json()["predictions"][0]["sha256"] != hashes[number % 5]:
                        wrong.append(answer)

        threads = [threading.Thread(target=ask, args=(k,)) for k in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        _wait_for(server, 0)
        metrics = server.metrics()

    answered = metrics['objektiv_requests_total{code="200",route="/v1/predict"}']
    gone = metrics.get('objektiv_requests_total{code="499",route="/v1/predict"}', 0)
    assert wrong == []
    assert counted["answered"] <= answered  # who hung up late was answered all the same
    assert answered + gone == sum(counted.values())


def test_predictions_are_stored(small: Path, tmp_path: Path) -> None:
    """Each prediction is a row with its request's id, hash, features and probabilities."""
    pytest.importorskip("sqlalchemy", reason="needs objektiv[store]")
    import sqlite3

    path = tmp_path / "kept.sqlite3"
    with tiny.serving(small, store=str(path)) as server:
        answer = server.form(*[(b"a", tiny.picture(k)) for k in range(3)])
        assert server.ask("GET", "/readyz").json()["store"] == "works"
    told = answer.json()
    with contextlib.closing(sqlite3.connect(path)) as opened:
        rows = opened.execute(
            'SELECT id, model, picture_sha256, "class", probabilities, length(features) '
            "FROM predictions ORDER BY id"
        ).fetchall()

    assert answer.headers["x-prediction-stored"] == "true"
    assert [row[0] for row in rows] == [f"{told['request_id']}-{k}" for k in range(3)]
    for row, one in zip(rows, told["predictions"], strict=True):
        assert row[1:4] == ("cells", one["sha256"], one["class"])
        for name, probability in one["probabilities"].items():
            assert json.loads(row[4])[name] == pytest.approx(probability, abs=1e-5)
        assert row[5] == 16 * 2


@pytest.mark.parametrize(("mode", "status"), [("required", 503), ("best-effort", 200)])
def test_a_store_that_fails_is_told(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, status: int
) -> None:
    """Required: no prediction that is not stored; best effort: a header and `/readyz` tell."""
    pytest.importorskip("sqlalchemy", reason="needs objektiv[store]")
    from objektiv.serving.store_table import Table, trouble

    def full(table: Table, rows: object) -> None:
        raise trouble("full", "planted")

    monkeypatch.setattr(Table, "insert", full)
    monkeypatch.setattr(Table, "probe", lambda table: full(table, ()))
    with tiny.serving(small, store=str(tmp_path / "a.sqlite3"), store_mode=mode) as server:
        answer = server.predict(tiny.picture())
        ready = server.ask("GET", "/readyz")
        failed = server.metrics()["objektiv_store_failed_total"]

    assert answer.status == status
    if mode == "required":
        assert answer.json()["reason"] == "store"
        assert answer.headers["retry-after"]
    else:
        assert answer.headers["x-prediction-stored"] == "false"
    assert (ready.status, ready.json()["store"]) == (status, "in trouble")
    assert failed == 1


def test_more_pictures_of_a_request_than_at_once_are_worked_in_turn(small: Path) -> None:
    """A form with more pictures than places in the queue is answered whole."""
    with tiny.serving(small, queue=2) as server:
        told = server.form(*[(b"a", tiny.picture(k)) for k in range(predicting.AT_ONCE * 3)]).json()

    assert len(told["predictions"]) == predicting.AT_ONCE * 3


def test_large_pictures_do_not_hold_up_small_ones(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are decoded beside, as many as fit in seconds; the next is told that the server is
    busy."""
    go, whole = threading.Event(), predicting.read

    def read(data: bytes, **how: Any) -> Any:
        if threading.current_thread().name.startswith("objektiv-large"):
            go.wait(30)
        return whole(data, **how)

    monkeypatch.setattr(predicting, "read", read)
    monkeypatch.setattr(predicting, "LARGE", 10_000)
    large = tiny.picture(height=120, width=120)  # two of them fit into twice 15,000
    with tiny.serving(small, max_pixels=15_000) as server:
        found: list[int] = []
        threads = [
            threading.Thread(target=lambda: found.append(server.predict(large).status))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        _wait_for(server, 2)

        assert server.predict(tiny.picture()).status == 200
        assert server.predict(large).status == 503
        go.set()
        for thread in threads:
            thread.join()
        assert found == [200, 200]
