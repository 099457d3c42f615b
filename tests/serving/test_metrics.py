"""Metrics against the client's own counts, and how many series there can be."""

from __future__ import annotations

import http.client
import re
from collections import Counter
from pathlib import Path

import numpy as np

from objektiv.serving.app import OTHER, RELOAD, ROUTES, route_of
from objektiv.serving.engine import Raw
from objektiv.serving.metrics import Metrics
from objektiv.serving.problems import KINDS, PICTURES
from objektiv.serving.wall import Seen
from objektiv.shipping.session import Predicted
from tests.serving import tiny

NOTHING = np.zeros((1, 2), np.float32)


def test_metrics_are_the_clients_own_counts(small: Path) -> None:
    """Requests by route and status, refusals by reason, pictures by class: to the unit."""
    codes: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    abstained: Counter[str] = Counter()
    with tiny.serving(small, max_files=4) as server:
        for number in range(30):
            answer = server.predict(tiny.picture(number))
            codes["/v1/predict 200"] += 1
            (one,) = answer.json()["predictions"]
            classes[one["class"]] += 1
            if one["abstain"]:
                abstained[one["abstain"]["reason"]] += 1
        for _ in range(3):
            assert server.predict(b"no picture").status == 422
            codes["/v1/predict 422"] += 1
        assert server.form(*[(b"a", tiny.picture())] * 5).status == 413
        codes["/v1/predict 413"] += 1
        assert server.ask("GET", "/made/up").status == 404
        codes["other 404"] += 1
        assert server.ask("GET", "/healthz", host="evil.example").status == 400
        codes["/healthz 400"] += 1
        metrics = server.metrics()

    pattern = re.compile(r'objektiv_requests_total\{code="(\d+)",route="([^"]+)"\}')
    found = {
        f"{m[2]} {m[1]}": value for name, value in metrics.items() if (m := pattern.match(name))
    }
    assert found == codes
    assert metrics["objektiv_request_duration_seconds_count"] == 34
    assert metrics["objektiv_decode_duration_seconds_count"] == 30
    assert metrics['objektiv_rejected_total{reason="not-an-image"}'] == 3
    assert metrics['objektiv_rejected_total{reason="files"}'] == 1
    assert metrics['objektiv_rejected_total{reason="host"}'] == 1
    for name, count in classes.items():
        assert metrics[f'objektiv_predictions_total{{class_name="{name}",model="cells"}}'] == count
    told = {name: value for name, value in metrics.items() if "abstained" in name}
    assert told == {f'objektiv_abstained_total{{reason="{w}"}}': n for w, n in abstained.items()}
    assert metrics["objektiv_queue_depth"] == 0


def test_what_is_no_request_is_counted_too(small: Path) -> None:
    """A line that is no HTTP is refused and counted."""
    with tiny.serving(small) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.connect()
        connection.sock.sendall(b"HELO server\r\n\r\n")
        assert b"400 Bad Request" in connection.sock.recv(10_000)
        connection.close()

        assert server.metrics()['objektiv_rejected_total{reason="http"}'] == 1


def test_there_are_never_more_than_200_series() -> None:
    """With a thousand classes, all statuses, reasons and made-up paths."""
    metrics = Metrics()
    metrics.follow_queue(lambda: 0)
    statuses = (200, 400, 401, 403, 404, 408, 413, 415, 422, 499, 500, 503, 504)
    reasons = [*KINDS, *PICTURES]
    for number, status in enumerate(statuses):
        for path in ("/v1/predict", f"/made/up/{number}"):
            metrics.request(Seen("", "GET", path, status, 0.1), route=route_of(path))
    for path in ROUTES[1:]:
        metrics.request(Seen("", "GET", path, 200, 0.1), route=route_of(path))
    for reason in reasons:
        metrics.request(Seen("", "GET", "/", 400, 0.1, reason), route="/")
    raw = Raw(Predicted(NOTHING, NOTHING), None, 0.1, 0.1, 4)
    metrics.picture(raw, decoded=0.1)
    for number in range(1_000):
        metrics.named("a", f"class {number}", abstained=("strange", "several", "none")[number % 3])
    lines = [line for line in metrics.text().decode().splitlines() if not line.startswith("#")]

    assert 100 < len(lines) <= 200
    assert 'objektiv_predictions_total{class_name="other",model="a"} 960.0' in lines


def test_routes_hold_nothing_of_the_client() -> None:
    """A path is one of the known routes, or `other`."""
    assert route_of("/v1/models/cells/reload") == RELOAD
    assert route_of("/v1/predict") == "/v1/predict"
    assert route_of("/v1/predict/../../etc") == OTHER
