"""The server under load: against what model and decoding alone allow, and against plain FastAPI.

At 224 pixels, raw JPEG bodies, over loopback; the clients are a process of their own on the same
cores, whose time is shown. Sides are measured in turn, in one run:
`python -m benchmarks.serving --data ../shared/data --rounds 1 --seconds 3` to try it,
`--minutes 10` also keeps it at full load for so long.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from benchmarks import measure
from benchmarks.measure import Result, at_least, at_most
from objektiv.base import machine
from objektiv.base.progress import Progress
from objektiv.data.images import decode, to_square
from objektiv.flow.settings import TrainSettings
from objektiv.flow.train import train
from objektiv.serving.engine import Ask, Engine, Raw
from objektiv.shipping.bundle import Bundle, load

SIZE, COUNT, CLIENTS = 224, 64, 32
LIMIT = 50_000_000


@dataclass
class Bench:
    """What all measurements share."""

    bundle: Bundle
    bodies: list[bytes]
    squares: list[Any]
    raw: list[Path]  # whole requests, a file each
    forms: list[Path]
    seconds: float


@dataclass(frozen=True)
class Load:
    """What clients saw."""

    times: list[float]
    statuses: dict[str, int]
    cpu: float  # seconds of the clients' own
    wall: float

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return self.statuses.get("200", 0) / self.wall

    def quantile(self, share: float) -> float:
        """Milliseconds."""
        return 1000 * float(np.quantile(self.times, share))


def small_jpegs(data: Path) -> list[bytes]:
    """Real photographs as a page would send them: longest side 224 pixels."""
    found = sorted((data / "imagenet_sample").glob("*.JPEG"))
    if not found:
        raise SystemExit(f"no pictures in {data / 'imagenet_sample'}")
    bodies = []
    for path in measure.even_sample(found, COUNT):
        with Image.open(path) as picture:
            small = picture.convert("RGB")
            small.thumbnail((SIZE, SIZE))
            buffer = io.BytesIO()
            small.save(buffer, "JPEG", quality=90)
            bodies.append(buffer.getvalue())
    return bodies


def request_file(body: bytes, kind: str, path: Path) -> Path:
    """One request as it goes over the wire."""
    head = (
        f"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    path.write_bytes(head.encode() + body)
    return path


def as_form(body: bytes) -> bytes:
    """The same picture in a form."""
    head = '--limit\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return head.encode() + body + b"\r\n--limit--\r\n"


def bench_of(bundle: Bundle, data: Path, folder: Path, seconds: float) -> Bench:
    """A bundle, and requests."""
    bodies = small_jpegs(data)
    pixels = [decode(body, name="", max_pixels=LIMIT).pixels for body in bodies]
    squares = [to_square(p, size=bundle.facts.size, fit=bundle.facts.fit) for p in pixels]
    form = "multipart/form-data; boundary=limit"
    raw = [request_file(b, "image/jpeg", folder / f"r{k}") for k, b in enumerate(bodies)]
    forms = [request_file(as_form(b), form, folder / f"f{k}") for k, b in enumerate(bodies)]
    return Bench(bundle, bodies, squares, raw, forms, seconds)


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def served(command: Sequence[str | Path], port: int) -> Iterator[tuple[psutil.Process, float]]:
    """A server as a process, and seconds from its start to its first answer."""
    began = time.perf_counter()
    process = subprocess.Popen(
        list(map(str, command)),
        cwd=measure.REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                _greet(port)  # the port is taken before the model is there, so an answer counts
                break
            except OSError:
                if process.poll() is not None or time.perf_counter() - began > 60:
                    raise SystemExit(f"it does not start: {command}") from None
                time.sleep(0.01)
        yield psutil.Process(process.pid), time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _greet(port: int) -> None:
    """Wait for any answer at all."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as opened:
        opened.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        if not opened.recv(100):
            raise ConnectionError


def clients(port: int, requests: Sequence[Path], **how: Any) -> Load:
    """What a process full of clients saw."""
    told = {"port": port, "requests": list(map(str, requests)), **how}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.serving_client"],
        input=json.dumps(told),
        cwd=measure.REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return Load(**json.loads(done.stdout))


def bare_decoding(bench: Bench) -> float:
    """Pictures a second that decoding and resizing alone manage, on all cores."""

    def one(body: bytes) -> None:
        pixels = decode(body, name="", max_pixels=LIMIT).pixels
        to_square(pixels, size=bench.bundle.facts.size, fit=bench.bundle.facts.fit)

    with ThreadPoolExecutor(machine.usable_cores()) as pool:
        return _rate(lambda: list(pool.map(one, bench.bodies)), bench.seconds)


def bare_model(bench: Bench, engine: Engine) -> float:
    """Pictures a second that the network alone manages, on all cores, fed by nobody's HTTP."""
    with ThreadPoolExecutor(1) as pool:
        return _rate(lambda: pool.submit(_compute, engine, bench.squares).result(), bench.seconds)


def _compute(engine: Engine, squares: Sequence[Any]) -> None:
    left, done = [len(squares)], threading.Event()

    def answer(raw: Raw | BaseException) -> None:
        left[0] -= 1
        if not left[0]:
            done.set()

    for square in squares:
        engine.put(Ask(square, answer=answer))
    done.wait(60)


def _rate(work: Callable[[], object], seconds: float) -> float:
    work()
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        work()
        count += COUNT
    return count / (time.perf_counter() - began)


def one_by_one(bench: Bench) -> float:
    """Median milliseconds of decoding and computing one picture, without a server."""
    times = []
    for body in bench.bodies * 3:
        began = time.perf_counter()
        bench.bundle.predict([decode(body, name="", max_pixels=LIMIT).pixels])
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def serve_command(port: int, bundle: Path) -> list[str | Path]:
    """How the server is started."""
    return [*measure.OBJEKTIV, "serve", bundle, "--port", str(port), "--log", "refused"]


def throughput(bench: Bench, bundle: Path, result: Result, rounds: int) -> float:
    """Capacity against the bare parts, forms, and one client; returns answers a second."""
    engine, fours, port = Engine(bench.bundle), Engine(bench.bundle, batch=4), free_port()
    with served(serve_command(port, bundle), port) as (process, cold):
        full = partial(clients, port, mode="closed", seconds=bench.seconds)
        loads: dict[str, list[Load]] = {"raw": [], "form": [], "alone": []}
        used: list[float] = []

        def load_of(name: str, requests: Sequence[Path], count: int) -> float:
            before = sum(process.cpu_times()[:2])
            loads[name].append(full(requests, clients=count))
            if name == "raw":
                used.append(sum(process.cpu_times()[:2]) - before)
            return loads[name][-1].rate

        sides = {
            "bare decoding": lambda: bare_decoding(bench),
            "bare model": lambda: bare_model(bench, engine),
            "bare model in batches of 4": lambda: bare_model(bench, fours),
            "server, raw bodies, 32 clients": lambda: load_of("raw", bench.raw, CLIENTS),
            "server, forms, 32 clients": lambda: load_of("form", bench.forms, CLIENTS),
            "server, raw bodies, 1 client": lambda: load_of("alone", bench.raw, 1),
            "alone without a server, ms": lambda: one_by_one(bench),
        }
        found = measure.interleaved(sides, rounds=rounds)
    result.rows += [{"side": side, **measure.spread(v, "value")} for side, v in found.items()]
    middle = {side: statistics.median(values) for side, values in found.items()}
    model = max(middle["bare model"], middle["bare model in batches of 4"])
    allowed = 1 / (1 / model + 1 / middle["bare decoding"])
    raw = middle["server, raw bodies, 32 clients"]
    answers = sum(load.statuses.get("200", 0) for load in loads["raw"])
    mine, theirs = sum(used) / answers, sum(load.cpu for load in loads["raw"]) / answers
    p95 = statistics.median(load.quantile(0.95) for load in loads["alone"])
    result.rows += [
        {"side": "allowed by the bare parts, pictures/s", "value": allowed},
        {"side": "CPU of the server, ms a picture", "value": 1000 * mine},
        {"side": "CPU of the clients, ms a picture", "value": 1000 * theirs},
        {"side": "p95 at 32 clients, ms", "value": loads["raw"][-1].quantile(0.95)},
        {"side": "p95 at one client, ms", "value": p95},
        {"side": "a form costs, ms a picture", "value": 1000 / middle[
            "server, forms, 32 clients"] - 1000 / raw},
    ]  # fmt: skip
    bare = middle["alone without a server, ms"]
    wrong = sum(n for loads_ in loads.values() for load in loads_ for c, n in load.statuses.items()
                if c != "200")  # fmt: skip
    result.claims += [
        at_least("throughput of what the bare parts allow", raw / allowed, 0.8),
        at_most("p95 at one client above decoding and model alone", p95 - bare, 5, unit="ms"),
        at_most("cold start", cold, 3, unit="s"),
        at_most("answers that are not 200", float(wrong), 0),
    ]
    return raw


def against_plain(bench: Bench, bundle: Path, result: Result, rounds: int) -> None:
    """The same pictures through FastAPI and torch; skipped where torch is missing."""
    if find_spec("timm") is None:
        print("plain FastAPI and torch: not measured, timm is not installed")
        return
    ours, plain = free_port(), free_port()
    precision = bench.bundle.precision
    command = [sys.executable, "-m", "benchmarks.serving_plain", str(plain), str(SIZE), precision]
    with (
        served(serve_command(ours, bundle), ours),
        served(command, plain),
    ):
        sides = {
            name: partial(_rate_of, port, bench)
            for name, port in (("objektiv", ours), ("plain FastAPI and torch", plain))
        }
        found = measure.interleaved(sides, rounds=rounds)
    result.rows += [{"side": side, **measure.spread(v, "value")} for side, v in found.items()]
    middle = [statistics.median(values) for values in found.values()]
    result.claims.append(at_least("against plain FastAPI and torch", middle[0] / middle[1], 3))


def _rate_of(port: int, bench: Bench) -> float:
    return clients(port, bench.raw, mode="closed", clients=CLIENTS, seconds=bench.seconds).rate


def overload(bench: Bench, bundle: Path, result: Result, rate: float) -> None:
    """Ten times what it can do, and then quiet."""
    port = free_port()
    with served(serve_command(port, bundle), port):
        full = partial(clients, port, bench.raw)
        before = full(mode="closed", clients=1, seconds=bench.seconds)
        storm = full(mode="open", rate=10 * rate, seconds=bench.seconds)
        time.sleep(2)
        after = full(mode="closed", clients=1, seconds=bench.seconds)
        url = f"http://127.0.0.1:{port}/metrics"
        text = urllib.request.urlopen(url, timeout=10).read().decode()
    counted = sum(
        float(line.split()[-1])
        for line in text.splitlines()
        if line.startswith("objektiv_requests_total") and ("/v1/predict" in line or "503" in line)
    )
    seen = sum(sum(load.statuses.values()) for load in (before, storm, after))
    other = sum(n for code, n in storm.statuses.items() if code not in ("200", "503"))
    result.rows += [
        {"side": f"overload, {code}", "value": n / storm.wall} for code, n in storm.statuses.items()
    ]
    result.rows.append({"side": "overload, p99 of all answers, ms", "value": storm.quantile(0.99)})
    result.claims += [
        at_most("overload: answers other than 200 and 503", float(other), 0),
        at_most("overload: requests without an answer", abs(counted - seen), 0),
        at_least("overload: good answers of capacity", storm.rate / rate, 0.9),
        at_most("2 s later: p95 at one client of before", after.quantile(0.95)
                / before.quantile(0.95), 1.5),
    ]  # fmt: skip


def long_load(bench: Bench, bundle: Path, result: Result, minutes: float) -> None:
    """Full load for long: no error, and memory that stays."""
    port = free_port()
    with served(serve_command(port, bundle), port) as (process, _):
        full = partial(clients, port, bench.raw, mode="closed", clients=CLIENTS)
        full(seconds=min(30.0, 60 * minutes / 4))
        before, handles = process.memory_info().rss, process.num_fds()
        load = full(seconds=60 * minutes)
        time.sleep(1)
        grown = (process.memory_info().rss - before) / 1e6
        left = process.num_fds() - handles
    wrong = sum(n for code, n in load.statuses.items() if code != "200")
    result.rows.append({"side": f"{minutes:g} minutes of load, pictures/s", "value": load.rate})
    result.claims += [
        at_most("long load: answers that are not 200", float(wrong), 0),
        at_most("long load: memory that grew", grown, 20, unit="MB"),
        at_most("long load: files left open", float(left), 0),
    ]


def main() -> None:
    """Measure, print, write."""
    parser = measure.parser(__doc__, rounds=5)
    parser.add_argument("--seconds", type=float, default=10, help="length of each measurement")
    parser.add_argument("--minutes", type=float, default=0, help="full load for so long as well")
    parser.add_argument("--bundle", type=Path, help="bundle at 224 pixels; else one is trained")
    given = parser.parse_args()
    result = Result("serving", "The server at 224 pixels: raw JPEG bodies, 32 clients, loopback.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = given.bundle or trained(given.data, folder)
        bench = bench_of(load(bundle), given.data, folder, given.seconds)
        rate = throughput(bench, bundle, result, given.rounds)
        against_plain(bench, bundle, result, given.rounds)
        overload(bench, bundle, result, rate)
        if given.minutes:
            long_load(bench, bundle, result, given.minutes)
    result.publish(given.out)


def trained(data: Path, folder: Path) -> Path:
    """The bundle of a training on some pictures of two kinds."""
    found = measure.pictures(data / "cats_dogs" / "train", 200)
    few = measure.class_folders(found, folder / "few")
    settings = TrainSettings(size=SIZE, out=folder / "runs", bank=folder / "bank")
    return train(few, settings, progress=Progress()).run.bundle


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(measure.REPOSITORY))
    main()
